import type { StreamEvent } from '../model/index.ts'
import type { HeldMatches } from './held-matches.ts'
import { WaitingRuns } from './waiting-runs.ts'

/** All state of one key. */
export interface KeyState {
  readonly runs: WaitingRuns
  readonly held: HeldMatches
  /** Time of the key's entry among the deadlines that is still to come; Infinity when there is none. It may be early, never late. */
  armed: number
  /** First event of the run that the entry was made for. */
  armedFirst: StreamEvent | undefined
  /** It is among the changes since the last checkpoint. */
  isChanged: boolean
}

export const createKeyState = (held: HeldMatches): KeyState => ({
  runs: new WaitingRuns(),
  held,
  armed: Number.POSITIVE_INFINITY,
  armedFirst: undefined,
  isChanged: false,
})
