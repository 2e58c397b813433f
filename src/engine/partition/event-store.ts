import type { LoggedEvent } from '../decode/index.ts'
import { invariant, type StreamEvent } from '../model/index.ts'
import type { StateRow } from './contract.ts'
import { readEvent, writeEvent } from './event-codec.ts'
import { RowReader, RowWriter } from './row-codec.ts'
import { eventsRow } from './row-ids.ts'

const SEGMENT_BYTES_MAX = 1_048_576
const COMPACTED_EVENTS_MAX = 1000

interface Segment {
  readonly number: number
  /** By place; undefined when nothing refers to the event any more. */
  readonly events: Array<LoggedEvent | undefined>
  live: number
}

/**
 * The events that rows of state refer to, each stored once. They are written in segments, one or a few per checkpoint; a segment goes
 * when its last event does, and what is left of one that is mostly dead moves to the newest.
 */
export class EventStore {
  readonly #segments = new Map<number, Segment>()
  readonly #writer = new RowWriter()
  #open: Segment | undefined
  /** Where the payloads of the open segment stand in its row. */
  #places: number[] = []
  #next = 1
  #rows: StateRow[] = []
  #orphans: LoggedEvent[] = []
  readonly #sparse = new Set<Segment>()
  #isScrubbing = false
  /** Only while restoring. */
  #restored: Map<number, LoggedEvent> | undefined

  /** One more row refers to the event. */
  refer(event: StreamEvent): void {
    const logged = event as LoggedEvent
    if (logged.segment < 0) this.#append(logged)
    logged.references++
  }

  /** One row less refers to the event. */
  release(event: LoggedEvent): void {
    if (--event.references === 0) this.#orphans.push(event)
  }

  /** With the next rows, no row holds the bytes of an event any more that nobody refers to. */
  scrub(): void {
    this.#isScrubbing = true
  }

  /** Rows changed since the last call. */
  takeRows(): StateRow[] {
    for (const event of this.#orphans) if (event.references === 0 && event.segment >= 0) this.#bury(event)
    this.#orphans = []
    if (this.#isScrubbing) {
      for (const segment of this.#segments.values())
        if (segment.live < segment.events.length) this.#sparse.add(segment)
      this.#compact(Number.POSITIVE_INFINITY)
      this.#isScrubbing = false
    } else this.#compact(COMPACTED_EVENTS_MAX)
    this.#close()
    const rows = this.#rows
    this.#rows = []
    return rows
  }

  /** Before the rows that refer to events are restored. */
  load(rows: ReadonlyArray<{ readonly number: number; readonly value: Uint8Array }>): void {
    const restored = new Map<number, LoggedEvent>()
    for (const { number, value } of rows) {
      const segment: Segment = { number, events: [], live: 0 }
      this.#segments.set(number, segment)
      this.#next = Math.max(this.#next, number + 1)
      // A copy: the value may be a small part of something large.
      const reader = new RowReader(new Uint8Array(value))
      while (!reader.atEnd) {
        const event = readEvent(reader, () => true)
        invariant(event !== undefined, 'a segment holds whole events')
        // An event that moved to a newer segment may still stand in an older one.
        const older = restored.get(event.sequence)
        if (older !== undefined) this.#bury(older)
        this.#place(segment, event)
        restored.set(event.sequence, event)
      }
    }
    this.#restored = restored
  }

  find(sequence: number): LoggedEvent {
    const event = this.#restored?.get(sequence)
    invariant(event !== undefined, `stored state refers to a stored event (${sequence})`)
    event.references++
    return event
  }

  /** After all rows were restored: what nobody refers to goes. */
  loaded(): void {
    for (const event of this.#restored?.values() ?? []) {
      if (event.references === 0 && event.segment >= 0) this.#bury(event)
    }
    this.#restored = undefined
  }

  get events(): number {
    let events = 0
    for (const segment of this.#segments.values()) events += segment.live
    return events
  }

  #append(event: LoggedEvent): void {
    if (this.#writer.length >= SEGMENT_BYTES_MAX) this.#close()
    if (this.#open === undefined) {
      this.#open = { number: this.#next++, events: [], live: 0 }
      this.#segments.set(this.#open.number, this.#open)
    }
    this.#places.push(writeEvent(this.#writer, event))
    this.#place(this.#open, event)
  }

  #place(segment: Segment, event: LoggedEvent): void {
    event.segment = segment.number
    event.place = segment.events.length
    segment.events.push(event)
    segment.live++
  }

  #bury(event: LoggedEvent): void {
    const segment = this.#segments.get(event.segment)
    event.segment = -1
    if (segment === undefined) return
    segment.events[event.place] = undefined
    segment.live--
    if (segment.live * 2 < segment.events.length) this.#sparse.add(segment)
  }

  #compact(max: number): void {
    let budget = max
    for (const segment of this.#sparse) {
      if (segment === this.#open) continue
      // One segment goes whatever its size, or a large one would stay for ever.
      if (segment.live > budget && budget < max) continue
      budget -= segment.live
      this.#sparse.delete(segment)
      this.#segments.delete(segment.number)
      this.#rows.push({ id: eventsRow(segment.number), value: undefined })
      for (const event of segment.events) if (event !== undefined) this.#append(event)
    }
  }

  #close(): void {
    if (this.#open === undefined) return
    const row = this.#writer.finish()
    this.#rows.push({ id: eventsRow(this.#open.number), value: row })
    // From now on the row is what they keep: it holds nothing but events that state refers to.
    this.#open.events.forEach((event, index) => {
      const start = this.#places[index] as number
      if (event === undefined || start < 0) return
      event.bytes = row
      event.start = start
    })
    this.#places = []
    this.#open = undefined
  }
}
