import type { EventData, EventTime, StreamEvent, StreamSequence } from '../model/index.ts'
import { EVENT } from '../model/index.ts'
import type { ContentMode } from './attributes.ts'

/**
 * A decoded event with what the partition needs to store it: where its bytes stand, and who still refers to it. The matcher and the
 * expressions see a StreamEvent; the fields that are not `readonly` belong to the partition's event store.
 */
export interface LoggedEvent extends StreamEvent {
  readonly mode: ContentMode
  /** Holds the payload from `start` on for `length` bytes until it is stored. */
  bytes: Uint8Array | undefined
  start: number
  length: number
  /** Rows of state that refer to it. */
  references: number
  /** The stored segment that holds it, and its place there; -1 when it is not stored. */
  segment: number
  place: number
}

export interface EventParts {
  readonly sequence: StreamSequence
  readonly time: EventTime
  readonly ingestedAt: EventTime
  readonly subject: string
  readonly id: string
  readonly data: EventData
  readonly attributes: Readonly<Record<string, string>> | undefined
  readonly mode: ContentMode
}

/** One shape for all events, with or without attributes: property access stays monomorphic on the hot path. */
export function loggedEvent(parts: EventParts): LoggedEvent {
  const event = {
    sequence: parts.sequence,
    time: parts.time,
    ingestedAt: parts.ingestedAt,
    subject: parts.subject,
    id: parts.id,
    data: parts.data,
    attributes: parts.attributes,
    mode: parts.mode,
    bytes: undefined,
    start: 0,
    length: 0,
    references: 0,
    segment: -1,
    place: -1,
  } as LoggedEvent
  parts.data[EVENT] = event
  return event
}
