/**
 * Brings back items some time after their time: for clearing away, where the order and the exact moment do not matter. Adding costs
 * the push on a list.
 */
export class ExpiryWheel<T> {
  readonly #widthMs: number
  readonly #buckets = new Map<number, T[]>()
  #first = Number.POSITIVE_INFINITY
  #next = Number.POSITIVE_INFINITY
  /** The bucket that was added to last: times mostly come in order. */
  #last: T[] = []
  #lastNumber = Number.NEGATIVE_INFINITY

  /** `spanMs`: how far ahead of now items lie at most. */
  constructor(spanMs: number) {
    this.#widthMs = Math.max(1, Math.ceil(spanMs / 128))
  }

  /** When `takeUntil` has something to give, at the latest of the first bucket. */
  get next(): number {
    return this.#next
  }

  add(time: number, item: T): void {
    const number = Math.floor(time / this.#widthMs)
    if (number !== this.#lastNumber) {
      let bucket = this.#buckets.get(number)
      if (bucket === undefined) {
        bucket = []
        this.#buckets.set(number, bucket)
        if (number < this.#first) this.#setFirst(number)
      }
      this.#last = bucket
      this.#lastNumber = number
    }
    this.#last.push(item)
  }

  /** Removes and visits every item of every bucket that is over at `time`; `visit` may add items again. */
  takeUntil(time: number, visit: (item: T) => void): void {
    while (this.#next <= time) {
      const bucket = this.#buckets.get(this.#first) ?? []
      this.#buckets.delete(this.#first)
      this.#lastNumber = Number.NEGATIVE_INFINITY
      let first = Number.POSITIVE_INFINITY
      for (const number of this.#buckets.keys()) if (number < first) first = number
      this.#setFirst(first)
      for (const item of bucket) visit(item)
    }
  }

  #setFirst(number: number): void {
    this.#first = number
    this.#next = (number + 1) * this.#widthMs
  }
}
