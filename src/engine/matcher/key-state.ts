import type { StreamEvent } from '../model/index.ts'
import type { Run } from './run.ts'
import type { Taken } from './taken.ts'

/** A complete match that waits for older partial matches of its key before it may be reported. */
export interface HeldMatch {
  readonly last: Taken
  readonly first: StreamEvent
  readonly completedAt: number
  readonly completedBy: StreamEvent | undefined
}

/** All state of one key. Both lists are in order of the first event, then of creation. */
export interface KeyState {
  runs: Run[]
  held: HeldMatch[]
  /** Time of the key's entry among the deadlines that is still to come; Infinity when there is none. */
  armed: number
  /** First event of the run that the entry was made for. */
  armedFirst: StreamEvent | undefined
}
