import type { JsonValue, Match, StreamEvent } from '../model/index.ts'
import { eventTime } from '../model/index.ts'
import { keyObject } from '../route/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import type { NewEffect } from './effects.ts'
import { alertJson } from './fit-alert.ts'
import { alertId } from './identity.ts'
import { isoTime } from './iso-time.ts'
import { redacted, shownKey } from './redaction.ts'
import type { AlertText } from './template.ts'

export const ALERT_SCHEMA = 'https://sequitur.dev/schemas/alert.v1.schema.json'

/** Why an alert was kept back. */
export type Withheld =
  | { readonly reason: 'suppressed'; readonly until: string }
  | { readonly reason: 'excepted'; readonly exception: string; readonly why?: string }
  | { readonly reason: 'silenced'; readonly silence: string }
  | { readonly reason: 'rate-limited' }

export interface AlertInput {
  readonly program: RuleProgram
  readonly mode: 'live' | 'shadow'
  /** The version that decides the key, when it is another one: this is what its rival would have raised. */
  readonly decidedBy: number | undefined
  readonly key: string
  readonly match: Match
  readonly timedOut: boolean
  readonly text: AlertText
  readonly suppressedCount: number
  readonly withheld: Withheld | undefined
  /** Name of the input stream, for references to events. */
  readonly stream: string
  readonly redact: ReadonlySet<string>
}

/** The alert of a match, or the record of one kept back, as a CloudEvents 1.0 effect. */
export function alertEffect(input: AlertInput): NewEffect {
  const { program, mode, match, key, text, withheld } = input
  const { definition } = program
  const id = alertId({ rule: definition.id, version: program.version, key, match, timedOut: input.timedOut })
  const traceparent = traceOf(match)
  const shown = shownKey(program, key, input.redact)
  const envelope = {
    specversion: '1.0',
    id,
    type: withheld === undefined ? 'alert.raised.v1' : 'alert.withheld.v1',
    source: `/rules/${definition.id}`,
    subject: shown.map(String).join('/').toWellFormed(),
    time: isoTime(match.completedAt),
    datacontenttype: 'application/json',
    dataschema: ALERT_SCHEMA,
    traceparent,
    data: {
      rule: definition.id,
      version: program.version,
      mode,
      decided_by: input.decidedBy,
      severity: definition.severity,
      tags: definition.tags,
      title: definition.title ?? definition.id,
      message: text.message,
      key: keyObject(shown, program.keyNames),
      started_at: isoTime(match.first.time),
      completed_at: isoTime(match.completedAt),
      deadline: match.completedBy === undefined ? isoTime(match.completedAt) : undefined,
      timed_out: input.timedOut ? true : undefined,
      evidence: evidenceOf(input),
      evidence_error: text.errors,
      events: eventReferences(input),
      suppressed: { count: input.suppressedCount },
      withheld,
      runbook: definition.runbook,
    },
  }
  const subject = alertSubject(program)
  const prefix = withheld !== undefined ? 'withheld.' : mode === 'shadow' ? 'shadow.' : ''
  return {
    kind: withheld !== undefined ? 'withheld-alert' : mode === 'shadow' ? 'shadow-alert' : 'alert',
    subject: prefix + subject,
    id: withheld === undefined ? id : `${id}.withheld`,
    payload: alertJson(envelope),
    headers:
      traceparent === undefined
        ? CONTENT_TYPE
        : { 'content-type': 'application/cloudevents+json', traceparent },
    time: eventTime(match.completedAt),
  }
}

const CONTENT_TYPE = { 'content-type': 'application/cloudevents+json' }

/** `alerts.<namespace>.<rule>.<severity>`, or the rule's own subject with the severity behind it. */
export function alertSubject(program: RuleProgram): string {
  const { definition } = program
  const base = definition.alert.subject ?? `alerts.${definition.namespace}.${definition.id}`
  return `${base}.${definition.severity}`
}

function evidenceOf(input: AlertInput): unknown {
  return input.redact.size === 0
    ? input.text.evidence
    : redacted(input.text.evidence as JsonValue, input.redact)
}

/** The events of a match by reference, in the order of the log; payloads only where the rule asks for them. */
function eventReferences(input: AlertInput): unknown[] {
  const { program, match, stream, redact } = input
  const { includeEvents } = program.definition.alert
  const references: Array<{ readonly seq: number; readonly [field: string]: unknown }> = []
  match.events.forEach((events, slot) => {
    const step = program.events[slot]?.name
    for (const event of events) {
      const reference = { step, id: event.id, stream, seq: event.sequence, time: isoTime(event.time) }
      references.push(
        includeEvents
          ? { ...reference, subject: event.subject, data: redacted(event.data, redact) }
          : reference,
      )
    }
  })
  return withTraces(
    references.sort((a, b) => a.seq - b.seq),
    match,
  )
}

/** The newest events say which span they came from: links of the alert's span. */
function withTraces<T extends { readonly seq: number }>(references: readonly T[], match: Match): unknown[] {
  const traces = new Map<number, string>()
  for (const event of match.events.flat()) {
    const trace = traceparentOf(event)
    if (trace !== undefined) traces.set(event.sequence, trace)
  }
  if (traces.size === 0) return [...references]
  let left = TRACES_MAX
  return references
    .toReversed()
    .map((reference) => {
      const traceparent = traces.get(reference.seq)
      if (traceparent === undefined || left === 0) return reference
      left -= 1
      return { ...reference, traceparent }
    })
    .toReversed()
}

/** Of one alert; as many as a span takes links. */
const TRACES_MAX = 64

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** The trace of the completing event, or of the last one taken when time completed the match. */
function traceOf(match: Match): string | undefined {
  return traceparentOf(match.completedBy ?? match.last)
}

function traceparentOf(event: StreamEvent): string | undefined {
  const trace = event.attributes?.['traceparent']
  return trace !== undefined && TRACEPARENT.test(trace) ? trace : undefined
}
