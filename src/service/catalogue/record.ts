import type { RuleStatus, Severity } from '../../engine/index.ts'

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
}

/** A rule version as the rule store and the log hold it; the engine reads the same record. */
export interface RulePut extends Written {
  readonly kind: 'put'
  readonly status: RuleStatus
  readonly format: RuleFormat
  readonly source: string
  readonly summary?: RuleSummary
  /** Where the text is kept, when it is not here: `git:repository@commit`. */
  readonly managedBy?: string
}

/** A deleted rule stays as this record, so that its versions go on and the worker hears of it. */
export interface RuleRemove extends Written {
  readonly kind: 'remove'
}

export type RuleRecord = RulePut | RuleRemove

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
