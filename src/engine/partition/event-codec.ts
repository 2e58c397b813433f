import { type ContentMode, LoggedEvent } from '../decode/index.ts'
import { eventTime, streamSequence } from '../model/index.ts'
import type { RowReader, RowWriter } from './row-codec.ts'

const MODES: readonly ContentMode[] = ['plain', 'binary', 'structured']
const encoder = new TextEncoder()

/**
 * Appends an event to a row: its payload as it came, or as JSON where nobody kept the bytes. Returns where in the row the bytes stand;
 * -1 for JSON.
 */
export function writeEvent(writer: RowWriter, event: LoggedEvent): number {
  writer.uint(event.sequence)
  writer.uint(event.time)
  writer.uint(event.ingestedAt)
  writer.text(event.subject)
  writer.text(event.givenId ?? '')
  writer.text(event.attributes === undefined ? '' : JSON.stringify(event.attributes))
  if (event.bytes !== undefined) {
    writer.uint(MODES.indexOf(event.mode))
    writer.uint(event.length)
    const at = writer.length
    writer.raw(event.bytes, event.start, event.length)
    return at
  }
  const payload = encoder.encode(JSON.stringify(event.data))
  writer.uint(0)
  writer.uint(payload.length)
  writer.raw(payload, 0, payload.length)
  return -1
}

/** Reads one event, which keeps the reader's bytes; undefined when `wanted` refuses it. */
export function readEvent(
  reader: RowReader,
  wanted: (sequence: number, time: number) => boolean,
): LoggedEvent | undefined {
  const sequence = reader.uint()
  const time = reader.uint()
  const ingestedAt = reader.uint()
  const subject = reader.text()
  const id = reader.text()
  const attributes = reader.text()
  const mode = MODES[reader.uint()] ?? 'plain'
  const length = reader.uint()
  const start = reader.skip(length)
  if (!wanted(sequence, time)) return undefined
  const entry = {
    sequence: streamSequence(sequence),
    ingestedAt: eventTime(ingestedAt),
    subject,
  }
  const event = new LoggedEvent(entry, eventTime(time), {
    id: id === '' ? undefined : id,
    data: undefined,
    attributes: attributes === '' ? undefined : JSON.parse(attributes),
    mode,
  })
  event.bytes = reader.bytes
  event.start = start
  event.length = length
  return event
}
