import type { StreamEvent } from '../model/index.ts'
import { compareEvents } from './taken.ts'

export interface Deadline {
  readonly time: number
  readonly first: StreamEvent
  readonly key: string
}

const precedes = (left: Deadline, right: Deadline): boolean => {
  if (left.time !== right.time) return left.time < right.time
  const order = compareEvents(left.first, right.first)
  return order !== 0 ? order < 0 : left.key < right.key
}

/**
 * Which key has something to do at which time: a binary heap in order of (time, first event, key), so the order of firing does not
 * depend on how the entries came in. An entry may be out of date; who takes it looks at the key's state.
 */
export class Deadlines {
  readonly #heap: Deadline[] = []

  get next(): number {
    return this.#heap[0]?.time ?? Number.POSITIVE_INFINITY
  }

  get size(): number {
    return this.#heap.length
  }

  add(time: number, first: StreamEvent, key: string): void {
    const entry = { time, first, key }
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

  /** Removes and gives the first entry. */
  take(): Deadline | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined) return undefined
    if (heap.length > 0) this.#sink(last)
    return top
  }

  #sink(entry: Deadline): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      const leftEntry = heap[left]
      if (leftEntry === undefined) break
      const rightEntry = heap[left + 1]
      const takeRight = rightEntry !== undefined && precedes(rightEntry, leftEntry)
      const child = takeRight ? rightEntry : leftEntry
      if (!precedes(child, entry)) break
      heap[at] = child
      at = takeRight ? left + 1 : left
    }
    heap[at] = entry
  }
}
