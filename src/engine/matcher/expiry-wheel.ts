/**
 * Brings back items some time after their time: for clearing away, where the order and the exact moment do not matter. Adding costs
 * the push on a list. Each item has an owner, so that many can share a wheel.
 */
export class ExpiryWheel<O, T> {
  readonly #widthMs: number
  /** An owner and its item, again and again. */
  readonly #buckets = new Map<number, Array<O | T>>()
  #first = Number.POSITIVE_INFINITY
  #next = Number.POSITIVE_INFINITY
  /** The bucket that was added to last: times mostly come in order. */
  #last: Array<O | T> = []
  #lastNumber = Number.NEGATIVE_INFINITY

  /** `spanMs`: how far ahead of now items lie at most. */
  constructor(spanMs: number) {
    this.#widthMs = Math.max(1, Math.ceil(spanMs / 128))
  }

  /** When `takeUntil` has something to give, at the latest of the first bucket. */
  get next(): number {
    return this.#next
  }

  add(time: number, owner: O, item: T): void {
    const number = Math.floor(time / this.#widthMs)
    const bucket = number === this.#lastNumber ? this.#last : this.#buckets.get(number)
    if (bucket !== undefined) {
      bucket.push(owner, item)
      this.#last = bucket
    } else {
      // An empty list would get room for many with the first.
      this.#last = [owner, item]
      this.#buckets.set(number, this.#last)
      if (number < this.#first) this.#setFirst(number)
    }
    this.#lastNumber = number
  }

  /** Removes and visits every item of every bucket that is over at `time`; `visit` may add items again. */
  takeUntil(time: number, visit: (owner: O, item: T) => void): void {
    while (this.#next <= time) {
      const bucket = this.#buckets.get(this.#first) ?? []
      this.#buckets.delete(this.#first)
      this.#lastNumber = Number.NEGATIVE_INFINITY
      let first = Number.POSITIVE_INFINITY
      for (const number of this.#buckets.keys()) if (number < first) first = number
      this.#setFirst(first)
      for (let at = 0; at < bucket.length; at += 2) visit(bucket[at] as O, bucket[at + 1] as T)
    }
  }

  /** Takes all items of the owners out that `isGone`; gives how many they were. */
  forget(isGone: (owner: O) => boolean): number {
    let gone = 0
    for (const [number, bucket] of this.#buckets) {
      const left: Array<O | T> = []
      for (let at = 0; at < bucket.length; at += 2)
        if (isGone(bucket[at] as O)) gone++
        else left.push(bucket[at] as O, bucket[at + 1] as T)
      this.#buckets.set(number, left)
    }
    this.#lastNumber = Number.NEGATIVE_INFINITY
    return gone
  }

  #setFirst(number: number): void {
    this.#first = number
    this.#next = (number + 1) * this.#widthMs
  }
}
