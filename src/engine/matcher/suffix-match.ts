import type { EventTime, Match, StreamEvent } from '../model/index.ts'
import { joined, type Start, type SuffixState, type TakenStart } from './suffix-state.ts'

/** What a step without events took; never written to. */
const NONE: readonly StreamEvent[] = []

/**
 * The oldest partial match of a key, completed by an event that clears the key: the list of starts is the match's own from then on.
 * The lists by slot are made when they are asked for.
 */
export class SuffixMatch implements Match {
  readonly first: StreamEvent
  readonly last: StreamEvent
  readonly #slots: number
  readonly #firstSlot: number
  readonly #lastSlot: number
  /** How many events the first step took. */
  readonly #count: number
  #front: Start | undefined
  #back: Start | undefined
  #events: ReadonlyArray<readonly StreamEvent[]> | undefined

  /** @param lastSlot slot of the event that completed it; undefined where that is among the starts. */
  constructor(
    state: SuffixState,
    first: StreamEvent,
    count: number,
    last: StreamEvent,
    lastSlot: number | undefined,
    slots: number,
  ) {
    this.first = first
    this.last = last
    this.#slots = slots
    this.#firstSlot = state.slot
    this.#lastSlot = lastSlot ?? -1
    this.#count = count
    this.#front = state.front
    this.#back = state.back
  }

  get completedAt(): EventTime {
    return this.last.time
  }

  get completedBy(): StreamEvent {
    return this.last
  }

  get events(): ReadonlyArray<readonly StreamEvent[]> {
    if (this.#events !== undefined) return this.#events
    const taken: TakenStart[] = [{ event: this.first, slot: this.#firstSlot }]
    const behind = joined(this.#front, this.#back)
    for (let start = behind; start !== undefined && taken.length < this.#count; start = start.next)
      taken.push(start)
    if (this.#lastSlot >= 0) taken.push({ event: this.last, slot: this.#lastSlot })
    this.#front = undefined
    this.#back = undefined
    this.#events = eventsBySlot(taken, this.#slots)
    return this.#events
  }

  taken(slot: number): readonly StreamEvent[] {
    return this.events[slot] ?? NONE
  }

  count(slot: number): number {
    return this.taken(slot).length
  }
}

/** The events of starts by slot, each in the order taken. */
export function eventsBySlot(taken: readonly TakenStart[], slots: number): StreamEvent[][] {
  const lists: StreamEvent[][] = Array.from({ length: slots }, () => [])
  for (const start of taken) lists[start.slot]?.push(start.event)
  return lists
}
