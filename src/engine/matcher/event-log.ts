import type { StreamEvent } from '../model/index.ts'
import type { Moment } from './taken.ts'

/** Partial matches that an entry goes on from: those of the entries `from` (inclusive) to `to` (exclusive) of a state's log. */
export interface Range {
  readonly state: number
  /** Number of the edge in that state. */
  readonly way: number
  readonly from: number
  readonly to: number
  /** An entry can be reached over several edges at once. */
  readonly more: Range | undefined
}

/** An event taken in a state, for every partial match that took it there at once. One object, for most of what is kept are these. */
export class Entry implements Range {
  readonly event: StreamEvent
  readonly slot: number
  /** A match starts with it; it may go on from others as well. */
  isStart = false
  /** When the latest of its partial matches started. */
  newest: Moment
  /** The first range that it goes on from; `state` is -1 when there is none. */
  state = -1
  way = 0
  from = 0
  to = 0
  more: Range | undefined = undefined

  constructor(event: StreamEvent, slot: number) {
    this.event = event
    this.slot = slot
    this.newest = event
  }

  addRange(state: number, way: number, from: number, to: number): void {
    if (this.state < 0) {
      this.state = state
      this.way = way
      this.from = from
      this.to = to
    } else this.more = { state, way, from, to, more: this.more }
  }
}

/** The ranges of an entry: itself, when it goes on from any, and those behind it. */
export const rangesOf = (entry: Entry): Range | undefined => (entry.state < 0 ? undefined : entry)

/** The entries of one state, oldest first. Positions count from the first entry ever and stay when older ones go. */
export class EventLog {
  #entries: Entry[] = []
  #head = 0
  #gone = 0
  /** Per edge of the state: the first entry that still waits there. */
  readonly waiting: number[]

  constructor(edges: number) {
    this.waiting = new Array(edges).fill(0)
  }

  get start(): number {
    return this.#gone
  }

  get end(): number {
    return this.#gone + this.#entries.length - this.#head
  }

  get size(): number {
    return this.#entries.length - this.#head
  }

  get first(): Entry | undefined {
    return this.#entries[this.#head]
  }

  get last(): Entry | undefined {
    return this.size === 0 ? undefined : this.#entries[this.#entries.length - 1]
  }

  at(position: number): Entry | undefined {
    return position < this.#gone ? undefined : this.#entries[position - this.#gone + this.#head]
  }

  push(entry: Entry): void {
    this.#entries.push(entry)
  }

  removeFirst(): void {
    this.#head++
    this.#gone++
    if (this.#head > 32 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
  }

  /** Drops all entries; positions go on. */
  clear(): void {
    this.#gone = this.end
    this.#entries = []
    this.#head = 0
    this.waiting.fill(this.#gone)
  }

  restore(start: number, entries: Entry[], waiting: readonly number[]): void {
    this.#gone = start
    this.#head = 0
    this.#entries = entries
    waiting.forEach((position, way) => {
      this.waiting[way] = position
    })
  }
}
