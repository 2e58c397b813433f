import type { PartialMatchesMode, RuleStatus, Severity } from '../../engine/index.ts'

export type RuleFormat = 'yaml' | 'json'

/** What lists show without reading the text again. */
export interface RuleSummary {
  readonly title?: string
  readonly namespace: string
  readonly severity: Severity
  readonly owner?: string
  readonly tags: readonly string[]
  /** Subject filters that its events come from. */
  readonly subjects: readonly string[]
}

interface Written {
  readonly id: string
  /** Dense per rule, from 1; goes on after a delete. */
  readonly version: number
  readonly author?: string
  readonly reason?: string
  /** ISO 8601. */
  readonly at: string
  /** The proposal that it was, and who approved it. */
  readonly proposal?: string
  readonly approvers?: readonly string[]
  /** An operator stored it where others would have had to approve it. */
  readonly breakGlass?: true
}

/** A version beside the one in force. */
export interface CandidatePut extends Written {
  /** Percent of the keys that it decides. */
  readonly share: number
  readonly format: RuleFormat
  readonly source: string
  readonly summary?: RuleSummary
}

/** A rule version as the rule store and the log hold it; the engine reads the same record. */
export interface RulePut extends Written {
  readonly kind: 'put'
  readonly status: RuleStatus
  readonly format: RuleFormat
  readonly source: string
  readonly summary?: RuleSummary
  /** What this version did, where it is not a new text. */
  readonly did?: 'candidate' | 'share' | 'withdrawal' | 'promotion' | 'rollback'
  /** The version that wrote the text in force, where this one did not. */
  readonly textVersion?: number
  readonly candidate?: CandidatePut
  /** The candidate that this version brought into force. */
  readonly promoted?: number
  /** The version that was in force before the last promotion. */
  readonly previous?: number
  /** What was asked for the partial matches of the version before. */
  readonly partialMatches?: PartialMatchesMode
  /** Where the text is kept, when it is not here: `git:repository@commit`. */
  readonly managedBy?: string
}

/** A deleted rule stays as this record, so that its versions go on and the worker hears of it. */
export interface RuleRemove extends Written {
  readonly kind: 'remove'
}

export type RuleRecord = RulePut | RuleRemove

/** The version whose text is in force: the one that alerts carry. */
export const versionInForce = ({ version, textVersion }: RulePut): number => textVersion ?? version

export const textInForce = ({
  source,
  format,
}: RulePut): { readonly text: string; readonly format: RuleFormat } => ({
  text: source,
  format,
})

/** The text that a version wrote; where it wrote none, the one in force. */
export const writtenText = (record: RulePut): { readonly text: string; readonly format: RuleFormat } => {
  const { source, format } = record.did === 'candidate' && record.candidate ? record.candidate : record
  return { text: source, format }
}

const STATUSES: readonly string[] = ['draft', 'shadow', 'live', 'disabled'] satisfies readonly RuleStatus[]

/** The record in `text`; undefined when it is none (somebody else wrote to the bucket). */
export function readRecord(text: string): RuleRecord | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const record = value as Partial<Record<keyof RulePut, unknown>>
  if (typeof record.id !== 'string' || !Number.isSafeInteger(record.version)) return undefined
  if (record.kind === 'remove') return value as RuleRemove
  const isPut =
    record.kind === 'put' &&
    typeof record.source === 'string' &&
    STATUSES.includes(String(record.status)) &&
    (record.format === 'yaml' || record.format === 'json')
  return isPut ? (value as RulePut) : undefined
}
