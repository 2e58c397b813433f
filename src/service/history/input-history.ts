import type { JsMsg } from '@nats-io/jetstream'
import { subjectCovers, subjectMatches } from '../../engine/index.ts'
import type { Broker } from '../broker/index.ts'
import { readStream, storedAt } from '../stream-page.ts'
import type { PlainEntry } from './trace-requests.ts'

export interface HistoryQuestion {
  readonly subjects: readonly string[]
  /** Milliseconds since 1970, by when the broker stored them. */
  readonly since: number
  readonly until: number
}

export interface HistoryPart {
  /** In the order of the log; ticks and list changes between the events. */
  readonly entries: readonly PlainEntry[]
  /** The limit that ended reading before `until`, and where. */
  readonly cut?: { readonly limit: 'events' | 'bytes' | 'entries'; readonly max: number; readonly at: string }
}

/** What the input log still holds. */
export interface InputHistory {
  read(question: HistoryQuestion): Promise<HistoryPart>
  entry(sequence: number): Promise<PlainEntry | undefined>
}

export interface HistoryLimits {
  readonly eventsMax: number
  readonly bytesMax: number
  /** Events, ticks and everything else that is read. */
  readonly entriesMax: number
}

export const HISTORY_LIMITS: HistoryLimits = {
  eventsMax: 50_000,
  bytesMax: 16 * 1024 * 1024,
  entriesMax: 500_000,
}

const TICK = 'sequitur.log.tick'
const LIST = 'sequitur.log.list'
const CONTROLS = [TICK, LIST, 'sequitur.log.erase']

export function natsInputHistory(
  broker: Broker,
  stream: string,
  limits: HistoryLimits = HISTORY_LIMITS,
): InputHistory {
  return {
    read: (question) => readHistory(broker, stream, question, limits),
    entry: async (sequence) => {
      const stored = await broker.manager.streams.getMessage(stream, { seq: sequence }).catch(() => null)
      if (stored === null) return undefined
      const { subject, data, header, timestamp } = stored
      return plainEntry(sequence, subject, Date.parse(timestamp), data, header)
    },
  }
}

async function readHistory(
  broker: Broker,
  stream: string,
  { subjects, since, until }: HistoryQuestion,
  limits: HistoryLimits,
): Promise<HistoryPart> {
  const entries: PlainEntry[] = []
  // Lists hold what was said of them before as well.
  await readStream(broker.connection, { stream, filter: LIST, from: 1, max: limits.eventsMax }, (message) => {
    if (storedAt(message) >= since) return false
    entries.push(entryOf(message))
    return true
  })
  let events = 0
  let bytes = 0
  let read = 0
  let cut: HistoryPart['cut']
  const filters = withoutCovered([...subjects, ...CONTROLS])
  const page = { stream, from: { time: since }, max: Number.MAX_SAFE_INTEGER }
  const visit = (message: JsMsg): boolean => {
    const at = storedAt(message)
    if (at > until) return false
    read += 1
    const isControl = CONTROLS.includes(message.subject)
    if (!isControl && !subjects.some((filter) => subjectMatches(filter, message.subject)))
      return read < limits.entriesMax
    // One tick after another says no more than the last.
    if (message.subject === TICK && entries.at(-1)?.subject === TICK) entries.pop()
    if (!isControl) events += 1
    bytes += message.data.length
    const limit =
      events > limits.eventsMax
        ? 'events'
        : bytes > limits.bytesMax
          ? 'bytes'
          : read > limits.entriesMax
            ? 'entries'
            : undefined
    if (limit !== undefined) {
      cut = { limit, max: limits[`${limit}Max`], at: new Date(at).toISOString() }
      return false
    }
    entries.push(entryOf(message))
    return true
  }
  await readStream(broker.connection, filters === undefined ? page : { ...page, filters }, visit)
  return cut === undefined ? { entries } : { entries, cut }
}

/** A consumer takes no filters that overlap: undefined when two do and neither covers the other. */
function withoutCovered(filters: readonly string[]): readonly string[] | undefined {
  const distinct = [...new Set(filters)]
  const kept = distinct.filter(
    (filter) => !distinct.some((other) => other !== filter && subjectCovers(other, filter)),
  )
  const overlaps = kept.some((filter, index) => kept.slice(index + 1).some((other) => canMeet(filter, other)))
  return overlaps ? undefined : kept
}

/** Whether one subject can fit both filters. */
function canMeet(left: string, right: string): boolean {
  const one = left.split('.')
  const other = right.split('.')
  for (let index = 0; index < Math.max(one.length, other.length); index++) {
    const [a, b] = [one[index], other[index]]
    if (a === '>' || b === '>') return a !== undefined && b !== undefined
    if (a === undefined || b === undefined) return false
    if (a !== '*' && b !== '*' && a !== b) return false
  }
  return true
}

const entryOf = (message: JsMsg): PlainEntry =>
  plainEntry(message.seq, message.subject, storedAt(message), message.data, message.headers)

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function plainEntry(
  sequence: number,
  subject: string,
  ingestedAt: number,
  data: Uint8Array,
  headers: JsMsg['headers'],
): PlainEntry {
  const entry = { sequence, subject, ingestedAt, ...payloadOf(data) }
  if (headers === undefined || headers.keys().length === 0) return entry
  const lower: Record<string, string> = {}
  for (const name of headers.keys()) lower[name.toLowerCase()] = headers.get(name)
  return { ...entry, headers: lower }
}

function payloadOf(data: Uint8Array): { readonly text: string } | { readonly base64: string } {
  try {
    return { text: utf8.decode(data) }
  } catch {
    return { base64: Buffer.from(data).toString('base64') }
  }
}
