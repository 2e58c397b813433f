import type { SilenceMatcher } from '../../engine/index.ts'

/** Lists in force: key = name. */
export const LISTS_BUCKET = 'SEQUITUR_LISTS'
/** Silences: key = id. */
export const SILENCES_BUCKET = 'SEQUITUR_SILENCES'

export interface ListItem {
  readonly value: string | number
  /** ISO 8601, in event time; the value is off the list from then on. */
  readonly until?: string
  readonly why?: string
  readonly author?: string
}

/** A list as its bucket holds it. A removed one stays without values, so that its versions go on. */
export interface ListRecord {
  readonly list: string
  /** Every write is the next one. */
  readonly version: number
  readonly description?: string
  readonly owner?: string
  readonly values: readonly ListItem[]
  readonly removed?: true
  readonly author?: string
  readonly reason?: string
  readonly at: string
}

export interface SilenceRecord {
  readonly id: string
  readonly version: number
  readonly match: SilenceMatcher
  /** ISO 8601, event time, half-open. */
  readonly from: string
  readonly until: string
  readonly who?: string
  readonly why: string
  readonly at: string
  /** Who ended it before its time. */
  readonly endedBy?: string
}

/** The JSON object in `text` when it has a text under `name` and a version; undefined when somebody else wrote something else. */
export function readRecordOf<T>(text: string | undefined, name: keyof T & string): T | undefined {
  if (text === undefined) return undefined
  try {
    const value = JSON.parse(text) as Record<string, unknown>
    return typeof value[name] === 'string' && Number.isSafeInteger(value['version'])
      ? (value as T)
      : undefined
  } catch {
    return undefined
  }
}

/** What the engine needs of a list: one entry of the log that says all of it, so that it may be carried over twice. */
export const listEntry = ({ list, version, values }: ListRecord): string =>
  JSON.stringify({
    list,
    version,
    replace: true,
    put: values.map(({ value, until }) => (until === undefined ? { value } : { value, until })),
  })

export const silenceEntry = ({ id, version, match, from, until }: SilenceRecord): string =>
  JSON.stringify({ id, version, match, from, until })
