/**
 * Items in the order of `precedes`, the first of them at hand. What is equal comes in the order that the plain algorithm gives (rise
 * while before, sink while after), which is part of the semantics where items are equal (docs/spec/semantics.md, "Order").
 */
export class BinaryHeap<T> {
  #heap: T[] = []
  readonly #precedes: (left: T, right: T) => boolean

  /** `heap`: what the `list` of another one was. */
  constructor(precedes: (left: T, right: T) => boolean, heap: readonly T[] = []) {
    this.#precedes = precedes
    this.#heap = [...heap]
  }

  get size(): number {
    return this.#heap.length
  }

  get first(): T | undefined {
    return this.#heap[0]
  }

  /** As it is kept. */
  get list(): readonly T[] {
    return this.#heap
  }

  add(item: T): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(item)
    while (at > 0) {
      const above = (at - 1) >> 1
      const other = heap[above] as T
      if (!this.#precedes(item, other)) break
      heap[at] = other
      at = above
    }
    heap[at] = item
  }

  /** Removes and gives the first item. */
  take(): T | undefined {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (this.#heap.length > 0) this.#sink(0, last as T)
    return first
  }

  /** Removes what does not satisfy the condition. */
  keep(condition: (item: T) => boolean): void {
    const kept = this.#heap.filter(condition)
    if (kept.length === this.#heap.length) return
    this.#heap = kept
    for (let at = (kept.length >> 1) - 1; at >= 0; at--) this.#sink(at, kept[at] as T)
  }

  #sink(from: number, item: T): void {
    const heap = this.#heap
    let at = from
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && this.#precedes(heap[below + 1] as T, heap[below] as T)) below++
      const child = heap[below] as T
      if (!this.#precedes(child, item)) break
      heap[at] = child
      at = below
    }
    heap[at] = item
  }
}
