import type { JsonValue, PartialMatchesChange, VersionRole } from '../engine/index.ts'
import type { PartitionReading, RuleReading } from './telemetry/index.ts'

/** Where the owner of a partition answers questions (NATS request/reply, JSON both ways). */
export const inspectSubject = (partition: number): string => `sequitur.inspect.${partition}`

export type InspectRequest =
  /** Position, lag, counters; why it stands still if it does. */
  | { readonly kind: 'status' }
  /** What the partition has of one rule. */
  | { readonly kind: 'rule'; readonly rule: string }
  /** Which version of a list or a silence the partition has. */
  | { readonly kind: 'activated'; readonly what: 'list' | 'silence'; readonly id: string }
  /** Every rule that the partition has. */
  | { readonly kind: 'rules' }
  /** Partial matches of a rule, oldest first; of one key or of all. */
  | {
      readonly kind: 'matches'
      readonly rule: string
      readonly key?: JsonValue
      readonly limit: number
      /** Those after this place in the order. */
      readonly after?: MatchPlace
    }
  /** How many partial matches of a rule wait where. */
  | { readonly kind: 'funnel'; readonly rule: string }

/** Where a partial match stands among those of its rule: by start, then by first event, then by key, events and version. */
export type MatchPlace = readonly [startedAt: string, seq: number, key: string]

export const placeOf = ({ startedAt, events, key, version }: PartialMatchView): MatchPlace => [
  startedAt,
  Math.min(...events.map(({ seq }) => seq)),
  `${JSON.stringify(key)} ${events.map(({ seq }) => seq).join()} ${version}`,
]

export function comparePlaces(left: MatchPlace, right: MatchPlace): number {
  for (const index of [0, 1, 2] as const) {
    const [one, other] = [left[index], right[index]]
    if (one !== other) return one < other ? -1 : 1
  }
  return 0
}

/** Keyed by the request's `kind`. */
export interface InspectAnswers {
  readonly status: PartitionStatus
  readonly rule: RuleStanding
  /** 0: it has never heard of it. */
  readonly activated: { readonly version: number }
  readonly rules: { readonly rules: readonly RuleReading[] }
  readonly matches: { readonly matches: readonly PartialMatchView[]; readonly total: number }
  readonly funnel: Funnel
}

export type InspectReply<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string; readonly message: string }

export interface PartitionStatus extends Omit<PartitionReading, 'rules'> {
  /** Who answers; stable while the process lives. */
  readonly worker: string
  /** Why it does not run: code and sentence. */
  readonly stopped?: { readonly code: string; readonly message: string }
  readonly rules: number
}

export interface RuleStanding {
  /** 0: the partition has never heard of it. */
  readonly version: number
  /** As of that version; `removed` after a delete. */
  readonly status: 'draft' | 'shadow' | 'live' | 'disabled' | 'removed' | 'unknown'
  /** What the last change that concerned partial matches did to them. */
  readonly change?: PartialMatchesChange
  /** What it did, if it runs or ran. */
  readonly reading?: RuleReading
}

export interface PartialMatchView {
  /** Whose it is. */
  readonly version: number
  readonly role: VersionRole
  readonly key: JsonValue
  /** ISO 8601, event time. */
  readonly startedAt: string
  readonly deadline?: string
  /** What was taken, by reference. */
  readonly events: ReadonlyArray<{ readonly step: string; readonly seq: number; readonly time: string }>
  /** Names of the steps that could take the next event. */
  readonly waitingFor: readonly string[]
}

/** Partial matches of one version that have taken the same steps and wait for the same ones. */
export interface FunnelStage {
  readonly version: number
  readonly role: VersionRole
  readonly taken: readonly string[]
  readonly waitingFor: readonly string[]
  readonly partialMatches: number
  readonly keys: number
  /** ISO 8601, event time. */
  readonly oldest: string
  readonly nextDeadline?: string
}

/** Of all versions of a rule that run. */
export interface Funnel {
  readonly partialMatches: number
  readonly keys: number
  readonly stages: readonly FunnelStage[]
  /** Partial matches beyond what is looked at for one answer. */
  readonly notCounted: number
}
