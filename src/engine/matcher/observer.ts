import type { Guards } from '../automaton/index.ts'
import type { Match, StreamEvent } from '../model/index.ts'
import type { Run } from './run.ts'

/** Why an open way on does not take an event that it is shown, where its own predicates are not the reason. */
export type Closing = 'forbidden' | 'too-early' | 'until' | 'greedy' | 'contiguity'

/** One event taken by one partial match. */
export interface Taking {
  /** `undefined`: it starts a new partial match. */
  readonly from: Run | undefined
  /** What waits for more; `undefined` when the match is complete and takes nothing more. */
  readonly run: Run | undefined
  readonly slot: number
  readonly event: StreamEvent
  readonly first: StreamEvent
}

/** Watches the general matcher at work, for `why`. A run is the matcher's own: read it, keep it as an identity, change nothing. */
export interface RunObserver {
  /** An event of a key comes; `mask` says whose own predicates it satisfies. */
  shown(event: StreamEvent, mask: number, key: string): void
  /** Conditions asked from here on are about this partial match; `undefined`: about one that would start. */
  tried(run: Run | undefined, key: string): void
  took(taking: Taking, key: string): void
  closed(run: Run, guards: Guards, why: Closing, key: string): void
  /** A deadline has come: called before what it closes is closed. `completes`: the match is complete because nothing came. */
  due(run: Run, at: number, completes: boolean, key: string): void
  /** The after-match strategy gives the run up because of a match. */
  discarded(run: Run, match: Match, key: string): void
}
