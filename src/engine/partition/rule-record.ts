import type { RuleStatus } from '../model/index.ts'

/** What becomes of the partial matches of a version that is replaced. */
export type PartialMatchesMode = 'keep' | 'drain' | 'drop'

/** A rule's text. */
export interface RuleText {
  readonly version: number
  readonly format: 'yaml' | 'json'
  readonly source: string
}

/** A version beside the one in force. */
export interface CandidateRecord extends RuleText {
  /** Percent of the keys that it decides; 0: it runs in shadow only. */
  readonly share: number
}

/** A rule as the log and the rule store hold it. */
export interface RuleRecord extends RuleText {
  readonly id: string
  /** Every write is the next one. */
  readonly version: number
  readonly status: RuleStatus
  /** The version that wrote the text in force, where this one changed something else. */
  readonly textVersion?: number
  readonly candidate?: CandidateRecord
  /** The candidate whose text came into force with this version: what it has begun goes on. */
  readonly promoted?: number
  /** Default: kept where what is matched is the same, else dropped. */
  readonly partialMatches?: PartialMatchesMode
  readonly author?: string
  readonly at?: string
}

export type RuleEntry =
  | ({ readonly kind: 'put' } & RuleRecord)
  | { readonly kind: 'remove'; readonly id: string; readonly version: number }

/** The record of the text in force alone. */
export const inForce = (record: RuleRecord): RuleRecord =>
  record.textVersion === undefined ? record : { ...record, version: record.textVersion }

const STATUSES: readonly unknown[] = ['draft', 'shadow', 'live', 'disabled']
const MODES: readonly unknown[] = ['keep', 'drain', 'drop'] satisfies readonly PartialMatchesMode[]

/** The rule entry of a parsed log payload; undefined when it is none. */
export function readRuleEntry(value: unknown): RuleEntry | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const fields = value as Readonly<Record<string, unknown>>
  const { kind, id, version, status, author, at, textVersion, candidate, promoted, partialMatches } = fields
  if (typeof id !== 'string' || !Number.isSafeInteger(version)) return undefined
  if (kind === 'remove') return { kind, id, version: version as number }
  const text = readText(fields)
  if (kind !== 'put' || text === undefined || !STATUSES.includes(status)) return undefined
  const beside = candidate === undefined ? undefined : readCandidate(candidate)
  if (candidate !== undefined && beside === undefined) return undefined
  return {
    kind,
    id,
    ...text,
    status: status as RuleStatus,
    ...(Number.isSafeInteger(textVersion) ? { textVersion: textVersion as number } : {}),
    ...(beside === undefined ? {} : { candidate: beside }),
    ...(Number.isSafeInteger(promoted) ? { promoted: promoted as number } : {}),
    ...(MODES.includes(partialMatches) ? { partialMatches: partialMatches as PartialMatchesMode } : {}),
    ...(typeof author === 'string' ? { author } : {}),
    ...(typeof at === 'string' ? { at } : {}),
  }
}

function readText({ version, format, source }: Readonly<Record<string, unknown>>): RuleText | undefined {
  if (!Number.isSafeInteger(version) || typeof source !== 'string') return undefined
  return format === 'yaml' || format === 'json' ? { version: version as number, format, source } : undefined
}

function readCandidate(value: unknown): CandidateRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const fields = value as Readonly<Record<string, unknown>>
  const text = readText(fields)
  const { share } = fields
  const isShare = typeof share === 'number' && share >= 0 && share <= 100
  return text === undefined || !isShare ? undefined : { ...text, share }
}
