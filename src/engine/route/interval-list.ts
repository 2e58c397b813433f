const BLOCK = 32

/** The closed interval of doubles that an interval with open ends is. */
export function closedBounds(range: {
  readonly low: number
  readonly lowOpen: boolean
  readonly high: number
  readonly highOpen: boolean
}): { readonly low: number; readonly high: number } {
  return {
    low: range.lowOpen ? nextDouble(range.low, 1) : range.low,
    high: range.highOpen ? nextDouble(range.high, -1) : range.high,
  }
}

const bits = new BigInt64Array(1)
const doubles = new Float64Array(bits.buffer)

/** The neighbouring double above (`1`) or below (`-1`). */
function nextDouble(value: number, direction: 1 | -1): number {
  if (!Number.isFinite(value)) return value
  if (value === 0) return direction * Number.MIN_VALUE
  doubles[0] = value
  const away = value > 0 === direction > 0
  bits[0] = (bits[0] as bigint) + (away ? 1n : -1n)
  return doubles[0] as number
}

/**
 * Numbers by closed interval, found by a value that lies in it: sorted by lower bound, and in blocks that know their highest upper
 * bound, so that one-sided limits and nested bands both cost little more than what they find.
 */
export class IntervalList {
  #lows = new Float64Array(4)
  #highs = new Float64Array(4)
  #items = new Int32Array(4)
  #size = 0
  #blockHighs = new Float64Array(0)
  #isStale = false

  get size(): number {
    return this.#size
  }

  add(low: number, high: number, item: number): void {
    if (this.#size === this.#items.length) this.#grow()
    const at = this.#after(low)
    for (const column of [this.#lows, this.#highs, this.#items]) column.copyWithin(at + 1, at, this.#size)
    this.#lows[at] = low
    this.#highs[at] = high
    this.#items[at] = item
    this.#size++
    this.#isStale = true
  }

  remove(item: number): void {
    const at = this.all().indexOf(item)
    if (at < 0) return
    for (const column of [this.#lows, this.#highs, this.#items]) column.copyWithin(at, at + 1, this.#size)
    this.#size--
    this.#isStale = true
  }

  /** Writes the items whose intervals `value` lies in to `into`, which has room for all, and gives how many they are. */
  find(value: number, into: Int32Array): number {
    if (this.#isStale) this.#refresh()
    const end = this.#after(value)
    const highs = this.#highs
    const items = this.#items
    let count = 0
    for (let block = 0, start = 0; start < end; block++, start += BLOCK) {
      if ((this.#blockHighs[block] as number) < value) continue
      const stop = Math.min(end, start + BLOCK)
      for (let index = start; index < stop; index++)
        if ((highs[index] as number) >= value) into[count++] = items[index] as number
    }
    return count
  }

  all(): Int32Array {
    return this.#items.subarray(0, this.#size)
  }

  /** How many lower bounds are `<= value`. */
  #after(value: number): number {
    const lows = this.#lows
    let low = 0
    let high = this.#size
    while (low < high) {
      const middle = (low + high) >> 1
      if ((lows[middle] as number) <= value) low = middle + 1
      else high = middle
    }
    return low
  }

  #grow(): void {
    const [lows, highs, items] = [this.#lows, this.#highs, this.#items]
    this.#lows = new Float64Array(2 * this.#size)
    this.#highs = new Float64Array(2 * this.#size)
    this.#items = new Int32Array(2 * this.#size)
    this.#lows.set(lows)
    this.#highs.set(highs)
    this.#items.set(items)
  }

  #refresh(): void {
    const blocks = Math.ceil(this.#size / BLOCK)
    const blockHighs = new Float64Array(blocks).fill(Number.NEGATIVE_INFINITY)
    for (let index = 0; index < this.#size; index++) {
      const block = Math.floor(index / BLOCK)
      blockHighs[block] = Math.max(blockHighs[block] as number, this.#highs[index] as number)
    }
    this.#blockHighs = blockHighs
    this.#isStale = false
  }
}
