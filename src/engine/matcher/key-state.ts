import type { StreamEvent } from '../model/index.ts'
import { type HeldMatches, heldMatches } from './held-matches.ts'
import type { Run } from './run.ts'

/** All state of one key. */
export interface KeyState {
  /** In order of the first event. */
  runs: Run[]
  readonly held: HeldMatches
  /** Time of the key's entry among the deadlines that is still to come; Infinity when there is none. */
  armed: number
  /** First event of the run that the entry was made for. */
  armedFirst: StreamEvent | undefined
}

export const createKeyState = (runs: Run[], held: HeldMatches): KeyState => ({
  runs,
  held,
  armed: Number.POSITIVE_INFINITY,
  armedFirst: undefined,
})

export const emptyKeyState = (): KeyState => createKeyState([], heldMatches())
