import type { EventTime, JsonObject, JsonValue } from '../model/index.ts'
import { eventTime } from '../model/index.ts'
import type { LogEntry } from '../partition/contract.ts'
import { attributesOfEnvelope, attributesOfHeaders, contentMode } from './attributes.ts'
import type { DeadLetterReason } from './codes.ts'
import { type Content, LoggedEvent } from './logged-event.ts'
import { type PayloadFault, type PayloadLimits, payloadFault } from './payload-check.ts'
import type { ResolvedSource, ResolvedTimestamp } from './source.ts'
import { readTimestamp } from './timestamp.ts'
import { utf8 } from './utf8.ts'

export interface DeadLetter {
  readonly reason: DeadLetterReason
  readonly message: string
  /** The parsed payload, when parsing was not the problem. */
  readonly data?: JsonValue
}

type ParsedContent = Content & { readonly data: JsonObject }

/** The event of an entry, or why there is none. Never throws, whatever the bytes are. */
export function decodeEvent(
  entry: LogEntry,
  source: ResolvedSource,
  limits: PayloadLimits,
): LoggedEvent | DeadLetter {
  const content = readContent(entry, limits)
  if ('reason' in content) return content
  const time = source.timestamp === undefined ? entry.ingestedAt : timeOf(content, source.timestamp)
  if (time === undefined) {
    const message = `no ISO 8601 text or number in '${source.timestamp?.path.join('.')}'`
    return { reason: 'time-unreadable', message, data: content.data }
  }
  if (time < 0)
    return { reason: 'time-negative', message: 'the event time is before 1970', data: content.data }
  if (time > entry.ingestedAt + source.maxAheadMs) {
    const message = `the event time is ${time - entry.ingestedAt} ms ahead of the broker's clock`
    return { reason: 'time-ahead', message, data: content.data }
  }
  return new LoggedEvent(entry, time, content)
}

function readContent(entry: LogEntry, limits: PayloadLimits): ParsedContent | DeadLetter {
  const { payload, headers } = entry
  if (payload.length > limits.payloadBytesMax) {
    const message = `${payload.length} bytes; at most ${limits.payloadBytesMax} are read`
    return { reason: 'payload-too-large', message }
  }
  if (payload.length === 0) return { reason: 'payload-empty', message: 'no payload' }
  let text: string
  try {
    text = utf8.decode(payload)
  } catch {
    return { reason: 'payload-not-utf8', message: 'not UTF-8' }
  }
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
  } catch {
    return { reason: 'payload-not-json', message: 'not JSON' }
  }
  const fault = payloadFault(value, limits)
  if (fault !== undefined) return { reason: fault, message: faultMessage(fault, limits) }
  if (!isObject(value)) {
    return { reason: 'payload-not-an-object', message: 'an event is a JSON object', data: value }
  }
  if (headers === undefined) return { data: value, mode: 'plain', attributes: undefined, id: undefined }
  return withHeaders(value, headers)
}

function withHeaders(
  value: JsonObject,
  headers: Readonly<Record<string, string>>,
): ParsedContent | DeadLetter {
  const mode = contentMode(headers)
  const messageId = headers['nats-msg-id']
  if (mode !== 'structured') {
    const attributes = attributesOfHeaders(headers)
    return { data: value, mode, attributes, id: headers['ce-id'] ?? messageId }
  }
  const data = Object.hasOwn(value, 'data') ? value['data'] : undefined
  if (!isObject(data)) {
    const message = 'the CloudEvent has no `data` object'
    return { reason: 'payload-not-an-object', message, data: value }
  }
  const attributes = attributesOfEnvelope(value)
  return { data, mode, attributes, id: attributes['id'] ?? messageId }
}

function timeOf(content: ParsedContent, timestamp: ResolvedTimestamp): EventTime | undefined {
  let value: JsonValue | undefined = timestamp.from === 'payload' ? content.data : (content.attributes ?? {})
  for (const name of timestamp.path) {
    value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  }
  const time = readTimestamp(value, timestamp.unitMs)
  return time === undefined ? undefined : eventTime(time)
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function faultMessage(fault: PayloadFault, limits: PayloadLimits): string {
  switch (fault) {
    case 'payload-too-deep':
      return `nested deeper than ${limits.depthMax}`
    case 'payload-too-many-members':
      return `more than ${limits.membersMax} members`
    case 'number-not-finite':
      return 'a number is too large for a double'
  }
}
