import type { StreamEvent } from '../model/index.ts'

/** Partial matches that an entry goes on from: those of the entries `from` (inclusive) to `to` (exclusive) of a state's log. */
export interface Range {
  readonly state: number
  /** Number of the edge in that state. */
  readonly way: number
  readonly from: number
  readonly to: number
}

/** An event taken in a state, for every partial match that took it there at once. */
export interface Entry {
  readonly event: StreamEvent
  readonly slot: number
  /** A match starts with it; it may go on from others as well. */
  readonly isStart: boolean
  readonly ranges: readonly Range[]
  /** The latest first event among its partial matches. */
  readonly newest: StreamEvent
}

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
