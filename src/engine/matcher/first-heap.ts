import type { StreamEvent } from '../model/index.ts'
import { compareEvents } from './taken.ts'

interface Entry<T> {
  readonly first: StreamEvent
  readonly item: T & { readonly key: string }
}

const precedes = <T>(left: Entry<T>, right: Entry<T>): boolean => {
  const order = compareEvents(left.first, right.first)
  return order !== 0 ? order < 0 : left.item.key < right.item.key
}

/**
 * Items in order of an event, then of their key. Where every item is due the same time after its event, this is the order of due
 * times, and new items mostly go to the end.
 */
export class FirstHeap<T> {
  readonly #heap: Entry<T>[] = []

  /** The event of the first item. */
  get first(): StreamEvent | undefined {
    return this.#heap[0]?.first
  }

  add(first: StreamEvent, item: T & { readonly key: string }): void {
    const entry = { first, item }
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const above = (at - 1) >> 1
      const other = heap[above]
      if (other === undefined || !precedes(entry, other)) break
      heap[at] = other
      at = above
    }
    heap[at] = entry
  }

  take(): T | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined) return undefined
    if (heap.length > 0) this.#sink(last)
    return top.item
  }

  #sink(entry: Entry<T>): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      const left = heap[2 * at + 1]
      if (left === undefined) break
      const right = heap[2 * at + 2]
      const takesRight = right !== undefined && precedes(right, left)
      const child = takesRight ? right : left
      if (!precedes(child, entry)) break
      heap[at] = child
      at = takesRight ? 2 * at + 2 : 2 * at + 1
    }
    heap[at] = entry
  }
}
