import {
  compileRule,
  type EventLook,
  eventTime,
  failure,
  type JsonValue,
  type LogEntry,
  longestLimit,
  lookAtEvent,
  type Problem,
  type Result,
  type RuleProgram,
  readRules,
  streamSequence,
  success,
  type Trace,
  type TraceSetup,
  traceRule,
} from '../../engine/index.ts'

/** A rule as it is stored, or as somebody would have it. */
export interface TracedText {
  readonly text: string
  readonly format: 'yaml' | 'json'
  readonly version: number
}

/** A log entry as JSON takes it; payloads that are no text go as base64. */
export interface PlainEntry {
  readonly sequence: number
  readonly subject: string
  readonly ingestedAt: number
  readonly text?: string
  readonly base64?: string
  readonly headers?: Readonly<Record<string, string>>
}

export type TraceRequest =
  /** What is to be read of the log for a rule. */
  | { readonly kind: 'reads'; readonly rule: TracedText }
  /** A part of the history of the trace that follows. */
  | { readonly kind: 'entries'; readonly session: number; readonly entries: readonly PlainEntry[] }
  | {
      readonly kind: 'trace'
      readonly session: number
      /** Entries that were handed over; when some are missing there is no trace. */
      readonly count: number
      readonly rule: TracedText
      readonly setup: TraceSetup
      readonly key: JsonValue
      readonly until: number
    }
  | {
      readonly kind: 'look'
      readonly rules: readonly TracedText[]
      readonly entry: PlainEntry
      readonly setup: TraceSetup
    }

export interface RuleReads {
  readonly subjects: readonly string[]
  /** Its longest limit; absent when it has none. */
  readonly longestMs?: number
}

export interface TraceAnswers {
  readonly reads: RuleReads
  readonly entries: number
  /** `null`: entries are missing, because the child was replaced in between. */
  readonly trace: Trace | null
  /** In the order of the rules; `null`: not one that reads the subject, or one that does not compile. */
  readonly look: ReadonlyArray<EventLook | string | null>
}

export type TraceAnswer = Result<TraceAnswers[TraceRequest['kind']]>

/** Answers in this process: safe only for rules that one trusts. Entries are kept until their trace is asked for. */
export function createTraceAnswerer(): (request: TraceRequest) => TraceAnswer {
  let gathered: { readonly session: number; readonly entries: LogEntry[] } | undefined
  return (request) => {
    switch (request.kind) {
      case 'reads': {
        const read = programOf(request.rule)
        return read.ok ? success(readsOf(read.value)) : read
      }
      case 'entries': {
        if (gathered?.session !== request.session) gathered = { session: request.session, entries: [] }
        gathered.entries.push(...request.entries.map(entryOf))
        return success(gathered.entries.length)
      }
      case 'trace': {
        const entries = gathered?.session === request.session ? gathered.entries : []
        gathered = undefined
        if (entries.length !== request.count) return success(null)
        const read = programOf(request.rule)
        if (!read.ok) return read
        const options = { key: request.key, until: eventTime(request.until) }
        return success(traceRule(read.value, entries, request.setup, options))
      }
      case 'look':
        return success(
          request.rules.map((rule) => {
            const read = programOf(rule)
            return read.ok ? (lookAtEvent(read.value, entryOf(request.entry), request.setup) ?? null) : null
          }),
        )
      default:
        return request satisfies never
    }
  }
}

function readsOf({ definition, events }: RuleProgram): RuleReads {
  const longestMs = longestLimit(definition.pattern)
  return {
    subjects: [...new Set(events.map(({ subject }) => subject))],
    ...(longestMs === undefined ? {} : { longestMs }),
  }
}

function programOf({ text, format, version }: TracedText): Result<RuleProgram> {
  const read = readRules(text, { format })
  if (!read.ok) return read
  const [rule] = read.value
  if (rule === undefined || read.value.length !== 1) return failure([NOT_ONE])
  return compileRule(rule, { version })
}

const NOT_ONE: Problem = {
  code: 'one-rule-only',
  severity: 'error',
  message: 'the text does not hold exactly one rule',
  hint: 'ask about one rule at a time',
  at: { line: 1, column: 1 },
}

const encoder = new TextEncoder()

const entryOf = ({ sequence, subject, ingestedAt, text, base64, headers }: PlainEntry): LogEntry => ({
  sequence: streamSequence(sequence),
  subject,
  ingestedAt: eventTime(ingestedAt),
  payload: base64 === undefined ? encoder.encode(text ?? '') : Buffer.from(base64, 'base64'),
  ...(headers === undefined ? {} : { headers }),
})
