import type { StreamEvent } from '../model/index.ts'

/** Times since 1970 in these units are small integers for a hundred years. */
export const TICK_MS = 2048

const ARMED = 1
const CHANGED = 2
const SLOT_SHIFT = 2

export type TakenStart = Pick<Start, 'event' | 'slot'>

/** An event of the first step behind the oldest one. */
export interface Start {
  readonly event: StreamEvent
  readonly slot: number
  next: Start | undefined
}

/**
 * Every live event of the first step starts a partial match that goes to the end of the list; the oldest stands in the state itself,
 * the others in a queue of two lists: an event that comes looks at none that is there, for most of these are far from the processor.
 * There may be a million of these: what is small shares a field.
 */
export class SuffixState {
  readonly key: string
  event: StreamEvent | undefined = undefined
  /** In units of `TICK_MS`, rounded down: a small number, read without the event. */
  startTick = 0
  /** Behind the oldest, oldest first. */
  front: Start | undefined = undefined
  /** Behind those, newest first. */
  back: Start | undefined = undefined
  count = 0
  /** Slot of the oldest, and the two marks. */
  #small = 0

  constructor(key: string) {
    this.key = key
  }

  get isEmpty(): boolean {
    return this.event === undefined
  }

  get slot(): number {
    return this.#small >> SLOT_SHIFT
  }

  /** Something will come back to this key in time. */
  get isArmed(): boolean {
    return (this.#small & ARMED) !== 0
  }

  set isArmed(value: boolean) {
    this.#small = value ? this.#small | ARMED : this.#small & ~ARMED
  }

  get isChanged(): boolean {
    return (this.#small & CHANGED) !== 0
  }

  set isChanged(value: boolean) {
    this.#small = value ? this.#small | CHANGED : this.#small & ~CHANGED
  }

  append(event: StreamEvent, slot: number): void {
    this.count++
    if (this.event === undefined) this.#setFirst(event, slot)
    else this.back = { event, slot, next: this.back }
  }

  removeFirst(): void {
    this.count--
    if (this.front === undefined) this.align()
    const { front } = this
    if (front === undefined) {
      this.event = undefined
      return
    }
    this.#setFirst(front.event, front.slot)
    this.front = front.next
  }

  clear(): void {
    this.event = undefined
    this.front = undefined
    this.back = undefined
    this.count = 0
  }

  /** Moves the newest behind the others: all of them stand in `front` then. */
  align(): void {
    this.front = joined(this.front, this.back)
    this.back = undefined
  }

  #setFirst(event: StreamEvent, slot: number): void {
    this.event = event
    this.startTick = Math.floor(event.time / TICK_MS)
    this.#small = (this.#small & (ARMED | CHANGED)) | (slot << SLOT_SHIFT)
  }
}

/** The two lists of a queue as one. */
export function joined(front: Start | undefined, back: Start | undefined): Start | undefined {
  let turned: Start | undefined
  for (let start = back; start !== undefined; ) {
    const { next } = start
    start.next = turned
    turned = start
    start = next
  }
  if (front === undefined) return turned
  if (turned === undefined) return front
  let last = front
  while (last.next !== undefined) last = last.next
  last.next = turned
  return front
}

/** So many of the starts, the oldest first. */
export function takenOf(state: SuffixState, most = Number.POSITIVE_INFINITY): TakenStart[] {
  if (state.event === undefined) return []
  const all: TakenStart[] = [{ event: state.event, slot: state.slot }]
  state.align()
  for (let start = state.front; start !== undefined && all.length < most; start = start.next) all.push(start)
  return all
}
