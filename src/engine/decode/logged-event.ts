import type { EventData, EventTime, StreamEvent, StreamSequence } from '../model/index.ts'
import { EVENT } from '../model/index.ts'
import type { ContentMode } from './attributes.ts'

/** What the log says of an entry. */
export interface Logged {
  readonly sequence: StreamSequence
  readonly ingestedAt: EventTime
  readonly subject: string
}

/** What one entry says, before it has a time. */
export interface Content {
  readonly data: EventData
  readonly mode: ContentMode
  readonly attributes: Readonly<Record<string, string>> | undefined
  /** The producer's id; undefined: the sequence stands in. */
  readonly id: string | undefined
}

/**
 * A decoded event with what the partition needs to store it: where its bytes stand, and who still refers to it. The matcher and the
 * expressions see a StreamEvent; the fields that are not `readonly` belong to the partition's event store. One shape for all events,
 * with or without attributes: property access stays monomorphic on the hot path.
 */
export class LoggedEvent implements StreamEvent {
  readonly sequence: StreamSequence
  readonly time: EventTime
  readonly ingestedAt: EventTime
  readonly subject: string
  /** As the producer gave it, when it gave one. */
  readonly givenId: string | undefined
  readonly data: EventData
  readonly attributes: Readonly<Record<string, string>> | undefined
  readonly mode: ContentMode
  /** Holds the payload from `start` on for `length` bytes until it is stored. */
  bytes: Uint8Array | undefined = undefined
  start = 0
  length = 0
  /** Rows of state that refer to it. */
  references = 0
  /** The stored segment that holds it, and its place there; -1 when it is not stored. */
  segment = -1
  place = -1

  constructor(entry: Logged, time: EventTime, content: Content) {
    this.sequence = entry.sequence
    this.time = time
    this.ingestedAt = entry.ingestedAt
    this.subject = entry.subject
    this.givenId = content.id
    this.data = content.data
    this.attributes = content.attributes
    this.mode = content.mode
    this.data[EVENT] = this
  }

  get id(): string {
    return this.givenId ?? String(this.sequence)
  }
}
