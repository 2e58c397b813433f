import type { StreamEvent } from '../model/index.ts'
import { BinaryHeap } from './binary-heap.ts'
import { isBefore, type Taken } from './taken.ts'

/** A complete match that waits for older partial matches of its key before it may be reported. */
export interface HeldMatch {
  readonly last: Taken
  readonly first: StreamEvent
  readonly completedAt: number
  readonly completedBy: StreamEvent | undefined
}

/** The complete matches of a key that wait, by first event. */
export type HeldMatches = BinaryHeap<HeldMatch>

export const heldMatches = (list: readonly HeldMatch[] = []): HeldMatches =>
  new BinaryHeap((left, right) => isBefore(left.first, right.first), list)
