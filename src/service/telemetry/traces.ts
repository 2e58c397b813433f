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
import type { Effect } from '../../engine/index.ts'

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/** The span that a W3C `traceparent` names; undefined when the text is none. */
export function parseTraceparent(text: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
}

/** The alert as far as its span tells of it: no key, no evidence, no payload. */
interface AlertAttributes {
  readonly data?: {
    readonly rule?: string
    readonly version?: number
    readonly severity?: string
    readonly mode?: string
    readonly events?: ReadonlyArray<{ readonly traceparent?: string }>
  }
}

const LINKS_MAX = 64

/** Each span once, however many events came from it. */
function linksOf(
  events: ReadonlyArray<{ readonly traceparent?: string }>,
  parent: SpanContext | undefined,
): Link[] {
  const links = new Map<string, Link>()
  for (const { traceparent } of events.toReversed()) {
    const context = parseTraceparent(traceparent)
    if (context === undefined || context.spanId === parent?.spanId) continue
    if (links.size < LINKS_MAX) links.set(`${context.traceId} ${context.spanId}`, { context })
  }
  return [...links.values()].toReversed()
}

/** One producer span per alert: child of the completing event's span, linked to the spans of its other events, the newest of them. */
export function traceAlert(
  tracer: Tracer,
  alert: Pick<Effect, 'payload' | 'headers'>,
  at: { readonly partition: number; readonly startedAt: TimeInput },
): void {
  const parent = parseTraceparent(alert.headers?.['traceparent'])
  const { data = {} } = JSON.parse(alert.payload) as AlertAttributes
  const links = linksOf(data.events ?? [], parent)
  const attributes: Attributes = {
    'messaging.system': 'nats',
    'messaging.operation.type': 'send',
    'sequitur.rule': data.rule ?? '',
    'sequitur.rule.version': data.version ?? 0,
    'sequitur.severity': data.severity ?? '',
    'sequitur.mode': data.mode ?? '',
    'sequitur.partition': at.partition,
  }
  const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent)
  tracer
    .startSpan('send alert', { kind: SpanKind.PRODUCER, attributes, links, startTime: at.startedAt }, context)
    .end()
}
