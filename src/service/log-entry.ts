import type { Msg, MsgHdrs } from '@nats-io/transport-node'
import { eventTime, type LogEntry, streamSequence } from '../engine/index.ts'

/** The entry of a delivered message; its payload is the message's own bytes. */
export function toEntry(
  message: Pick<Msg, 'subject' | 'data'> & { readonly headers?: MsgHdrs | undefined },
  sequence: number,
  storedAt: number,
): LogEntry {
  const entry = {
    sequence: streamSequence(sequence),
    subject: message.subject,
    ingestedAt: eventTime(storedAt),
    payload: message.data,
  }
  const { headers } = message
  if (headers === undefined) return entry
  const lower: Record<string, string> = {}
  for (const name of headers.keys()) lower[name.toLowerCase()] = headers.get(name)
  return { ...entry, headers: lower }
}
