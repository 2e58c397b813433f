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
 * Items by closed interval, found by a number that lies in it: sorted by lower bound, and in blocks that know their highest upper
 * bound, so that one-sided limits and nested bands both cost little more than what they find.
 */
export class IntervalList<T> {
  readonly #lows: number[] = []
  readonly #highs: number[] = []
  readonly #items: T[] = []
  #blockHighs = new Float64Array(0)
  #isStale = false

  get size(): number {
    return this.#items.length
  }

  add(low: number, high: number, item: T): void {
    const at = this.#after(low)
    this.#lows.splice(at, 0, low)
    this.#highs.splice(at, 0, high)
    this.#items.splice(at, 0, item)
    this.#isStale = true
  }

  remove(item: T): void {
    const at = this.#items.indexOf(item)
    if (at < 0) return
    this.#lows.splice(at, 1)
    this.#highs.splice(at, 1)
    this.#items.splice(at, 1)
    this.#isStale = true
  }

  find(value: number, visit: (item: T) => void): void {
    if (this.#isStale) this.#refresh()
    const end = this.#after(value)
    const highs = this.#highs
    for (let block = 0, start = 0; start < end; block++, start += BLOCK) {
      if ((this.#blockHighs[block] as number) < value) continue
      const stop = Math.min(end, start + BLOCK)
      for (let index = start; index < stop; index++) {
        if ((highs[index] as number) >= value) visit(this.#items[index] as T)
      }
    }
  }

  all(): readonly T[] {
    return this.#items
  }

  /** How many lower bounds are `<= value`. */
  #after(value: number): number {
    let low = 0
    let high = this.#lows.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#lows[middle] as number) <= value) low = middle + 1
      else high = middle
    }
    return low
  }

  #refresh(): void {
    const blocks = Math.ceil(this.#highs.length / BLOCK)
    const blockHighs = new Float64Array(blocks).fill(Number.NEGATIVE_INFINITY)
    for (let index = 0; index < this.#highs.length; index++) {
      const block = Math.floor(index / BLOCK)
      blockHighs[block] = Math.max(blockHighs[block] as number, this.#highs[index] as number)
    }
    this.#blockHighs = blockHighs
    this.#isStale = false
  }
}
