import type { EventLook, JsonValue, Trace, TraceSetup } from '../../engine/index.ts'
import type { HistoryPart, InputHistory } from './input-history.ts'
import type { PlainEntry, TracedText } from './trace-requests.ts'
import type { Traced, Tracer } from './tracer.ts'

export interface WhyQuestion {
  readonly rule: TracedText
  /** Absent: that of the event. */
  readonly key: JsonValue | undefined
  /** Sequence of an event in the input log: the time around it is looked at. */
  readonly event: number | undefined
  readonly since: number | undefined
  readonly until: number | undefined
  readonly now: number
}

export interface WhyAnswer extends Trace {
  readonly since: string
  readonly until: string
  /** Events of the rule's subjects that were looked at, of all keys. */
  readonly read: number
  /** Why not all of the span was looked at. */
  readonly historyCut?: HistoryPart['cut']
}

export type Investigation =
  | Traced<WhyAnswer>
  | { readonly kind: 'no-event' }
  /** The rule does not read the event, or it has no usable key. */
  | { readonly kind: 'no-key'; readonly reason: string }

export interface InvestigationPorts {
  readonly history: InputHistory
  readonly tracer: Tracer
  readonly setup: TraceSetup
}

const SPAN_MS_MIN = 3_600_000
/** What goes to the child at once: serialising it must not hold the loop. */
const CHUNK_ENTRIES = 500
const CHUNK_CHARACTERS = 256 * 1024

let sessions = 0

/** Reads what the rule reads and runs the rule over it. */
export async function investigate(question: WhyQuestion, ports: InvestigationPorts): Promise<Investigation> {
  const { history, tracer } = ports
  const reads = await tracer.ask({ kind: 'reads', rule: question.rule })
  if (reads.kind !== 'done') return reads
  const event = question.event === undefined ? undefined : await history.entry(question.event)
  if (question.event !== undefined && event === undefined) return { kind: 'no-event' }
  let { key } = question
  if (key === undefined) {
    const look = event === undefined ? undefined : await lookAt(event, question.rule, ports)
    if (look?.kind === 'no-key' || look === undefined)
      return look ?? { kind: 'no-key', reason: 'no key and no event' }
    if (look.kind !== 'done') return look
    key = look.value
  }
  const span = Math.max(SPAN_MS_MIN, reads.value.longestMs ?? 0)
  const until =
    question.until ?? (event === undefined ? question.now : Math.min(question.now, event.ingestedAt + span))
  const since = question.since ?? (event?.ingestedAt ?? until) - span
  const part = await history.read({ subjects: reads.value.subjects, since, until })
  const traced = await inTurn(tracer, () => trace(part, { ...question, key, until }, ports))
  if (traced.kind !== 'done') return traced
  const value: WhyAnswer = {
    ...traced.value,
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    read: part.entries.filter(({ subject }) => !subject.startsWith('sequitur.')).length,
    ...(part.cut === undefined ? {} : { historyCut: part.cut }),
  }
  return { kind: 'done', value }
}

/** Hands over the history in parts and has it traced. */
async function trace(
  part: HistoryPart,
  question: { readonly rule: TracedText; readonly key: JsonValue; readonly until: number },
  { tracer, setup }: InvestigationPorts,
): Promise<Traced<Trace>> {
  const session = ++sessions
  for (const entries of chunks(part.entries)) {
    const sent = await tracer.ask({ kind: 'entries', session, entries })
    if (sent.kind !== 'done') return sent
  }
  const until = endOf(part, question.until)
  const count = part.entries.length
  const { rule, key } = question
  const traced = await tracer.ask({ kind: 'trace', session, count, rule, setup, key, until })
  if (traced.kind !== 'done') return traced
  return traced.value === null ? { kind: 'busy' } : { kind: 'done', value: traced.value }
}

const TURNS_MAX = 16
const turns = new WeakMap<Tracer, { last: Promise<unknown>; waiting: number }>()

/** One history at a time: the child keeps the parts of one. */
async function inTurn<T>(tracer: Tracer, run: () => Promise<Traced<T>>): Promise<Traced<T>> {
  const turn = turns.get(tracer) ?? { last: Promise.resolve(), waiting: 0 }
  turns.set(tracer, turn)
  if (turn.waiting >= TURNS_MAX) return { kind: 'busy' }
  turn.waiting += 1
  const mine = turn.last.then(run, run)
  turn.last = mine.catch(() => undefined)
  try {
    return await mine
  } finally {
    turn.waiting -= 1
  }
}

/** Time goes on no further than what was read. */
const endOf = ({ cut, entries }: HistoryPart, until: number): number =>
  cut === undefined ? until : (entries.at(-1)?.ingestedAt ?? until)

async function lookAt(
  entry: PlainEntry,
  rule: TracedText,
  { tracer, setup }: InvestigationPorts,
): Promise<
  Exclude<Traced<JsonValue>, { kind: 'refused' }> | { readonly kind: 'no-key'; readonly reason: string }
> {
  const looked = await tracer.ask({ kind: 'look', rules: [rule], entry, setup })
  if (looked.kind === 'refused') return { kind: 'no-key', reason: 'the rule does not compile' }
  if (looked.kind !== 'done') return looked
  const look: EventLook | string | null = looked.value[0] ?? null
  if (look === null) return { kind: 'no-key', reason: `the rule does not read ${entry.subject}` }
  if (typeof look === 'string') return { kind: 'no-key', reason: look }
  return look.keyValue === undefined
    ? { kind: 'no-key', reason: 'the event has no usable key' }
    : { kind: 'done', value: look.keyValue }
}

function* chunks(entries: readonly PlainEntry[]): Generator<readonly PlainEntry[]> {
  let chunk: PlainEntry[] = []
  let characters = 0
  for (const entry of entries) {
    const size = (entry.text ?? entry.base64 ?? '').length
    if (chunk.length >= CHUNK_ENTRIES || (chunk.length > 0 && characters + size > CHUNK_CHARACTERS)) {
      yield chunk
      chunk = []
      characters = 0
    }
    chunk.push(entry)
    characters += size
  }
  yield chunk
}
