import type { EventData, EventTime, StreamEvent, StreamSequence } from '../model/index.ts'
import { EVENT, invariant } from '../model/index.ts'
import type { ContentMode } from './attributes.ts'
import { redecode } from './redecode.ts'

/** What the log says of an entry. */
export interface Logged {
  readonly sequence: StreamSequence
  readonly ingestedAt: EventTime
  readonly subject: string
}

/** What one entry says, before it has a time. */
export interface Content {
  /** Undefined: parsed when it is asked for, from bytes that are given before. */
  readonly data: EventData | undefined
  readonly mode: ContentMode
  readonly attributes: Readonly<Record<string, string>> | undefined
  /** The producer's id; undefined: the sequence stands in. */
  readonly id: string | undefined
}

/**
 * A decoded event with what the partition needs to store it: where its bytes stand, and who still refers to it. The matcher and the
 * expressions see a StreamEvent; the fields that are not `readonly` belong to the partition. One shape for all events, with or without
 * attributes: property access stays monomorphic on the hot path. Most of what partial matches keep is never looked at again, and
 * parsed JSON is several times its text and a dozen objects to the garbage collector: once an event was matched it keeps its bytes.
 */
export class LoggedEvent implements StreamEvent {
  #data: EventData | undefined
  readonly sequence: StreamSequence
  readonly time: EventTime
  readonly ingestedAt: EventTime
  readonly subject: string
  /** As the producer gave it, when it gave one. */
  readonly givenId: string | undefined
  readonly attributes: Readonly<Record<string, string>> | undefined
  readonly mode: ContentMode
  /** Holds the payload from `start` on for `length` bytes; undefined where nobody stores events. */
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
    this.attributes = content.attributes
    this.mode = content.mode
    this.#data = content.data
  }

  get data(): EventData {
    return this.#data ?? this.#parse()
  }

  /** The event was matched: whoever looks at its data from now on is another event's condition, or a match. */
  rest(): void {
    if (this.bytes !== undefined) this.#data = undefined
    else if (this.#data !== undefined) this.#data[EVENT] = this
  }

  #parse(): EventData {
    invariant(this.bytes !== undefined, 'an event has its data or its bytes')
    const payload = this.bytes.subarray(this.start, this.start + this.length)
    const data: EventData = redecode(payload, this.mode)
    data[EVENT] = this
    this.#data = data
    return data
  }

  get id(): string {
    return this.givenId ?? String(this.sequence)
  }
}
