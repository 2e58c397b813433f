import { jetstream, type StreamInfo } from '@nats-io/jetstream'
import {
  ERASED_SUBJECT,
  type ErasedEntry,
  eventTime,
  type LogEntry,
  streamSequence,
} from '../../engine/index.ts'
import { type Broker, findStream } from '../broker/index.ts'
import { readStream } from '../stream-page.ts'
import { subjectMatches } from '../subjects.ts'
import { ERASURE_STREAM, erasureSubjects, partsOfSubject, TOMBSTONE_FILTER } from './stream.ts'

/** What is left of an entry of the input log that was erased: where it stood and what it did to time. */
export interface Tombstone extends ErasedEntry {
  readonly sequence: number
  /** Milliseconds since 1970. */
  readonly ingestedAt: number
}

interface TombstonePage {
  /** `logOf` the input log: sequences of another one mean other entries. */
  readonly log: string
  readonly tombstones: readonly Tombstone[]
}

export const TOMBSTONES_PER_PAGE = 1_000

/** A stream as it was created: one that is made anew under its name is another. */
export const logOf = ({ config, created }: Pick<StreamInfo, 'config' | 'created'>): string =>
  `${config.name} ${created}`

/** Stored before the entries go: whoever meets the gap must find why. */
export async function writeTombstones(
  broker: Broker,
  log: string,
  erasure: { readonly id: string; readonly page: number; readonly tombstones: readonly Tombstone[] },
): Promise<void> {
  const page: TombstonePage = { log, tombstones: erasure.tombstones }
  const client = jetstream(broker.connection, { timeout: 5_000 })
  await client.publish(erasureSubjects.tombstones(erasure.id, erasure.page), JSON.stringify(page))
}

/** The tombstones of an input log, by sequence. Read when they are needed, and only what is new of them. */
export class Tombstones {
  readonly #broker: Broker
  readonly #stream: string
  readonly #bySequence = new Map<number, Tombstone>()
  #sorted: readonly Tombstone[] = []
  /** Of the stream of erasures. */
  #read = 0

  constructor(broker: Broker, stream: string) {
    this.#broker = broker
    this.#stream = stream
  }

  /** Reads what was written since the last call. */
  async load(): Promise<void> {
    const last = (await findStream(this.#broker, ERASURE_STREAM))?.state.last_seq ?? 0
    if (last <= this.#read) return
    const input = await findStream(this.#broker, this.#stream)
    const log = input === undefined ? '' : logOf(input)
    await readStream(
      this.#broker.connection,
      {
        stream: ERASURE_STREAM,
        filter: TOMBSTONE_FILTER,
        from: this.#read + 1,
        max: Number.MAX_SAFE_INTEGER,
      },
      (message) => {
        const page = message.json<TombstonePage>()
        if (page.log === log)
          for (const tombstone of page.tombstones) this.#bySequence.set(tombstone.sequence, tombstone)
        return true
      },
    )
    this.#read = last
    this.#sorted = [...this.#bySequence.values()].sort((left, right) => left.sequence - right.sequence)
  }

  /** Whether every sequence from `first` to `last` was erased on purpose. */
  cover(first: number, last: number): boolean {
    for (let sequence = first; sequence <= last; sequence++) if (!this.#bySequence.has(sequence)) return false
    return true
  }

  /** What stands in the log's place of the erased entries from `first` to `last`; with filters, of the events that they take. */
  entries(first: number, last: number, subjects: readonly string[] = []): LogEntry[] {
    const entries: LogEntry[] = []
    for (let at = this.#placeOf(first); at < this.#sorted.length; at++) {
      const tombstone = this.#sorted[at] as Tombstone
      if (tombstone.sequence > last) break
      const { event } = tombstone
      const isWanted =
        subjects.length === 0 ||
        (event !== undefined && subjects.some((filter) => subjectMatches(filter, event.subject)))
      if (isWanted) entries.push(entryOf(tombstone))
    }
    return entries
  }

  #placeOf(sequence: number): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#sorted[middle] as Tombstone).sequence < sequence) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** What an erasure has erased of the log or is about to, by sequence. */
export async function tombstonesOf(broker: Broker, log: string, id: string): Promise<Map<number, Tombstone>> {
  const found = new Map<number, Tombstone>()
  await readStream(
    broker.connection,
    { stream: ERASURE_STREAM, filter: TOMBSTONE_FILTER, from: 1, max: Number.MAX_SAFE_INTEGER },
    (message) => {
      const [, of] = partsOfSubject(message.subject)
      const page = message.json<TombstonePage>()
      if (of === id && page.log === log)
        for (const tombstone of page.tombstones) found.set(tombstone.sequence, tombstone)
      return true
    },
  )
  return found
}

const encoder = new TextEncoder()

function entryOf({ sequence, ingestedAt, event }: Tombstone): LogEntry {
  return {
    sequence: streamSequence(sequence),
    subject: ERASED_SUBJECT,
    ingestedAt: eventTime(ingestedAt),
    payload: encoder.encode(JSON.stringify(event === undefined ? {} : { event })),
  }
}
