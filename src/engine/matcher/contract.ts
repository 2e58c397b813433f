import type { Automaton } from '../automaton/index.ts'
import type {
  EventName,
  EventTime,
  JoinValue,
  Match,
  StateReader,
  StateWriter,
  StepAccess,
  StreamEvent,
} from '../model/index.ts'
import type { Moment } from './taken.ts'

/**
 * Slots of whose condition one part is an equality between the event at hand and what was taken: partial matches that wait for them
 * are found by value. Where both values are told and have nothing in common, `condition` is false and reports nothing.
 */
export interface Joins {
  /** A bit per slot. */
  readonly mask: number
  offered(slot: number, event: StreamEvent): JoinValue
  /** Depends on what was taken and on nothing else. */
  awaited(slot: number, taken: StepAccess): JoinValue
}

/** What the matcher asks and tells while it runs. Calls are synchronous, in the order in which things happen. */
export interface MatcherHost {
  /**
   * Whether `event` may be taken as `slot` given what the partial match has taken: the part of the step's `where` that reads
   * earlier steps. Called only for slots in the automaton's `conditional` set and only when the slot's bit is in the mask.
   */
  condition(slot: number, event: StreamEvent, taken: StepAccess, key: string): boolean
  readonly joins?: Joins
  /** `having`: whether a complete match counts. A refused match whose last step is counted keeps taking events. */
  accept(match: Match, key: string): boolean
  matched(match: Match, key: string): void
  /** A partial match ran out of time; `match.completedAt` is its deadline. Called only when the automaton reports timeouts. */
  timedOut(match: Match, key: string): void
  /** An event or a deadline of one key was compared with so many partial matches, or completed so many ways. Called when they are many. */
  worked?(count: number): void
  /** Partial matches dropped because a limit was reached. */
  shed(count: number, key: string): void
  /**
   * The matcher's `sweep` is to be called with `state` some time after `time`, which lies at most `spanMs` ahead of event time. A host
   * without it finds these times among the matcher's deadlines.
   */
  sweepLater?(state: object, time: number, spanMs: number): void
  /**
   * `orFail`: the step that the after-match strategy skips to took nothing in this match, or is its first event. The match itself was
   * reported and discards nothing; the matcher goes on.
   */
  skipMissed?(match: Match, step: EventName, key: string): void
}

/** One rule's pattern, running for every key. Owns all state of the rule in one partition. */
export interface KeyedMatcher {
  /**
   * Gives one event to one key. `mask` has bit `slot` set for every event definition whose subject, key and own (unary) part of
   * `where` the event satisfies; it may be 0 where `automaton.needsEveryEvent`. The caller has called `advance` to the event's time.
   */
  process(key: string, event: StreamEvent, mask: number): void
  /** Event time has reached `time`: every deadline `<= time` fires, in order of deadline, then of first event. */
  advance(time: EventTime): void
  /** The earliest time at which `advance` has something to do; Infinity when there is none. */
  readonly nextDeadline: number
  /** Event time has reached `time`, and a state that `sweepLater` was called with is looked over. */
  sweep?(state: object, time: EventTime): void
  /** Whether the key has live state (an event with mask 0 need not be passed to a key without). */
  has(key: string): boolean
  /**
   * Visits what changed of every key since the last call. Encoding happens during the call, which comes once for each page.
   */
  drainChanges(visit: VisitChange): void
  /** Puts back what `drainChanges` encoded: on a key without state, the pages first and page 0 last. */
  restore(key: string, reader: StateReader, page?: number): void
  /**
   * From now on no event opens a partial match; those that are open go on. `last`: the place behind which no event was processed yet.
   * Not part of the stored state: who restores it says it again, before the first key.
   */
  endStarts(last: Moment): void
  /** Forgets the key (erasure). */
  erase(key: string): void
  /** The events that state refers to, with the key of it; one may come several times. */
  heldEvents(): Iterable<readonly [key: string, event: StreamEvent]>
  readonly keys: number
  readonly partialMatches: number
  /** For people: the partial matches of a key (or of all keys), oldest first. */
  inspect(key?: string): Iterable<PartialMatch>
}

/**
 * A key's state is its page 0, and beside it pages that are written once and do not change any more, so that a checkpoint costs what
 * is new of a long history. `encode` is undefined when the page is no longer needed; without its page 0 nothing is left of a key.
 */
export type VisitChange = (
  key: string,
  encode: ((writer: StateWriter) => void) | undefined,
  page: number,
) => void

export interface PartialMatch {
  readonly key: string
  readonly events: ReadonlyArray<readonly StreamEvent[]>
  /** Slots that could take the next event. */
  readonly waitingFor: readonly number[]
  readonly startedAt: EventTime
  readonly deadline?: EventTime
}

export interface MatcherOptions {
  /** Keys with more partial matches than this have an index over them, where the pattern's class keeps each by itself. */
  readonly indexedAbove?: number
}

export type CreateKeyedMatcher = (
  automaton: Automaton,
  host: MatcherHost,
  options?: MatcherOptions,
) => KeyedMatcher
