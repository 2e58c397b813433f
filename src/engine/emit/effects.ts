import type { DeadLetter, LoggedEvent } from '../decode/index.ts'
import type { JsonObject, JsonValue } from '../model/index.ts'
import type { Effect, LogEntry } from '../partition/contract.ts'
import { hexDigest } from './identity.ts'
import { isoTime } from './iso-time.ts'
import { redacted } from './redaction.ts'

/** An effect before the partition numbers it. */
export type NewEffect = Omit<Effect, 'number'>

export interface Disclosure {
  /** Field names whose values never leave. */
  readonly redact: ReadonlySet<string>
  readonly payloadCharactersMax: number
}

const HEAD_BYTES = 256
const lossy = new TextDecoder('utf-8')

/** An event that came after the watermark had passed its time. */
export function lateEffect(
  event: LoggedEvent,
  options: { readonly partition: number; readonly watermark: number; readonly disclosure: Disclosure },
): NewEffect {
  const payload = {
    reason: 'late',
    subject: event.subject,
    sequence: event.sequence,
    id: event.id,
    time: isoTime(event.time),
    ingested_at: isoTime(event.ingestedAt),
    watermark: isoTime(options.watermark),
    late_by_ms: options.watermark - event.time,
    ...disclose(event.data, options.disclosure),
  }
  return {
    kind: 'late',
    subject: `sequitur.late.${options.partition}`,
    id: `late.${event.sequence}`,
    payload: JSON.stringify(payload),
    time: event.time,
  }
}

/** An entry that could not become an event. */
export function deadLetterEffect(
  entry: LogEntry,
  letter: DeadLetter,
  options: { readonly partition: number; readonly disclosure: Disclosure },
): NewEffect {
  const { disclosure } = options
  const shown =
    letter.data === undefined ? discloseBytes(entry.payload, disclosure) : disclose(letter.data, disclosure)
  const payload = {
    reason: letter.reason,
    message: letter.message,
    subject: entry.subject,
    sequence: entry.sequence,
    ingested_at: isoTime(entry.ingestedAt),
    bytes: entry.payload.length,
    sha256: hexDigest(entry.payload),
    ...shown,
  }
  return {
    kind: 'dead-letter',
    subject: `sequitur.dead-letter.${options.partition}`,
    id: `dead-letter.${entry.sequence}`,
    payload: JSON.stringify(payload),
    time: entry.ingestedAt,
  }
}

/** Something operators should know that is no alert: a limit reached, a rule quarantined, partial matches dropped. */
export function noticeEffect(
  code: string,
  detail: JsonObject,
  options: { readonly partition: number; readonly number: number; readonly time: Effect['time'] },
): NewEffect {
  return {
    kind: 'notice',
    subject: `sequitur.notice.${options.partition}`,
    // The running number is itself a function of the log.
    id: `notice.${options.partition}.${options.number}`,
    payload: JSON.stringify({ code, time: isoTime(options.time), ...detail }),
    time: options.time,
  }
}

function disclose(data: JsonValue, disclosure: Disclosure): { payload?: JsonValue; payload_head?: string } {
  const text = JSON.stringify(data)
  if (text.length > disclosure.payloadCharactersMax) {
    // A cut text cannot be searched for fields: with anything to hide, nothing of it is shown.
    return disclosure.redact.size > 0 ? {} : { payload_head: wellFormedHead(text) }
  }
  return { payload: redacted(data, disclosure.redact) }
}

function discloseBytes(bytes: Uint8Array, disclosure: Disclosure): { payload_head?: string } {
  if (disclosure.redact.size > 0 || bytes.length === 0) return {}
  return { payload_head: lossy.decode(bytes.subarray(0, HEAD_BYTES)) }
}

const wellFormedHead = (text: string): string => text.slice(0, HEAD_BYTES).toWellFormed()
