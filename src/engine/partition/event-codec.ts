import { type ContentMode, LoggedEvent, redecode } from '../decode/index.ts'
import { eventTime, streamSequence } from '../model/index.ts'
import type { RowReader, RowWriter } from './row-codec.ts'

const MODES: readonly ContentMode[] = ['plain', 'binary', 'structured']
const encoder = new TextEncoder()

/** Appends an event to a segment: its payload as it came, or as JSON when those bytes are gone. */
export function writeEvent(writer: RowWriter, event: LoggedEvent): void {
  writer.uint(event.sequence)
  writer.uint(event.time)
  writer.uint(event.ingestedAt)
  writer.text(event.subject)
  writer.text(event.givenId ?? '')
  writer.text(event.attributes === undefined ? '' : JSON.stringify(event.attributes))
  if (event.bytes !== undefined) {
    writer.uint(MODES.indexOf(event.mode))
    writer.uint(event.length)
    writer.raw(event.bytes, event.start, event.length)
    return
  }
  const payload = encoder.encode(JSON.stringify(event.data))
  writer.uint(0)
  writer.uint(payload.length)
  writer.raw(payload, 0, payload.length)
}

/** Reads one event; undefined when `wanted` refuses it (its payload is not parsed then). */
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
  const payload = reader.raw(reader.uint())
  if (!wanted(sequence, time)) return undefined
  const entry = {
    sequence: streamSequence(sequence),
    ingestedAt: eventTime(ingestedAt),
    subject,
  }
  return new LoggedEvent(entry, eventTime(time), {
    id: id === '' ? undefined : id,
    data: redecode(payload, mode),
    attributes: attributes === '' ? undefined : JSON.parse(attributes),
    mode: mode === 'structured' ? 'plain' : mode,
  })
}
