/** What the buffer orders by: event time, then place in the log. */
export interface Timed {
  readonly time: number
  readonly sequence: number
}

interface Bucket<T> {
  readonly number: number
  /** In order of arrival until the bucket is opened; sorted, and consumed from `head` on, after that. */
  readonly items: Array<T | undefined>
  head: number
  sorted: boolean
}

/**
 * Events that wait for the watermark, given back in order of (time, sequence). Buckets of a fixed width: an arrival is one append,
 * and only the bucket that the watermark stands in is ever sorted.
 */
export class ReorderBuffer<T extends Timed> {
  readonly #widthMs: number
  /** By number, descending: the bucket that is due next is the last, where taking it away is cheap. */
  readonly #buckets: Bucket<T>[] = []
  #size = 0

  constructor(latenessMs: number) {
    this.#widthMs = Math.max(1, Math.ceil(latenessMs / 64))
  }

  get size(): number {
    return this.#size
  }

  push(item: T): void {
    const bucket = this.#bucket(Math.floor(item.time / this.#widthMs), item)
    this.#size++
    if (bucket === undefined) return
    if (!bucket.sorted) {
      bucket.items.push(item)
      return
    }
    const { items } = bucket
    let at = items.length
    while (at > bucket.head && isBefore(item, items[at - 1] as T)) at--
    items.splice(at, 0, item)
  }

  /** The first item with `time <= limit`, taken out; undefined when there is none. */
  take(limit: number): T | undefined {
    const bucket = this.#buckets[this.#buckets.length - 1]
    if (bucket === undefined || bucket.number * this.#widthMs > limit) return undefined
    if (!bucket.sorted) sortBucket(bucket)
    const item = bucket.items[bucket.head] as T
    if (item.time > limit) return undefined
    bucket.items[bucket.head++] = undefined
    if (bucket.head === bucket.items.length) this.#buckets.pop()
    this.#size--
    return item
  }

  /** Takes out those that are meant; gives their number. */
  remove(isMeant: (item: T) => boolean): number {
    const before = this.#size
    const left = [...this.items()].filter((item) => !isMeant(item))
    this.#buckets.length = 0
    this.#size = 0
    for (const item of left) this.push(item)
    return before - this.#size
  }

  /** What waits, in no particular order. */
  *items(): Iterable<T> {
    for (const { items, head } of this.#buckets)
      for (let index = head; index < items.length; index++) yield items[index] as T
  }

  /** The time of the first item; undefined when there is none. */
  firstTime(): number | undefined {
    const bucket = this.#buckets[this.#buckets.length - 1]
    if (bucket === undefined) return undefined
    if (!bucket.sorted) sortBucket(bucket)
    return (bucket.items[bucket.head] as T).time
  }

  /** The bucket that the item belongs in; undefined when one was made with it. */
  #bucket(number: number, item: T): Bucket<T> | undefined {
    const buckets = this.#buckets
    let at = 0
    // New events fall into the newest buckets, which stand first.
    while (at < buckets.length && (buckets[at] as Bucket<T>).number > number) at++
    const found = buckets[at]
    if (found?.number === number) return found
    // With its first item: an empty list takes room for many at the first push, and often there is but one.
    const bucket: Bucket<T> = { number, items: [item], head: 0, sorted: false }
    if (at === buckets.length) buckets.push(bucket)
    else buckets.splice(at, 0, bucket)
    return undefined
  }
}

const isBefore = (a: Timed, b: Timed): boolean =>
  a.time < b.time || (a.time === b.time && a.sequence < b.sequence)

function sortBucket<T extends Timed>(bucket: Bucket<T>): void {
  const items = bucket.items as T[]
  for (let index = 1; index < items.length; index++) {
    if (isBefore(items[index] as T, items[index - 1] as T)) {
      items.sort((a, b) => a.time - b.time || a.sequence - b.sequence)
      break
    }
  }
  bucket.sorted = true
}
