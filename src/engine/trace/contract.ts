import type { EventTime, JsonObject, JsonValue } from '../model/index.ts'
import type { PartitionOptions } from '../partition/index.ts'

/** What a part of an expression was worth; `value` absent: nothing was there. */
export interface TracedValue {
  readonly text: string
  readonly value?: JsonValue
}

/** A condition that did not hold, with what it read. */
export interface FailedCondition {
  readonly source: string
  readonly values: readonly TracedValue[]
  /** It could not be evaluated. */
  readonly error?: { readonly code: string; readonly message: string }
}

export interface PassedLimit {
  /** `within`: of the whole pattern, from its first event. `hop`: since the event before. `group`: of a bracket. */
  readonly kind: 'within' | 'hop' | 'group'
  readonly limitMs: number
  /** From where the limit counts to the event. */
  readonly afterMs: number
  readonly byMs: number
}

/** What came of one event at one step. `partialMatch` is the sequence of the event that the partial match started with. */
export type StepOutcome =
  | { readonly kind: 'taken'; readonly step: string; readonly partialMatch: number; readonly text: string }
  | {
      readonly kind: 'where-false' | 'having-false'
      readonly step: string
      readonly partialMatch?: number
      readonly conditions: readonly FailedCondition[]
      readonly text: string
    }
  | {
      readonly kind: 'condition-false'
      readonly step: string
      readonly partialMatch?: number
      readonly conditions: readonly FailedCondition[]
      readonly text: string
    }
  | {
      readonly kind: 'limit-passed'
      readonly step: string
      readonly partialMatch: number
      readonly limit: PassedLimit
      readonly text: string
    }
  | {
      readonly kind: 'count-not-reached'
      readonly step: string
      readonly partialMatch: number
      readonly counted: { readonly step: string; readonly count: number; readonly needed: number }
      readonly text: string
    }
  | {
      /** `forbidden`: it ended the partial match; the others leave it as it was or end one way on. */
      readonly kind: 'forbidden' | 'too-early' | 'until' | 'greedy' | 'contiguity'
      readonly step: string
      readonly partialMatch: number
      readonly text: string
    }
  | { readonly kind: 'not-waiting'; readonly step: string; readonly text: string }
  | { readonly kind: 'no-key'; readonly step: string; readonly fault: string; readonly text: string }

export interface TracedEvent {
  readonly sequence: number
  readonly id: string
  /** ISO 8601. */
  readonly time: string
  readonly subject: string
  readonly outcome: 'taken' | 'not-taken' | 'late' | 'dead-letter'
  readonly steps: readonly StepOutcome[]
  /** Why it was not processed, or what happened besides. */
  readonly note?: string
}

export interface TracedPartialMatch {
  /** Sequence of the event that it started with. */
  readonly start: number
  readonly startedAt: string
  readonly events: ReadonlyArray<{ readonly step: string; readonly seq: number; readonly time: string }>
  readonly end:
    | { readonly kind: 'complete'; readonly at: string }
    | { readonly kind: 'expired'; readonly at: string; readonly waitedFor: readonly string[] }
    | { readonly kind: 'broken'; readonly at: string; readonly bySequence: number }
    | { readonly kind: 'discarded'; readonly at: string }
    | { readonly kind: 'waiting'; readonly waitingFor: readonly string[]; readonly deadline?: string }
}

export interface TracedAlert {
  readonly id: string
  /** What the engine made of the match. */
  readonly kind: 'alert' | 'shadow-alert' | 'withheld-alert'
  readonly at: string
  readonly message?: string
  readonly withheld?: JsonObject
  readonly text: string
}

/** The smallest change of the rule that was found to alert on the same events. */
export interface NearestMiss {
  readonly change: string
  /** What kind of thing is changed. */
  readonly kind: 'limit' | 'count' | 'constant' | 'condition' | 'absence' | 'having' | 'exception'
  /** How large the change is: relative for numbers; more for what is taken away. */
  readonly cost: number
  /** When the changed rule would have alerted. */
  readonly at: string
  readonly text: string
}

/** One rule over the events of one key. */
export interface Trace {
  readonly rule: string
  readonly version: number
  readonly key: JsonObject
  readonly steps: readonly string[]
  readonly pattern?: string
  /** In order of time. */
  readonly events: readonly TracedEvent[]
  readonly partialMatches: readonly TracedPartialMatch[]
  readonly alerts: readonly TracedAlert[]
  /** Events on the rule's subjects that have no usable key; they belong to nobody. */
  readonly withoutKey: { readonly count: number; readonly events: readonly TracedEvent[] }
  readonly nearestMiss?: NearestMiss
  /** The same for people, in order of time. */
  readonly lines: ReadonlyArray<{ readonly at?: string; readonly text: string }>
  /** Beyond the limits of the answer these were left out. */
  readonly cut?: { readonly events: number }
}

export interface TraceLimits {
  readonly eventsMax: number
  readonly withoutKeyMax: number
  /** Changed rules tried. */
  readonly changesMax: number
  /** Events given to changed rules, all together. */
  readonly changeEventsMax: number
}

export const TRACE_LIMITS: TraceLimits = {
  eventsMax: 500,
  withoutKeyMax: 5,
  changesMax: 400,
  changeEventsMax: 200_000,
}

export interface TraceOptions {
  /** Events of this key are explained; all others only take part. A text also stands for the number or boolean it spells. */
  readonly key: JsonValue
  /** Time goes on to here after the last entry. */
  readonly until?: EventTime
  readonly limits?: Partial<TraceLimits>
}

/** How the partition of the trace is set up: as the one that decides, but for the rule. */
export type TraceSetup = Omit<PartitionOptions, 'index' | 'count' | 'rules'>
