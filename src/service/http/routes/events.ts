import type { Problem } from '../../../engine/index.ts'
import { isConcreteSubject, isReservedSubject, subjectMatches } from '../../subjects.ts'
import { depthOf, parseJson } from '../body.ts'
import type { IncomingEvent } from '../event-intake.ts'
import { problemEntry } from '../problem.ts'
import { type Answer, type Call, data, problem, route, type TextBody } from '../route.ts'
import { ref } from '../schemas/index.ts'

const EVENTS_MAX = 10_000
const ID_CHARACTERS_MAX = 256

const EVENT = {
  type: 'object',
  description:
    'With a subject in the query or header: the event itself. Without: `subject`, `data` and, if wanted, `id`.',
}

interface EventsQuery {
  readonly subject?: string
}

export const EVENT_ROUTES = [
  route<unknown, EventsQuery, TextBody>({
    method: 'POST',
    path: '/v1/events',
    operation: 'storeEvents',
    tag: 'events',
    access: 'ingest',
    summary: 'Store one or many events in the input log',
    description:
      'One JSON object, an array of them, or NDJSON. Answers when the broker has stored each: 200 when all are, 207 when some are, 422 when none is. An event with an id (its own `id`, or Idempotency-Key) that the log got within the last two minutes is not stored twice.',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        subject: { type: 'string', maxLength: 256, description: 'Subject of all events of the body.' },
      },
    },
    headers: {
      type: 'object',
      properties: {
        'sequitur-subject': { type: 'string', maxLength: 256, description: 'As the query parameter.' },
        'idempotency-key': {
          type: 'string',
          maxLength: ID_CHARACTERS_MAX,
          pattern: '^[\\x21-\\x7e]+$',
          description: 'Events without an id of their own get this and their index.',
        },
        traceparent: {
          type: 'string',
          maxLength: 64,
          description: 'W3C trace context; handed on with each event.',
        },
      },
    },
    body: {
      kind: 'text',
      bytesMax: 'events',
      types: {
        'application/json': { oneOf: [EVENT, { type: 'array', items: EVENT, maxItems: EVENTS_MAX }] },
        'application/x-ndjson': { type: 'string', description: 'One event per line.' },
        'application/cloudevents+json': {
          type: 'object',
          description: 'One CloudEvent; the subject stands in the query.',
        },
        'application/cloudevents-batch+json': {
          type: 'array',
          items: { type: 'object' },
          maxItems: EVENTS_MAX,
        },
      },
    },
    responses: {
      200: { description: 'All are stored.', schema: ref('EventsStored') },
      207: { description: 'Some are stored; errors names the others.', schema: ref('EventsStored') },
    },
    problems: [422],
    handle: async (call, { intake, metrics }) => {
      const read = readEvents(call)
      if (read.kind === 'problem') return read
      const subjects = await intake.subjects()
      const accepted: Array<{
        readonly index: number
        readonly event: IncomingEvent
        readonly place: Place
      }> = []
      const errors: Problem[] = []
      for (const [index, item] of read.items.entries()) {
        const event = eventOf(item, index, call, intake.payloadBytesMax)
        const fault = 'code' in event ? event : faultOfSubject(event.subject, subjects)
        if (fault !== undefined) errors.push({ ...fault, severity: 'error', at: item.place })
        else if (!('code' in event)) accepted.push({ index, event, place: item.place })
      }
      const outcomes = await intake.store(accepted.map(({ event }) => event))
      const results = []
      for (const [at, outcome] of outcomes.entries()) {
        const { index = 0, place = {} } = accepted[at] ?? {}
        if (outcome.ok) results.push({ index, sequence: outcome.sequence, duplicate: outcome.duplicate })
        else errors.push({ code: outcome.code, severity: 'error', message: outcome.message, at: place })
      }
      const duplicates = results.filter(({ duplicate }) => duplicate).length
      metrics.eventsIn('stored', results.length - duplicates)
      metrics.eventsIn('duplicate', duplicates)
      metrics.eventsIn('refused', errors.length)
      if (results.length === 0)
        return errors.some(({ code }) => code === 'event-not-stored')
          ? problem(503, 'event-not-stored', 'no event is known to be stored', { errors })
          : problem(422, 'events-not-accepted', 'no event was stored', { errors })
      const body = {
        stored: results.length - duplicates,
        duplicates,
        refused: errors.length,
        results,
        errors: errors.map(problemEntry),
      }
      return data(body, errors.length === 0 ? 200 : 207)
    },
  }),
]

type Place = Problem['at']
type Fault = Pick<Problem, 'code' | 'message' | 'hint'>

interface Item {
  /** Undefined: the line is not JSON; `fault` says why. */
  readonly value: unknown
  /** As it was sent, where that is known. */
  readonly text: string | undefined
  readonly place: Place
  readonly fault?: Fault
}

type ReadEvents =
  | { readonly kind: 'items'; readonly items: readonly Item[] }
  | Extract<Answer, { kind: 'problem' }>

