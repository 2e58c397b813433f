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

const CAPACITY_MIN = 4

/**
 * The entries of one state, oldest first, in a circle of a power of two. Positions count from the first entry ever and stay when older
 * ones go.
 */
export class EventLog {
  #circle: Array<Entry | undefined> = new Array(CAPACITY_MIN).fill(undefined)
  #start = 0
  #end = 0
  /** Per edge of the state: the first entry that still waits there. */
  readonly waiting: number[]

  constructor(edges: number) {
    this.waiting = new Array(edges).fill(0)
  }

  get start(): number {
    return this.#start
  }

  get end(): number {
    return this.#end
  }

  get size(): number {
    return this.#end - this.#start
  }

  get first(): Entry | undefined {
    return this.at(this.#start)
  }

  get last(): Entry | undefined {
    return this.at(this.#end - 1)
  }

  at(position: number): Entry | undefined {
    if (position < this.#start || position >= this.#end) return undefined
    return this.#circle[place(position, this.#circle.length)]
  }

  push(entry: Entry): void {
    const capacity = this.#circle.length
    if (this.size === capacity) this.#resize(capacity * 2)
    this.#circle[place(this.#end, this.#circle.length)] = entry
    this.#end++
  }

  removeFirst(): void {
    const capacity = this.#circle.length
    // Nothing that has gone is kept from the garbage collector.
    this.#circle[place(this.#start, capacity)] = undefined
    this.#start++
    if (capacity > CAPACITY_MIN && this.size * 4 < capacity) this.#resize(capacity / 2)
  }

  /** Drops all entries; positions go on. */
  clear(): void {
    if (this.size > 0) this.#circle = new Array(CAPACITY_MIN).fill(undefined)
    this.#start = this.#end
    this.waiting.fill(this.#end)
  }

  restore(start: number, entries: readonly Entry[], waiting: readonly number[]): void {
    this.#start = start
    this.#end = start
    for (const entry of entries) this.push(entry)
    waiting.forEach((position, way) => {
      this.waiting[way] = position
    })
  }

  #resize(capacity: number): void {
    const circle = new Array<Entry | undefined>(capacity).fill(undefined)
    for (let position = this.#start; position < this.#end; position++)
      circle[place(position, capacity)] = this.at(position)
    this.#circle = circle
  }
}

/** Where a position lies in a circle. Positions may grow beyond 32 bits. */
const place = (position: number, capacity: number): number => position % capacity
