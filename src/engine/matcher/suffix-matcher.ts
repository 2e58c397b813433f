import type { Automaton, SuffixPlan } from '../automaton/index.ts'
import {
  type EventTime,
  eventTime,
  invariant,
  type StateReader,
  type StateWriter,
  type StreamEvent,
} from '../model/index.ts'
import { BinaryHeap } from './binary-heap.ts'
import type { KeyedMatcher, MatcherHost, PartialMatch } from './contract.ts'
import { type Deadline, isDueBefore } from './deadline.ts'
import { DirtyKeys } from './dirty-keys.ts'
import { ExpiryWheel } from './expiry-wheel.ts'
import { EventsMatch } from './taken.ts'

const FORMAT = 1
/** Times since 1970 in these units are small integers for a hundred years. */
const TICK_MS = 2048
/** What a step without events took; never written to. */
const NONE: StreamEvent[] = []

/** When the oldest start of a key reaches its limit and nothing came that should not. */
interface Due extends Deadline {
  readonly state: SuffixState
}

type TakenStart = Pick<Start, 'event' | 'slot'>

/** An event of the first step behind the oldest one. */
interface Start {
  readonly event: StreamEvent
  readonly slot: number
  next: Start | undefined
}

/**
 * Every live event of the first step starts a partial match that goes to the end of the list; the oldest stands in the state itself,
 * the others in a queue of two lists: an event that comes looks at none that is there, for most of these are far from the processor.
 */
class SuffixState {
  readonly key: string
  event: StreamEvent | undefined = undefined
  slot = 0
  /** In units of `TICK_MS`, rounded down: a small number, read without the event. */
  startTick = 0
  /** Behind the oldest, oldest first. */
  front: Start | undefined = undefined
  /** Behind those, newest first. */
  back: Start | undefined = undefined
  count = 0
  isArmed = false
  isChanged = false

  constructor(key: string) {
    this.key = key
  }

  get isEmpty(): boolean {
    return this.event === undefined
  }

  /** Moves the newest behind the others: all of them stand in `front` then. */
  align(): void {
    let aligned: Start | undefined
    for (let start = this.back; start !== undefined; ) {
      const { next } = start
      start.next = aligned
      aligned = start
      start = next
    }
    this.back = undefined
    if (this.front === undefined) {
      this.front = aligned
      return
    }
    if (aligned === undefined) return
    let last = this.front
    while (last.next !== undefined) last = last.next
    last.next = aligned
  }
}

/**
 * A, A{n,} or A{n}, alone, followed by B or not followed by B, skipping past the last event: the partial matches of a key are the
 * suffixes of one list, and a match clears it (see SuffixPlan). An event costs the same however many there are.
 */
export class SuffixMatcher implements KeyedMatcher {
  readonly #plan: SuffixPlan
  readonly #max: number
  readonly #slots: number
  readonly #limitMs: number
  readonly #limitTicks: number
  readonly #host: MatcherHost
  readonly #states = new Map<string, SuffixState>()
  readonly #dirty = new DirtyKeys<SuffixState>()
  /** Where time completes nothing, keys are only cleared away after their limit. */
  readonly #wheel: ExpiryWheel<SuffixState>
  readonly #due = new BinaryHeap<Due>(isDueBefore)
  #starts = 0
  #live = 0

  constructor(automaton: Automaton, plan: SuffixPlan, host: MatcherHost) {
    this.#plan = plan
    this.#max = automaton.input.partialMatchesMax
    this.#slots = automaton.input.slots.length
    this.#limitMs = plan.limitMs
    this.#limitTicks = Math.floor(plan.limitMs / TICK_MS)
    this.#host = host
    this.#wheel = new ExpiryWheel(plan.limitMs === Number.POSITIVE_INFINITY ? 1 : plan.limitMs)
  }

  process(key: string, event: StreamEvent, mask: number): void {
    const plan = this.#plan
    let state = this.#states.get(key)
    const isFirst = (mask & plan.firstMask) !== 0
    if (state === undefined) {
      if (!isFirst) return
      state = new SuffixState(key)
      this.#states.set(key, state)
    } else if (state.event !== undefined) {
      if (plan.second !== 'absence') this.#expire(state, event.time)
      if ((mask & plan.withoutMask) !== 0) this.#clear(state)
      if ((mask & plan.secondMask) !== 0 && state.event !== undefined) {
        if (plan.second === 'absence') this.#clear(state)
        else if (state.count >= plan.min && !(plan.isGreedy && isFirst)) {
          this.#matchWith(state, event, mask)
          return
        }
      }
    }
    if (isFirst) this.#start(state, event, mask)
  }

