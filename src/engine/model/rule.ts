import type { JsonValue } from './event.ts'
import type { AfterMatch, EventName, Pattern } from './pattern.ts'
import type { DurationMs } from './quantities.ts'

export type RuleStatus = 'draft' | 'shadow' | 'live' | 'disabled'
export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical'

/** JSONata text with the place it was read from, so that its problems point into the author's file. */
export interface SourceText {
  readonly text: string
  /** JSON Pointer into the rule document. */
  readonly pointer: string
  /** Where the text stands in the author's file; absent for text that was not read from one. */
  readonly origin?: SourceOrigin
}

/** Maps characters of a text to its file: the character at `offset` stands at `line` and `column`, and so on until the next segment. */
export interface SourceOrigin {
  readonly file?: string
  readonly segments: ReadonlyArray<{
    readonly offset: number
    readonly line: number
    readonly column: number
  }>
}

export interface EventDefinition {
  readonly name: EventName
  /** NATS subject filter. */
  readonly from: string
  /** Key expressions that replace the rule's `by` for this event; same number of parts. */
  readonly by?: readonly SourceText[]
  readonly where?: SourceText
}

export interface Suppression {
  readonly forMs: DurationMs
  /** Default: the rule's key. */
  readonly by?: readonly SourceText[]
}

export interface RuleException {
  readonly name: string
  readonly why?: string
  readonly when: SourceText
  /** ISO 8601; the exception ends then (event time). */
  readonly until?: string
}

export interface AlertTemplate {
  /** Text with `{{ JSONATA }}` holes. */
  readonly message?: SourceText
  /** Overrides the `<namespace>.<rule>` part of the alert subject; no wildcards. */
  readonly subject?: string
  readonly evidence: ReadonlyArray<{ readonly name: string; readonly value: SourceText }>
  readonly includeEvents: boolean
}

export interface RuleLimits {
  /** Partial matches per key; the oldest is shed beyond it. */
  readonly partialMatchesMax?: number
  /** The author knows that the pattern has no time limit and wants it so. */
  readonly unbounded?: boolean
}

/** A rule as written, after parsing and validation, before compilation. Plain data. */
export interface RuleDefinition {
  readonly id: string
  readonly title?: string
  readonly description?: string
  readonly namespace: string
  readonly severity: Severity
  readonly status: RuleStatus
  readonly owner?: string
  readonly tags: readonly string[]
  readonly runbook?: string
  readonly references: readonly string[]
  readonly falsePositives: readonly string[]
  readonly by: readonly SourceText[]
  readonly events: readonly EventDefinition[]
  readonly pattern: Pattern
  /** The pattern as a sentence, when the author wrote one. */
  readonly sentence?: string
  readonly having?: SourceText
  readonly afterMatch: AfterMatch
  /** `false`: every match alerts. */
  readonly suppress: Suppression | false
  readonly except: readonly RuleException[]
  readonly alert: AlertTemplate
  /** Output for partial matches that run out of time. */
  readonly onTimeout?: AlertTemplate
  readonly limits: RuleLimits
  readonly tests: readonly RuleTest[]
}

export interface RuleTestEvent {
  readonly atMs: DurationMs
  readonly subject: string
  readonly data: Readonly<Record<string, JsonValue>>
  readonly times: number
  readonly everyMs: DurationMs
}

export interface ExpectedAlert {
  readonly atMs?: DurationMs
  readonly severity?: Severity
  readonly message?: string
  readonly key?: JsonValue
  /** Partial: only the named evidence is compared. */
  readonly evidence?: Readonly<Record<string, JsonValue>>
}

export interface RuleTest {
  readonly name: string
  readonly pointer: string
  readonly line?: number
  readonly lists: Readonly<Record<string, readonly JsonValue[]>>
  readonly events: readonly RuleTestEvent[]
  readonly untilMs?: DurationMs
  /** Empty: no alert. */
  readonly expect: readonly ExpectedAlert[]
}
