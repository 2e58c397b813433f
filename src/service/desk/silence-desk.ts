import { randomBytes } from 'node:crypto'
import type { Problem, SilenceMatcher } from '../../engine/index.ts'
import type { Bucket, BucketEntry } from '../catalogue/index.ts'
import { readRecordOf, type SilenceRecord } from './records.ts'

export interface StoredSilence {
  readonly record: SilenceRecord
  readonly revision: number
}

export type SilenceOutcome =
  | { readonly kind: 'stored'; readonly silence: StoredSilence }
  | { readonly kind: 'invalid'; readonly problem: Problem }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'not-found' }

export interface NewSilence {
  readonly match: SilenceMatcher
  /** Milliseconds since 1970. */
  readonly from: number
  readonly until: number
  readonly why: string
}

export const SILENCES_MAX = 1_000
export const SILENCE_DAYS_MAX = 365
const DAY_MS = 86_400_000

/** The silences, those that have ended too. */
export class SilenceDesk {
  readonly #bucket: Bucket
  readonly #now: () => number

  constructor(options: { readonly bucket: Bucket; readonly now: () => number }) {
    this.#bucket = options.bucket
    this.#now = options.now
  }

  /** Newest first. */
  async list(): Promise<readonly StoredSilence[]> {
    return (await this.#bucket.entries())
      .map(storedOf)
      .filter((silence) => silence !== undefined)
      .sort((left, right) => (left.record.at > right.record.at ? -1 : 1))
  }

  async get(id: string): Promise<StoredSilence | undefined> {
    return storedOf(await this.#bucket.get(id))
  }

  async add(
    wanted: NewSilence,
    by: { readonly who?: string; readonly dryRun: boolean },
  ): Promise<SilenceOutcome> {
    const now = this.#now()
    const { match, from, until, why } = wanted
    if (Object.keys(match).length === 0)
      return invalid('silence-matches-everything', 'the silence names nothing to hold back', '/match')
    if (until <= from)
      return invalid('silence-ends-before-it-begins', 'the silence would end before it begins', '/until')
    if (until - from > SILENCE_DAYS_MAX * DAY_MS)
      return invalid('silence-too-long', `a silence lasts at most ${SILENCE_DAYS_MAX} days`, '/until')
    const going = (await this.list()).filter(({ record }) => Date.parse(record.until) > now)
    if (going.length >= SILENCES_MAX)
      return invalid('silences-too-many', `there are ${SILENCES_MAX} silences that have not ended`, '')
    const record: SilenceRecord = {
      id: `s-${randomBytes(8).toString('hex')}`,
      version: 1,
      match,
      from: new Date(from).toISOString(),
      until: new Date(until).toISOString(),
      ...(by.who === undefined ? {} : { who: by.who }),
      why,
      at: new Date(now).toISOString(),
    }
    return this.#store(record, 0, by.dryRun)
  }

  /** Ends it now; one that has ended stays as it is. */
  async end(
    id: string,
    by: { readonly who?: string; readonly dryRun: boolean; readonly revision?: number },
  ): Promise<SilenceOutcome> {
    const current = await this.get(id)
    if (current === undefined) return { kind: 'not-found' }
    const { record, revision } = current
    if (by.revision !== undefined && by.revision !== revision) return { kind: 'conflict' }
    const now = this.#now()
    if (Date.parse(record.until) <= now) return { kind: 'stored', silence: current }
    const ended: SilenceRecord = {
      ...record,
      version: record.version + 1,
      until: new Date(Math.max(now, Date.parse(record.from))).toISOString(),
      ...(by.who === undefined ? {} : { endedBy: by.who }),
    }
    return this.#store(ended, revision, by.dryRun)
  }

  async #store(record: SilenceRecord, expected: number, dryRun: boolean): Promise<SilenceOutcome> {
    if (dryRun) return { kind: 'stored', silence: { record, revision: expected } }
    const revision = await this.#bucket.put(record.id, JSON.stringify(record), expected)
    return revision === undefined ? { kind: 'conflict' } : { kind: 'stored', silence: { record, revision } }
  }
}

function storedOf(entry: BucketEntry | undefined): StoredSilence | undefined {
  const record = readRecordOf<SilenceRecord>(entry?.value, 'id')
  return entry === undefined || record === undefined ? undefined : { record, revision: entry.revision }
}

const invalid = (code: string, message: string, pointer: string): SilenceOutcome => ({
  kind: 'invalid',
  problem: { code, severity: 'error', message, at: { pointer } },
})
