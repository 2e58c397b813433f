import type { DurationMs } from '../model/index.ts'

/** Where an event says when it happened. Text is read as ISO 8601, numbers in `unit`. */
export interface TimestampField {
  /** A path of the payload (`occurred_at`, `meta.time`) or, starting with `$event.`, an attribute or header (`$event.time`). */
  readonly path: string
  /** Of numbers; default `ms`. */
  readonly unit?: 'ms' | 's'
}

/** Events of some subjects that share a clock: where their time stands and how far out of order they come. */
export interface SourceOptions {
  readonly name: string
  /** NATS subject filters; the first source whose filter matches takes the event. */
  readonly subjects: readonly string[]
  /** Default: the time at which the broker stored the event. */
  readonly timestamp?: TimestampField
  /** How far behind the newest event an event may come; default 0. */
  readonly latenessMs?: DurationMs | number
  /** Without an event for this long (by the broker's clock) the source no longer holds the watermark back; default 60 s. */
  readonly idleMs?: DurationMs | number
  /** An event this far ahead of the broker's clock is a dead letter; default 5 minutes. */
  readonly maxAheadMs?: DurationMs | number
}

/** The source of events that no configured source takes. */
export const DEFAULT_SOURCE: SourceOptions = { name: 'default', subjects: ['>'] }

export interface ResolvedSource {
  readonly name: string
  readonly subjects: readonly string[]
  /** Undefined: the broker's time. */
  readonly timestamp: ResolvedTimestamp | undefined
  readonly latenessMs: number
  readonly maxAheadMs: number
  readonly idleMs: number
}

export interface ResolvedTimestamp {
  readonly from: 'payload' | 'attributes'
  readonly path: readonly string[]
  readonly unitMs: number
}

export const resolveSource = (options: SourceOptions): ResolvedSource => ({
  name: options.name,
  subjects: options.subjects,
  timestamp: options.timestamp === undefined ? undefined : resolveTimestamp(options.timestamp),
  latenessMs: options.latenessMs ?? 0,
  idleMs: options.idleMs ?? 60_000,
  maxAheadMs: options.maxAheadMs ?? 300_000,
})

const ATTRIBUTES = '$event.'

function resolveTimestamp(field: TimestampField): ResolvedTimestamp {
  const unitMs = field.unit === 's' ? 1000 : 1
  return field.path.startsWith(ATTRIBUTES)
    ? { from: 'attributes', path: [field.path.slice(ATTRIBUTES.length).toLowerCase()], unitMs }
    : { from: 'payload', path: field.path.split('.'), unitMs }
}
