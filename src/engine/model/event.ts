import type { EventTime, StreamSequence } from './quantities.ts'

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject
export type JsonObject = { [name: string]: JsonValue }

/**
 * Links an event's data object to its event, so that expressions reach `_time`, `_id` and `_subject` of any event object
 * without copying the payload. Symbol keys are invisible to JSON, wildcards and `$keys`.
 */
export const EVENT: unique symbol = Symbol('sequitur.event')

export type EventData = JsonObject & { [EVENT]?: StreamEvent }

/** One event of the input log after decoding. Owned by the partition; nobody changes it after decode. */
export interface StreamEvent {
  readonly sequence: StreamSequence
  readonly time: EventTime
  /** When the broker stored the entry. */
  readonly ingestedAt: EventTime
  readonly subject: string
  /** CloudEvents `id`, else the `Nats-Msg-Id` header, else the sequence as text. */
  readonly id: string
  readonly data: EventData
  /** CloudEvents attributes or NATS headers, lower-case names; `$event` in expressions. */
  readonly attributes?: Readonly<Record<string, string>> | undefined
}
