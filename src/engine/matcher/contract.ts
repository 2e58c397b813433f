import type { Automaton } from '../automaton/index.ts'
import type {
  EventName,
  EventTime,
  Match,
  StateReader,
  StateWriter,
  StepAccess,
  StreamEvent,
} from '../model/index.ts'

/** What the matcher asks and tells while it runs. Calls are synchronous, in the order in which things happen. */
export interface MatcherHost {
  /**
   * Whether `event` may be taken as `slot` given what the partial match has taken: the part of the step's `where` that reads
   * earlier steps. Called only for slots in the automaton's `conditional` set and only when the slot's bit is in the mask.
   */
  condition(slot: number, event: StreamEvent, taken: StepAccess, key: string): boolean
  /** `having`: whether a complete match counts. A refused match whose last step is counted keeps taking events. */
  accept(match: Match, key: string): boolean
  matched(match: Match, key: string): void
  /** A partial match ran out of time; `match.completedAt` is its deadline. Called only when the automaton reports timeouts. */
  timedOut(match: Match, key: string): void
  /** Partial matches dropped because a limit was reached. */
  shed(count: number, key: string): void
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
  /** Whether the key has live state (an event with mask 0 need not be passed to a key without). */
  has(key: string): boolean
  /**
   * Visits every key whose state changed since the last call; `encode` is undefined when nothing is left of it. The callback may
   * be called once per key; encoding happens during the call.
   */
  drainChanges(visit: (key: string, encode: ((writer: StateWriter) => void) | undefined) => void): void
  /** Puts back what `drainChanges` encoded; only on a key without state. */
  restore(key: string, reader: StateReader): void
  /** Forgets the key (erasure). */
  erase(key: string): void
  readonly keys: number
  readonly partialMatches: number
  /** For people: the partial matches of a key (or of all keys), oldest first. */
  inspect(key?: string): Iterable<PartialMatch>
}

export interface PartialMatch {
  readonly key: string
  readonly events: ReadonlyArray<readonly StreamEvent[]>
  /** Slots that could take the next event. */
  readonly waitingFor: readonly number[]
  readonly startedAt: EventTime
  readonly deadline?: EventTime
}

export type CreateKeyedMatcher = (automaton: Automaton, host: MatcherHost) => KeyedMatcher
