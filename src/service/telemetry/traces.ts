import {
  type Attributes,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  type TimeInput,
  type Tracer,
  trace,
} from '@opentelemetry/api'

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/** The span that a W3C `traceparent` names; undefined when the text is none. */
export function parseTraceparent(text: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
}

export interface AlertTrace {
  readonly rule: string
  readonly version: number
  readonly severity: string
  readonly mode: string
  readonly partition: number
  /** Of the completing event; the span of the alert is its child. */
  readonly traceparent?: string
  /** Of the events of the match; the span links to them. */
  readonly events?: readonly string[]
  readonly startedAt: TimeInput
}

const LINKS_MAX = 64

/** One producer span per alert: child of the completing event's span, linked to the spans of the others. No keys, no payloads. */
export function traceAlert(tracer: Tracer, alert: AlertTrace): void {
  const parent = parseTraceparent(alert.traceparent)
  const links: Link[] = []
  for (const text of alert.events ?? []) {
    const context = links.length < LINKS_MAX ? parseTraceparent(text) : undefined
    if (context !== undefined && context.spanId !== parent?.spanId) links.push({ context })
  }
  const attributes: Attributes = {
    'messaging.system': 'nats',
    'messaging.operation.type': 'send',
    'sequitur.rule': alert.rule,
    'sequitur.rule.version': alert.version,
    'sequitur.severity': alert.severity,
    'sequitur.mode': alert.mode,
    'sequitur.partition': alert.partition,
  }
  const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent)
  tracer
    .startSpan(
      'send alert',
      { kind: SpanKind.PRODUCER, attributes, links, startTime: alert.startedAt },
      context,
    )
    .end()
}
