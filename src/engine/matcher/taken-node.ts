import type { StreamEvent } from '../model/index.ts'

/** One event taken by one step. Partial matches that share a prefix share its nodes. */
export interface Taken {
  readonly slot: number
  readonly event: StreamEvent
  /** Number of the edge over which it was taken, in the state before it. */
  readonly way: number
  readonly previous: Taken | undefined
  /** Used while a key is written, see `encodeKey`. */
  mark: number
}

export const takenAfter = (
  previous: Taken | undefined,
  slot: number,
  event: StreamEvent,
  way: number,
): Taken => ({ slot, event, way, previous, mark: 0 })
