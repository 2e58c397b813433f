import type { JsMsg } from '@nats-io/jetstream'
import { type Belonging, CONTROL_PREFIX, type JsonValue, type LogEntry } from '../../engine/index.ts'
import {
  ALERT_STATES_STREAM,
  ALERT_STREAM,
  type Broker,
  findStream,
  WEBHOOK_DEAD_LETTERS_STREAM,
} from '../broker/index.ts'
import { toEntry } from '../log-entry.ts'
import { readStream, storedAt } from '../stream-page.ts'
import { alertIdIn, isMadeOf, type MadeOfKey } from './made-of.ts'
import { eraseMessage } from './stream.ts'
import type { Tombstone } from './tombstones.ts'

/** What was found outside the input log. */
export interface EmittedCounts {
  readonly alerts: number
  readonly alertStates: number
  readonly webhookDeadLetters: number
}

const ERASE_SUBJECT = `${CONTROL_PREFIX}erase`
/** Messages looked at between two looks at the event loop; of one look nothing is long. */
const PAGE = 1_000

/** Finds the entries of the log that belong to the key or name it to be erased, up to `last`, and hands them over page by page. */
export async function findEntries(
  broker: Broker,
  log: {
    readonly stream: string
    readonly last: number
    readonly key: JsonValue
    readonly belonging: (entry: LogEntry) => Belonging | undefined
  },
  take: (found: readonly Tombstone[]) => Promise<void>,
): Promise<void> {
  await eachMessage(broker, log.stream, async (messages) => {
    const found: Tombstone[] = []
    for (const message of messages) {
      if (message.seq > log.last) break
      if (message.subject === ERASE_SUBJECT && isErasureOf(message, log.key))
        found.push({ sequence: message.seq, ingestedAt: storedAt(message) })
      if (message.subject.startsWith(CONTROL_PREFIX)) continue
      const entry = toEntry(message, message.seq, storedAt(message))
      const belonging = log.belonging(entry)
      if (belonging === undefined) continue
      const time = belonging.kind === 'event' ? { time: belonging.time } : {}
      found.push({
        sequence: entry.sequence,
        ingestedAt: entry.ingestedAt,
        event: { subject: entry.subject, ...time },
      })
    }
    await take(found)
    return (messages.at(-1)?.seq ?? 0) < log.last
  })
}

/** An older entry that says the same, or one that was written by hand: it holds the key, too. */
function isErasureOf(message: JsMsg, key: JsonValue): boolean {
  try {
    return JSON.stringify(message.json<{ readonly key?: JsonValue }>().key) === JSON.stringify(key)
  } catch {
    return false
  }
}

/** Counts what of the alert log, of people's sayings and of the webhooks' dead letters was made for the key. */
export async function countEmitted(broker: Broker, made: MadeOfKey): Promise<EmittedCounts> {
  return (await findEmitted(broker, made)).counts
}

/** Erases it. Sayings and dead letters go first: when the alerts are gone, nobody knows any more whose they were. */
export async function eraseEmitted(broker: Broker, made: MadeOfKey): Promise<EmittedCounts> {
  const { counts, states, deadLetters, alerts } = await findEmitted(broker, made)
  for (const sequence of states) await eraseMessage(broker, ALERT_STATES_STREAM, sequence)
  for (const sequence of deadLetters) await eraseMessage(broker, WEBHOOK_DEAD_LETTERS_STREAM, sequence)
  for (const sequence of alerts) await eraseMessage(broker, ALERT_STREAM, sequence)
  return counts
}

interface Emitted {
  readonly counts: EmittedCounts
  /** Sequences, each in its stream. */
  readonly alerts: readonly number[]
  readonly states: readonly number[]
  readonly deadLetters: readonly number[]
}

async function findEmitted(broker: Broker, made: MadeOfKey): Promise<Emitted> {
  const ids = new Set<string>()
  const alerts: number[] = []
  await eachMessage(broker, ALERT_STREAM, async (messages) => {
    for (const message of messages) {
      if (message.subject.startsWith('sequitur.marker.')) continue
      const text = message.string()
      if (!isMadeOf(text, made)) continue
      alerts.push(message.seq)
      const id = alertIdIn(text)
      if (id !== undefined) ids.add(id)
    }
    return true
  })
  const states: number[] = []
  await eachMessage(broker, ALERT_STATES_STREAM, async (messages) => {
    for (const { seq, subject } of messages)
      if (ids.has(subject.split('.').slice(2).join('.'))) states.push(seq)
    return true
  })
  const deadLetters: number[] = []
  await eachMessage(broker, WEBHOOK_DEAD_LETTERS_STREAM, async (messages) => {
    for (const message of messages) {
      const id = message.headers?.get('Sequitur-Alert') ?? ''
      if (ids.has(id) || isMadeOf(message.string(), made)) deadLetters.push(message.seq)
    }
    return true
  })
  const counts = {
    alerts: alerts.length,
    alertStates: states.length,
    webhookDeadLetters: deadLetters.length,
  }
  return { counts, alerts, states, deadLetters }
}

/** All messages of a stream as it is now, in pages, until `visit` says false; none where there is no such stream. */
async function eachMessage(
  broker: Broker,
  stream: string,
  visit: (messages: readonly JsMsg[]) => Promise<boolean>,
): Promise<void> {
  const end = (await findStream(broker, stream))?.state.last_seq ?? 0
  let from = 1
  while (from <= end) {
    const messages: JsMsg[] = []
    await readStream(broker.connection, { stream, from, max: PAGE }, (message) => {
      messages.push(message)
      return true
    })
    const last = messages.at(-1)
    if (last === undefined) return
    if (!(await visit(messages))) return
    from = last.seq + 1
  }
}