function readEvents({ body }: Call<unknown, EventsQuery, TextBody>): ReadEvents {
  if (body.type === 'application/x-ndjson') {
    const lines = body.text.split('\n').map((text, index) => ({ text: text.trim(), line: index + 1 }))
    return tooMany(
      lines
        .filter(({ text }) => text !== '')
        .map(({ text, line }) => {
          const parsed = parseJson(text)
          return parsed.ok
            ? { value: parsed.body, text, place: { line } }
            : {
                value: undefined,
                text,
                place: { line },
                fault: { code: parsed.problem.code, message: parsed.problem.detail },
              }
        }),
    )
  }
  const parsed = parseJson(body.text)
  if (!parsed.ok) return { kind: 'problem', problem: parsed.problem }
  const value = parsed.body
  const batch = body.type === 'application/cloudevents-batch+json'
  if (batch && !Array.isArray(value))
    return refuse('value-not-accepted', 'a batch of CloudEvents is an array')
  return Array.isArray(value) && body.type !== 'application/cloudevents+json'
    ? tooMany(value.map((item, index) => ({ value: item, text: undefined, place: { pointer: `/${index}` } })))
    : { kind: 'items', items: [{ value, text: body.text, place: { pointer: '' } }] }
}

function tooMany(items: readonly Item[]): ReadEvents {
  if (items.length === 0) return refuse('events-missing', 'there is no event in the body')
  if (items.length > EVENTS_MAX)
    return refuse('events-too-many', `a request takes at most ${EVENTS_MAX} events`)
  return { kind: 'items', items }
}

const refuse = (code: string, detail: string): ReadEvents => ({
  kind: 'problem',
  problem: { status: 422, code, detail },
})

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const own = (value: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(value, name) ? value[name] : undefined

/** The event to publish, or what is wrong with it. */
function eventOf(
  item: Item,
  index: number,
  call: Call<unknown, EventsQuery, TextBody>,
  payloadBytesMax: number,
): IncomingEvent | Fault {
  if (item.fault !== undefined) return item.fault
  const { value } = item
  if (!isObject(value)) return { code: 'event-not-object', message: 'an event is a JSON object' }
  const cloudEvent = call.body.type.startsWith('application/cloudevents')
  const shared = call.query.subject ?? call.headers['sequitur-subject']
  const enveloped = shared === undefined && !cloudEvent
  const subject = shared ?? (enveloped ? own(value, 'subject') : undefined)
  if (typeof subject !== 'string')
    return {
      code: 'event-subject-missing',
      message: 'nothing says on which subject the event belongs',
      hint: 'add ?subject=…, or send { "subject": …, "data": … }',
    }
  const data = enveloped ? own(value, 'data') : value
  if (!isObject(data))
    return {
      code: 'event-not-object',
      message: 'data is a JSON object',
      hint: 'send { "subject": …, "data": { … } }',
    }
  const payload = enveloped || item.text === undefined ? JSON.stringify(data) : item.text.trim()
  if (Buffer.byteLength(payload) > payloadBytesMax)
    return { code: 'event-too-large', message: `an event has at most ${payloadBytesMax} bytes` }
  if (depthOf(payload) > 32) return { code: 'body-too-deep', message: 'the event is nested deeper than 32' }
  const id = idOf(value, { enveloped, cloudEvent, index, key: call.headers['idempotency-key'] })
  if (id !== undefined && !/^[\x21-\x7e]{1,256}$/.test(id))
    return { code: 'event-id-not-accepted', message: 'an id has 1 to 256 printable ASCII characters' }
  const headers: Record<string, string> = {}
  const trace = call.headers['traceparent']
  if (trace !== undefined) headers['traceparent'] = trace
  if (cloudEvent) headers['content-type'] = 'application/cloudevents+json'
  return {
    subject,
    payload,
    ...(id === undefined ? {} : { id }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  }
}

function idOf(
  value: Readonly<Record<string, unknown>>,
  from: { enveloped: boolean; cloudEvent: boolean; index: number; key: string | undefined },
): string | undefined {
  const id = from.enveloped || from.cloudEvent ? own(value, 'id') : undefined
  if (id !== undefined) {
    // The id of a CloudEvent is unique within its source.
    const source = from.cloudEvent ? own(value, 'source') : undefined
    return typeof source === 'string' ? `${source}/${String(id)}` : String(id)
  }
  return from.key === undefined ? undefined : `${from.key}.${from.index}`
}

function faultOfSubject(subject: string, taken: readonly string[]): Fault | undefined {
  if (!isConcreteSubject(subject))
    return {
      code: 'event-subject-not-accepted',
      message: `${JSON.stringify(subject.slice(0, 80))} is no subject to publish to`,
    }
  if (isReservedSubject(subject))
    return { code: 'event-subject-reserved', message: `${subject} is one of Sequitur's own subjects` }
  if (taken.some((filter) => subjectMatches(filter, subject))) return undefined
  return {
    code: 'event-subject-not-fed',
    message: `the input log takes nothing on ${subject}`,
    hint: `it takes ${taken.join(', ') || 'nothing'}; add the subject to input.subjects`,
  }
}