  advance(time: EventTime): void {
    if (this.#plan.second !== 'absence') {
      if (this.#wheel.next <= time) this.#wheel.takeUntil(time, (state) => this.#sweep(state, time))
      return
    }
    for (let due = this.#due.first; due !== undefined && due.time <= time; due = this.#due.first) {
      this.#due.take()
      const { state, time: at } = due
      state.isArmed = false
      if (state.event !== undefined && state.event.time + this.#limitMs <= at) this.#completeByTime(state, at)
      this.#arm(state)
    }
  }

  get nextDeadline(): number {
    if (this.#plan.second !== 'absence') return this.#wheel.next
    return this.#due.first?.time ?? Number.POSITIVE_INFINITY
  }

  has(key: string): boolean {
    return this.#states.get(key)?.event !== undefined
  }

  drainChanges(visit: (key: string, encode: ((writer: StateWriter) => void) | undefined) => void): void {
    this.#dirty.drain((state) => {
      visit(state.key, state.event === undefined ? undefined : (writer) => encode(state, writer))
      this.#drop(state)
    })
  }

  restore(key: string, reader: StateReader): void {
    invariant(!this.has(key), 'a key is restored once')
    const format = reader.uint()
    invariant(format === FORMAT, `keyed state has format ${format}`)
    const state = this.#states.get(key) ?? new SuffixState(key)
    this.#states.set(key, state)
    for (let left = reader.uint(); left > 0; left--) {
      const slot = reader.uint()
      this.#append(state, reader.event(), slot)
    }
    this.#arm(state)
  }

  erase(key: string): void {
    const state = this.#states.get(key)
    if (state === undefined) return
    this.#clear(state)
  }

  get keys(): number {
    return this.#live
  }

  get partialMatches(): number {
    return this.#starts
  }

  *inspect(key?: string): Iterable<PartialMatch> {
    const keys = key === undefined ? [...this.#states.keys()].sort() : [key]
    for (const each of keys) {
      const state = this.#states.get(each)
      const all = state === undefined ? [] : allOf(state, Number.POSITIVE_INFINITY)
      for (const [at, start] of all.entries()) {
        const taken = this.#plan.takesMore || this.#plan.min > 1 ? all.slice(at) : [start]
        const isShort = taken.length < this.#plan.min
        yield {
          key: each,
          events: eventsBySlot(taken, this.#slots),
          waitingFor: [
            ...(isShort || this.#plan.takesMore ? this.#plan.firstSlots : []),
            ...(isShort || this.#plan.second !== 'event' ? [] : this.#plan.secondSlots),
          ],
          startedAt: start.event.time,
          ...(this.#limitMs === Number.POSITIVE_INFINITY
            ? {}
            : { deadline: eventTime(start.event.time + this.#limitMs) }),
        }
      }
    }
  }

  #start(state: SuffixState, event: StreamEvent, mask: number): void {
    this.#append(state, event, slotIn(this.#plan.firstSlots, mask))
    if (!state.isChanged) this.#dirty.mark(state)
    if (this.#plan.second === 'none' && state.count >= this.#plan.min) {
      const events = this.#events(state)
      const first = state.event ?? event
      this.#clear(state)
      this.#host.matched(new EventsMatch(events, first, event, event.time, event), state.key)
      return
    }
    if (state.count > this.#max) {
      this.#removeFirst(state)
      this.#host.shed(1, state.key)
    }
    if (!state.isArmed) this.#arm(state)
  }

  #matchWith(state: SuffixState, event: StreamEvent, mask: number): void {
    const events = this.#events(state)
    events[slotIn(this.#plan.secondSlots, mask)] = [event]
    const first = state.event ?? event
    this.#clear(state)
    this.#host.matched(new EventsMatch(events, first, event, event.time, event), state.key)
  }

  /** The limit of the oldest start is reached and nothing came that should not. */
  #completeByTime(state: SuffixState, at: number): void {
    const { min, takesMore } = this.#plan
    this.#dirty.mark(state)
    if (state.count < min) {
      this.#removeFirst(state)
      return
    }
    const events = this.#events(state)
    const taken = allOf(state, takesMore ? Number.POSITIVE_INFINITY : min)
    for (let left = taken.length; left > 0; left--) this.#removeFirst(state)
    const first = taken[0]?.event
    const last = taken.at(-1)?.event
    if (first !== undefined && last !== undefined)
      this.#host.matched(new EventsMatch(events, first, last, eventTime(at), undefined), state.key)
  }

  /** What the oldest partial match has taken, by slot. */
  #events(state: SuffixState): StreamEvent[][] {
    const lists: StreamEvent[][] = []
    for (let slot = 0; slot < this.#slots; slot++) lists.push(NONE)
    if (state.event === undefined) return lists
    const count = this.#plan.takesMore ? state.count : this.#plan.min
    if (count === 1) {
      lists[state.slot] = [state.event]
      return lists
    }
    state.align()
    if (this.#plan.firstSlots.length === 1) lists[state.slot] = firstOf(state, count)
    else for (const start of allOf(state, count)) addTo(lists, start)
    return lists
  }

  #append(state: SuffixState, event: StreamEvent, slot: number): void {
    state.count++
    this.#starts++
    if (state.event === undefined) {
      setFirst(state, event, slot)
      this.#live++
      return
    }
    state.back = { event, slot, next: state.back }
  }

  #removeFirst(state: SuffixState): void {
    if (state.event === undefined) return
    state.count--
    this.#starts--
    if (state.front === undefined) state.align()
    const { front } = state
    if (front === undefined) {
      state.event = undefined
      this.#live--
      return
    }
    setFirst(state, front.event, front.slot)
    state.front = front.next
  }

  #clear(state: SuffixState): void {
    if (state.event === undefined) return
    state.event = undefined
    state.front = undefined
    state.back = undefined
    this.#starts -= state.count
    this.#live--
    state.count = 0
    if (!state.isChanged) this.#dirty.mark(state)
  }

  #expire(state: SuffixState, time: number): void {
    // The oldest is far from its limit, nearly always.
    if (state.startTick + this.#limitTicks > Math.floor(time / TICK_MS)) return
    while (state.event !== undefined && state.event.time + this.#limitMs <= time) {
      this.#removeFirst(state)
      this.#dirty.mark(state)
    }
  }

  #arm(state: SuffixState): void {
    if (state.isArmed || this.#limitMs === Number.POSITIVE_INFINITY) return
    if (state.event === undefined) {
      this.#drop(state)
      return
    }
    state.isArmed = true
    const { event: first, key } = state
    const time = first.time + this.#limitMs
    if (this.#plan.second === 'absence') this.#due.add({ time, first, key, state })
    else this.#wheel.add(time, state)
  }

  #sweep(state: SuffixState, time: number): void {
    state.isArmed = false
    this.#expire(state, time)
    this.#arm(state)
  }

  /** An empty state stays until nothing refers to it: keys that match come back. */
  #drop(state: SuffixState): void {
    if (
      state.event === undefined &&
      !state.isArmed &&
      !state.isChanged &&
      this.#states.get(state.key) === state
    )
      this.#states.delete(state.key)
  }
}

function setFirst(state: SuffixState, event: StreamEvent, slot: number): void {
  state.event = event
  state.slot = slot
  state.startTick = Math.floor(event.time / TICK_MS)
}

function slotIn(slots: readonly number[], mask: number): number {
  for (const slot of slots) if ((mask & (1 << slot)) !== 0) return slot
  return slots[0] ?? 0
}

/** So many of the events, the oldest first. */
function firstOf(state: SuffixState, count: number): StreamEvent[] {
  const { event } = state
  if (event === undefined) return []
  // Of the right length at once: a list that grows takes room for many.
  const events = new Array<StreamEvent>(count).fill(event)
  let start = state.front
  for (let index = 1; index < count && start !== undefined; index++, start = start.next)
    events[index] = start.event
  return events
}

function addTo(lists: StreamEvent[][], { event, slot }: TakenStart): void {
  const list = lists[slot]
  if (list === undefined || list === NONE) lists[slot] = [event]
  else list.push(event)
}

function eventsBySlot(taken: readonly TakenStart[], slots: number): StreamEvent[][] {
  const lists: StreamEvent[][] = Array.from({ length: slots }, () => [])
  for (const start of taken) lists[start.slot]?.push(start.event)
  return lists
}

function allOf(state: SuffixState, most: number): TakenStart[] {
  if (state.event === undefined) return []
  const all: TakenStart[] = [{ event: state.event, slot: state.slot }]
  state.align()
  for (let start = state.front; start !== undefined && all.length < most; start = start.next) all.push(start)
  return all
}

function encode(state: SuffixState, writer: StateWriter): void {
  writer.uint(FORMAT)
  writer.uint(state.count)
  for (const start of allOf(state, Number.POSITIVE_INFINITY)) {
    writer.uint(start.slot)
    writer.event(start.event)
  }
}
