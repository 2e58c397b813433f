import type { Problem } from '../../engine/index.ts'
import type { Bucket, BucketEntry, Expectation, WriteBy } from '../catalogue/index.ts'
import { type ListItem, type ListRecord, readRecordOf } from './records.ts'

export interface StoredList {
  readonly record: ListRecord
  readonly revision: number
}

export type ListOutcome =
  | {
      readonly kind: 'stored'
      readonly change: 'created' | 'updated' | 'unchanged' | 'removed'
      readonly list: StoredList
    }
  | { readonly kind: 'invalid'; readonly problem: Problem }
  | { readonly kind: 'conflict'; readonly current: StoredList | undefined }
  | { readonly kind: 'expectation-needed' }
  | { readonly kind: 'not-found' }

export interface ListText {
  readonly description?: string
  readonly owner?: string
  readonly values: readonly ListItem[]
}

export const LIST_VALUES_MAX = 10_000
/** Of the stored record: the broker takes a megabyte. */
export const LIST_BYTES_MAX = 900_000
export const LISTS_MAX = 1_000
const ATTEMPTS_MAX = 5

/** The lists and who changed them. Conflicts are found by revision, as with rules. */
export class ListDesk {
  readonly #bucket: Bucket
  readonly #now: () => number

  constructor(options: { readonly bucket: Bucket; readonly now: () => number }) {
    this.#bucket = options.bucket
    this.#now = options.now
  }

  /** By name. */
  async list(): Promise<readonly StoredList[]> {
    return (await this.#bucket.entries())
      .map(storedOf)
      .filter((list) => list !== undefined)
      .sort((left, right) => (left.record.list < right.record.list ? -1 : 1))
  }

  /** Of the lists there are. */
  async names(): Promise<readonly string[]> {
    return (await this.list()).map(({ record }) => record.list)
  }

  async get(name: string): Promise<StoredList | undefined> {
    return storedOf(await this.#bucket.get(name))
  }

  async put(name: string, text: ListText, expected: Expectation, by: WriteBy): Promise<ListOutcome> {
    const entry = await this.#bucket.get(name)
    const refusal = refusalOf(storedOf(entry), expected)
    if (refusal !== undefined) return refusal
    if (storedOf(entry) === undefined && (await this.list()).length >= LISTS_MAX)
      return invalid('lists-too-many', `there are ${LISTS_MAX} lists`, 'remove some that no rule names')
    const before = new Map(storedOf(entry)?.record.values.map((item) => [keyOf(item.value), item]))
    const values = unique(
      text.values.map((item) => {
        const old = before.get(keyOf(item.value))
        return old !== undefined && old.until === item.until && old.why === item.why ? old : signed(item, by)
      }),
    )
    return this.#write(name, entry, { ...text, values }, by)
  }

  /** Puts values on a list and takes others off. A list that does not exist is made when there is something to put on it. */
  async change(
    name: string,
    change: { readonly add?: readonly ListItem[]; readonly remove?: readonly string[] },
    expected: Expectation,
    by: WriteBy,
  ): Promise<ListOutcome> {
    for (let attempt = 1; ; attempt += 1) {
      const entry = await this.#bucket.get(name)
      const current = storedOf(entry)
      if (expected.kind !== 'unstated') {
        const refusal = refusalOf(current, expected)
        if (refusal !== undefined) return refusal
      }
      if (current === undefined && change.add === undefined) return { kind: 'not-found' }
      const off = new Set(change.remove)
      const kept = (current?.record.values ?? []).filter(({ value }) => !off.has(String(value)))
      const values = unique([...kept, ...(change.add ?? []).map((item) => signed(item, by))])
      const { description, owner } = current?.record ?? {}
      const outcome = await this.#write(
        name,
        entry,
        {
          ...(description === undefined ? {} : { description }),
          ...(owner === undefined ? {} : { owner }),
          values,
        },
        by,
      )
      if (outcome.kind !== 'conflict' || expected.kind === 'revision' || attempt >= ATTEMPTS_MAX)
        return outcome
    }
  }

  async remove(name: string, expected: Expectation, by: WriteBy): Promise<ListOutcome> {
    const entry = await this.#bucket.get(name)
    const current = storedOf(entry)
    if (entry === undefined || current === undefined) return { kind: 'not-found' }
    const refusal = refusalOf(current, expected)
    if (refusal !== undefined) return refusal
    return this.#store(entry, { ...this.#written(name, entry, by), values: [], removed: true }, 'removed', by)
  }

  async #write(
    name: string,
    entry: BucketEntry | undefined,
    text: ListText,
    by: WriteBy,
  ): Promise<ListOutcome> {
    const current = storedOf(entry)
    const record: ListRecord = { ...this.#written(name, entry, by), ...text }
    if (current !== undefined && sameText(current.record, text))
      return { kind: 'stored', change: 'unchanged', list: current }
    if (record.values.length > LIST_VALUES_MAX || Buffer.byteLength(JSON.stringify(record)) > LIST_BYTES_MAX)
      return invalid(
        'list-too-large',
        `the list ${name} would hold ${record.values.length} values; it takes ${LIST_VALUES_MAX}, in ${LIST_BYTES_MAX} bytes`,
        'take off what has expired, or split it and name both in the rule',
      )
    return this.#store(entry, record, current === undefined ? 'created' : 'updated', by)
  }

  async #store(
    entry: BucketEntry | undefined,
    record: ListRecord,
    change: 'created' | 'updated' | 'removed',
    by: WriteBy,
  ): Promise<ListOutcome> {
    if (by.dryRun === true)
      return { kind: 'stored', change, list: { record, revision: entry?.revision ?? 0 } }
    const revision = await this.#bucket.put(record.list, JSON.stringify(record), entry?.revision ?? 0)
    if (revision === undefined) return { kind: 'conflict', current: await this.get(record.list) }
    return { kind: 'stored', change, list: { record, revision } }
  }

