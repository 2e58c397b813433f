import type { StreamEvent } from '../model/index.ts'
import type { Taken } from './taken.ts'
import { isBefore } from './taken.ts'

/** A complete match that waits for older partial matches of its key before it may be reported. */
export interface HeldMatch {
  readonly last: Taken
  readonly first: StreamEvent
  readonly completedAt: number
  readonly completedBy: StreamEvent | undefined
}

/**
 * The complete matches of a key that wait, as a binary heap by first event. Its order among matches that share a first event is part of
 * the semantics (docs/spec/semantics.md, "Order"): the heap's list is stored and restored as it is.
 */
export class HeldMatches {
  #heap: HeldMatch[] = []

  static of(heap: readonly HeldMatch[]): HeldMatches {
    const held = new HeldMatches()
    held.#heap = [...heap]
    return held
  }

  get list(): readonly HeldMatch[] {
    return this.#heap
  }

  get size(): number {
    return this.#heap.length
  }

  /** Whether a match that starts with the event waits. */
  hasStart(first: StreamEvent): boolean {
    return this.#heap.some((match) => match.first === first)
  }

  add(match: HeldMatch): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(match)
    while (at > 0) {
      const above = (at - 1) >> 1
      const other = heap[above]
      if (other === undefined || !isBefore(match.first, other.first)) break
      heap[at] = other
      at = above
    }
    heap[at] = match
  }

  removeFirst(): void {
    const last = this.#heap.pop()
    if (last !== undefined && this.#heap.length > 0) this.#sink(0, last)
  }

  keep(condition: (match: HeldMatch) => boolean): void {
    const kept = this.#heap.filter(condition)
    if (kept.length === this.#heap.length) return
    this.#heap = kept
    for (let at = (kept.length >> 1) - 1; at >= 0; at--) {
      const match = kept[at]
      if (match !== undefined) this.#sink(at, match)
    }
  }

  #sink(from: number, match: HeldMatch): void {
    const heap = this.#heap
    let at = from
    for (;;) {
      const left = heap[2 * at + 1]
      if (left === undefined) break
      const right = heap[2 * at + 2]
      const takesRight = right !== undefined && isBefore(right.first, left.first)
      const child = takesRight ? right : left
      if (!isBefore(child.first, match.first)) break
      heap[at] = child
      at = takesRight ? 2 * at + 2 : 2 * at + 1
    }
    heap[at] = match
  }
}
