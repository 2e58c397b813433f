import type { PartitionOptions, RuleSource } from '../../engine/index.ts'

/** What the engine of a replay is set to; the same as that of the worker. */
export type ReplayEngine = Pick<PartitionOptions, 'stream' | 'sources' | 'limits' | 'redact'>

/** Part of the input log. Sequences and times (Unix milliseconds, by the broker) hold together; absent: from the first, to the last. */
export interface ReplaySpan {
  /** Inclusive. */
  readonly sinceMs?: number
  readonly firstSequence?: number
  /** Exclusive. */
  readonly untilMs?: number
  /** Inclusive. */
  readonly lastSequence?: number
}

/** `live`: what stands in the alert log; `version`: a second run of another text of the same rule. */
export type ReplayAgainst =
  | { readonly kind: 'live' }
  | { readonly kind: 'version'; readonly rule: RuleSource }

/** One replay, ready to run. Plain data: it crosses into a process of its own. */
export interface ReplayJob {
  readonly rules: readonly RuleSource[]
  readonly span: ReplaySpan
  readonly against?: ReplayAgainst
  /** Of one core: above 0, at most 1. */
  readonly share: number
  /** Reads entries that no rule reads too, so that event time passes exactly as it passed live. */
  readonly wholeLog: boolean
}

export interface ReplayProgress {
  /** Entries read, of those in the span that the rules read. */
  readonly entries: number
  readonly total: number
  /** Unix milliseconds that event time has reached; undefined before the first event. */
  readonly eventTimeMs: number | undefined
}

/** An alert as comparisons show it. */
export interface AlertSample {
  readonly rule: string
  readonly version: number
  /** As text. */
  readonly key: string
  /** ISO 8601, event time. */
  readonly time: string
  readonly message?: string
  /** Of the matched events, in the input log. */
  readonly sequences: readonly number[]
}

export interface AlertGroup {
  readonly count: number
  /** The first of them. */
  readonly samples: readonly AlertSample[]
}

/** Alerts are the same when rule, key and matched events are; versions and texts do not matter. */
export interface ReplayDifference {
  readonly against: 'live' | number
  readonly onlyOld: AlertGroup
  readonly both: AlertGroup
  readonly onlyNew: AlertGroup
  /** Live alerts that began before the span: a replay starts empty and cannot raise them. In none of the groups. */
  readonly beforeSpan: number
  /** False: there were more alerts than are compared. */
  readonly complete: boolean
}

export interface ReplayRuleResult {
  readonly rule: string
  readonly version: number
  readonly alerts: number
  /** By reason. */
  readonly withheld: Readonly<Record<string, number>>
}

export interface ReplayResult {
  /** Of the span, as it was found. */
  readonly firstSequence: number
  readonly lastSequence: number
  readonly entries: number
  readonly events: number
  readonly late: number
  readonly deadLettered: number
  /** By reason. */
  readonly deadLetters: Readonly<Record<string, number>>
  readonly alerts: number
  /** Of them, that can be read. */
  readonly alertsKept: number
  readonly withheld: Readonly<Record<string, number>>
  readonly rules: readonly ReplayRuleResult[]
  /** Hours with alerts, in event time. */
  readonly alertsPerHour: ReadonlyArray<{ readonly hour: string; readonly alerts: number }>
  readonly topKeys: ReadonlyArray<{ readonly key: string; readonly alerts: number }>
  readonly durationMs: number
  readonly eventsPerSecond: number
  readonly difference?: ReplayDifference
}

/** Alerts of one replay that are kept to be read; all are counted. */
export const ALERTS_KEPT_MAX = 1_000
