const BLOCK = 32
/** So many items may be kept of what was found, for every interval there is. */
const KEPT_PER_INTERVAL = 128

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
 *
 * Between two neighbouring ends of intervals every value finds the same. What somebody made of that (`F`) is kept for such a stretch
 * until an interval comes or goes.
 */
export class IntervalList<F> {
  #lows = new Float64Array(4)
  #highs = new Float64Array(4)
  #items = new Int32Array(4)
  #size = 0
  #blockHighs = new Float64Array(0)
  #isStale = false
  /** Sorted: where an interval begins, and where it is just over. */
  #ends = new Float64Array(8)
  /** How many ends lie before each of as many equal parts of the line; where the first begins, and how many parts a unit has. */
  #before = new Int32Array(0)
  #origin = 0
  #perUnit = 0
  /** By stretch. */
  #kept: (F | undefined)[] = []
  #keptItems = 0

  get size(): number {
    return this.#size
  }

  add(low: number, high: number, item: number): void {
    if (this.#size === this.#items.length) this.#grow()
    const at = countUpTo(this.#lows, 0, this.#size, low)
    for (const column of [this.#lows, this.#highs, this.#items]) column.copyWithin(at + 1, at, this.#size)
    this.#lows[at] = low
    this.#highs[at] = high
    this.#items[at] = item
    this.#addEnd(low, 2 * this.#size)
    this.#addEnd(nextDouble(high, 1), 2 * this.#size + 1)
    this.#size++
    this.#isStale = true
  }

  remove(item: number): void {
    const at = this.all().indexOf(item)
    if (at < 0) return
    this.#removeEnd(this.#lows[at] as number, 2 * this.#size)
    this.#removeEnd(nextDouble(this.#highs[at] as number, 1), 2 * this.#size - 1)
    for (const column of [this.#lows, this.#highs, this.#items]) column.copyWithin(at, at + 1, this.#size)
    this.#size--
    this.#isStale = true
  }

  /** Writes the items whose intervals `value` lies in to `into`, which has room for all, and gives how many they are. */
  find(value: number, into: Int32Array): number {
    if (this.#isStale) this.#refresh()
    const end = countUpTo(this.#lows, 0, this.#size, value)
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

  /** The number of the stretch that the value lies in. */
  stretchOf(value: number): number {
    if (this.#isStale) this.#refresh()
    const part = this.#partOf(value)
    return countUpTo(this.#ends, this.#before[part] as number, this.#before[part + 1] as number, value)
  }

  /** A larger number is never in an earlier part: all that is asked of it, however it is rounded. */
  #partOf(value: number): number {
    const part = (value - this.#origin) * this.#perUnit
    return part > 0 ? Math.min(part, this.#before.length - 2) | 0 : 0
  }

  kept(stretch: number): F | undefined {
    return this.#kept[stretch]
  }

  get hasRoom(): boolean {
    return this.#keptItems < KEPT_PER_INTERVAL * this.#size
  }

  /** Keeps what was made of the `items` items that values of the stretch find. */
  keep(stretch: number, found: F, items: number): void {
    this.#kept[stretch] = found
    this.#keptItems += items
  }

  #addEnd(end: number, count: number): void {
    const at = countUpTo(this.#ends, 0, count, end)
    this.#ends.copyWithin(at + 1, at, count)
    this.#ends[at] = end
  }

  #removeEnd(end: number, count: number): void {
    const at = countUpTo(this.#ends, 0, count, end)
    this.#ends.copyWithin(at - 1, at, count)
  }

  #grow(): void {
    const [lows, highs, items, ends] = [this.#lows, this.#highs, this.#items, this.#ends]
    this.#lows = new Float64Array(2 * this.#size)
    this.#highs = new Float64Array(2 * this.#size)
    this.#items = new Int32Array(2 * this.#size)
    this.#ends = new Float64Array(4 * this.#size)
    this.#lows.set(lows)
    this.#highs.set(highs)
    this.#items.set(items)
    this.#ends.set(ends)
  }

  #refresh(): void {
    const blocks = Math.ceil(this.#size / BLOCK)
    const blockHighs = new Float64Array(blocks).fill(Number.NEGATIVE_INFINITY)
    for (let index = 0; index < this.#size; index++) {
      const block = Math.floor(index / BLOCK)
      blockHighs[block] = Math.max(blockHighs[block] as number, this.#highs[index] as number)
    }
    this.#blockHighs = blockHighs
    this.#divide()
    // One that grew at its far end first would become a hash table.
    this.#kept = new Array(2 * this.#size + 1).fill(undefined)
    this.#keptItems = 0
    this.#isStale = false
  }

  #divide(): void {
    const ends = this.#ends.subarray(0, 2 * this.#size)
    const first = ends.find(Number.isFinite) ?? 0
    const last = ends.findLast(Number.isFinite) ?? 0
    this.#origin = first
    this.#perUnit = last - first > 0 ? ends.length / (last - first) : 0
    this.#before = new Int32Array(ends.length + 2)
    for (const end of ends) {
      const part = this.#partOf(end)
      this.#before[part + 1] = (this.#before[part + 1] as number) + 1
    }
    for (let part = 1; part < this.#before.length; part++)
      this.#before[part] = (this.#before[part] as number) + (this.#before[part - 1] as number)
  }
}

/** How many of sorted numbers are `<= value`, when it is known of those before `low` that they are, and of those from `high` on that not. */
function countUpTo(sorted: Float64Array, low: number, high: number, value: number): number {
  let from = low
  let to = high
  while (from < to) {
    const middle = (from + to) >> 1
    if ((sorted[middle] as number) <= value) from = middle + 1
    else to = middle
  }
  return from
}
