import type { RuleStatus } from '../model/index.ts'

/** A rule version as the log and the rule store hold it. */
export interface RuleRecord {
  readonly id: string
  readonly version: number
  readonly status: RuleStatus
  readonly format: 'yaml' | 'json'
  readonly source: string
  readonly author?: string
  readonly at?: string
}

export type RuleEntry =
  | ({ readonly kind: 'put' } & RuleRecord)
  | { readonly kind: 'remove'; readonly id: string; readonly version: number }

const STATUSES: readonly string[] = ['draft', 'shadow', 'live', 'disabled']

/** The rule entry of a parsed log payload; undefined when it is none. */
export function readRuleEntry(value: unknown): RuleEntry | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { kind, id, version, status, format, source, author, at } = value as Record<string, unknown>
  if (typeof id !== 'string' || !Number.isSafeInteger(version)) return undefined
  if (kind === 'remove') return { kind, id, version: version as number }
  if (kind !== 'put' || typeof source !== 'string' || !STATUSES.includes(String(status))) return undefined
  if (format !== 'yaml' && format !== 'json') return undefined
  return {
    kind,
    id,
    version: version as number,
    status: status as RuleStatus,
    format,
    source,
    ...(typeof author === 'string' ? { author } : {}),
    ...(typeof at === 'string' ? { at } : {}),
  }
}
