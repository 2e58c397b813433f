import { ServiceError } from '../service-error.ts'
import {
  type AuditEntry,
  type AuditRecord,
  FIRST_PREVIOUS,
  hashOf,
  readAuditRecord,
  sealed,
} from './record.ts'

export interface StoredText {
  readonly sequence: number
  readonly text: string
}

/** A log that only grows. */
export interface AuditStore {
  last(): Promise<StoredText | undefined>
  /** False: something else was appended behind `expectedLast` (0: to the empty log). */
  append(text: string, expectedLast: number): Promise<boolean>
  /** In order, from a sequence on. */
  read(from: number, max: number): Promise<readonly StoredText[]>
}

export interface AuditPage {
  readonly records: readonly AuditRecord[]
  /** Absent: there is no more. */
  readonly next?: number
}

export type AuditVerdict =
  | { readonly valid: true; readonly records: number; readonly head?: string }
  /** `broken`: number of the first record that is not as it was written, or not where it was. */
  | { readonly valid: false; readonly records: number; readonly broken: number; readonly why: string }

const ATTEMPTS_MAX = 20
const PAGE = 1_000

/** The hash chain over an append-only log. Several processes may write it: each record names the one before by sequence and hash. */
export class AuditLog {
  readonly #store: AuditStore
  readonly #now: () => number
  #turn: Promise<unknown> = Promise.resolve()

  constructor(store: AuditStore, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** Resolves when it is stored; entries of one process are stored in the order of the calls. */
  append(entry: AuditEntry): Promise<AuditRecord> {
    const mine = this.#turn.then(() => this.#append(entry))
    this.#turn = mine.catch(() => undefined)
    return mine
  }

  async #append(entry: AuditEntry): Promise<AuditRecord> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const last = await this.#store.last()
      // Behind a record that cannot be read the chain begins anew; `verify` names the place.
      const previous =
        last === undefined ? FIRST_PREVIOUS : (readAuditRecord(last.text)?.hash ?? FIRST_PREVIOUS)
      const number = (last?.sequence ?? 0) + 1
      const record = sealed({ ...entry, number, at: new Date(this.#now()).toISOString(), previous })
      if (await this.#store.append(JSON.stringify(record), number - 1)) return record
    }
    throw new ServiceError('audit-not-written', 'others write the audit log faster than this process can')
  }

  /** Oldest first, behind the cursor. */
  async page({ after, limit }: { readonly after: number; readonly limit: number }): Promise<AuditPage> {
    const texts = await this.#store.read(after + 1, limit + 1)
    const records = texts
      .slice(0, limit)
      .map(({ text }) => readAuditRecord(text))
      .filter((record) => record !== undefined)
    const last = texts[limit - 1]
    return texts.length > limit && last !== undefined ? { records, next: last.sequence } : { records }
  }

  /** Recomputes every hash. What was cut off at the end shows only to whoever kept a later `head`. */
  async verify(): Promise<AuditVerdict> {
    let previous = FIRST_PREVIOUS
    let records = 0
    for (;;) {
      const texts = await this.#store.read(records + 1, PAGE)
      for (const { sequence, text } of texts) {
        const why = faultOf(readAuditRecord(text), { sequence, expected: records + 1, previous })
        if (why !== undefined) return { valid: false, records, broken: records + 1, why }
        previous = readAuditRecord(text)?.hash ?? ''
        records += 1
      }
      if (texts.length < PAGE) return { valid: true, records, ...(records === 0 ? {} : { head: previous }) }
    }
  }
}

function faultOf(
  record: AuditRecord | undefined,
  place: { readonly sequence: number; readonly expected: number; readonly previous: string },
): string | undefined {
  if (place.sequence !== place.expected) return 'the record is missing'
  if (record === undefined) return 'it is not a record'
  if (record.number !== place.expected) return `it says that it is record ${record.number}`
  if (hashOf(record) !== record.hash) return 'it was changed: its hash is another'
  if (record.previous !== place.previous) return 'it does not follow the record before it'
  return undefined
}
