import { CONTROL_PREFIX, type JsonValue, redacted } from '../../../engine/index.ts'
import { isConcreteSubject } from '../../subjects.ts'
import { problem, route } from '../route.ts'
import { startOf } from './stream-start.ts'

interface Tailed {
  readonly seq: number
  readonly subject: string
  readonly storedAt: number
  string(): string
}

interface TailQuery {
  readonly subject: string
  readonly from?: string
  readonly perSecond: number
}

const PAYLOAD_CHARACTERS_MAX = 16_384

export const EVENT_STREAM_ROUTES = [
  route<unknown, TailQuery, unknown>({
    method: 'GET',
    path: '/v1/events/stream',
    operation: 'streamEvents',
    tag: 'events',
    access: 'read',
    summary: 'Events as they come in (server-sent events)',
    description:
      'Event `event`; its id is the sequence in the input log. At most `perSecond` of them: the others are left out, and event `skipped` says how many. Values of redacted fields are hidden, and so is what is no JSON (`hidden`) where there are any.',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        subject: { type: 'string', maxLength: 256, default: '>', description: 'NATS subject filter.' },
        from: {
          type: 'string',
          pattern: '^\\d{1,15}$',
          description: 'First sequence to see; default: from now on.',
        },
        perSecond: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
      },
    },
    headers: {
      type: 'object',
      properties: {
        'last-event-id': {
          type: 'string',
          pattern: '^\\d{1,15}$',
          description: 'Sequence of the last event seen.',
        },
      },
    },
    responses: {
      200: {
        description: 'Lives until the caller goes.',
        types: { 'text/event-stream': { type: 'string', description: 'Server-sent events.' } },
      },
    },
    handle: async ({ query, headers, signal }, { input, investigation, now }) => {
      const redact = new Set(investigation.setup.redact)
      const { subject, perSecond } = query
      // With its wildcards replaced a filter is a subject, or it is none.
      if (
        subject !== '>' &&
        !isConcreteSubject(subject.replace(/(^|\.)>$/, '$1x').replace(/(^|\.)\*(?=\.|$)/g, '$1x'))
      )
        return problem(400, 'event-subject-not-accepted', 'subject is no NATS subject filter')
      const from = await startOf(input, headers['last-event-id'], query.from)
      let second = 0
      let sent = 0
      let skipped = 0
      return {
        kind: 'stream',
        run: (sink) =>
          input.follow({ filter: subject, signal, from }, async (message) => {
            if (message.subject.startsWith(CONTROL_PREFIX)) return
            const current = Math.floor(now() / 1000)
            if (current !== second) {
              second = current
              sent = 0
              if (skipped > 0) await sink.send({ event: 'skipped', data: { count: skipped } })
              skipped = 0
            }
            if (sent >= perSecond) {
              skipped += 1
              return
            }
            sent += 1
            await sink.send({ id: String(message.seq), event: 'event', data: viewOf(message, redact) })
          }),
      }
    },
  }),
]

/** The event as it came, without the values of redacted fields. What cannot be searched for them is not shown when there are any. */
function viewOf(message: Tailed, redact: ReadonlySet<string>): Record<string, unknown> {
  const text = message.string()
  const shown = {
    sequence: message.seq,
    subject: message.subject,
    storedAt: new Date(message.storedAt).toISOString(),
  }
  const isWhole = text.length <= PAYLOAD_CHARACTERS_MAX
  if (!isWhole && redact.size > 0) return { ...shown, hidden: true }
  if (!isWhole) return { ...shown, text: text.slice(0, PAYLOAD_CHARACTERS_MAX), cut: true }
  try {
    return { ...shown, data: redacted(JSON.parse(text) as JsonValue, redact) }
  } catch {
    return redact.size > 0 ? { ...shown, hidden: true } : { ...shown, text }
  }
}