  #written(list: string, entry: BucketEntry | undefined, by: WriteBy) {
    return {
      list,
      version: (readRecordOf<ListRecord>(entry?.value, 'list')?.version ?? 0) + 1,
      ...(by.author === undefined ? {} : { author: by.author }),
      ...(by.reason === undefined ? {} : { reason: by.reason }),
      at: new Date(this.#now()).toISOString(),
    }
  }
}

function storedOf(entry: BucketEntry | undefined): StoredList | undefined {
  const record = readRecordOf<ListRecord>(entry?.value, 'list')
  return entry === undefined || record === undefined || record.removed === true
    ? undefined
    : { record, revision: entry.revision }
}

function refusalOf(current: StoredList | undefined, expected: Expectation): ListOutcome | undefined {
  switch (expected.kind) {
    case 'any':
      return undefined
    case 'absent':
      return current === undefined ? undefined : { kind: 'conflict', current }
    case 'revision':
      return current?.revision === expected.revision ? undefined : { kind: 'conflict', current }
    case 'unstated':
      return current === undefined ? undefined : { kind: 'expectation-needed' }
    default:
      return expected satisfies never
  }
}

/** A number and the text that looks like it are two values. */
const keyOf = (value: string | number): string => `${typeof value} ${value}`

/** The last word on a value counts. */
const unique = (items: readonly ListItem[]): readonly ListItem[] => [
  ...new Map(items.map((item) => [keyOf(item.value), item])).values(),
]

const signed = ({ value, until, why }: ListItem, { author }: WriteBy): ListItem => ({
  value,
  ...(until === undefined ? {} : { until }),
  ...(why === undefined ? {} : { why }),
  ...(author === undefined ? {} : { author }),
})

const sameText = (record: ListRecord, text: ListText): boolean =>
  record.description === text.description &&
  record.owner === text.owner &&
  JSON.stringify(record.values) === JSON.stringify(text.values)

const invalid = (code: string, message: string, hint: string): ListOutcome => ({
  kind: 'invalid',
  problem: { code, severity: 'error', message, hint, at: { pointer: '/values' } },
})
