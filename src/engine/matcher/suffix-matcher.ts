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
import { Clearing } from './clearing.ts'
import type { KeyedMatcher, MatcherHost, PartialMatch, VisitChange } from './contract.ts'
import { type Deadline, isDueBefore } from './deadline.ts'
import { DirtyKeys } from './dirty-keys.ts'
import { KeyTable } from './key-table.ts'
import { eventsBySlot, SuffixMatch } from './suffix-match.ts'
import { SuffixState, TICK_MS, takenOf } from './suffix-state.ts'
import { compareEvents, EventsMatch, type Moment } from './taken.ts'

const FORMAT = 1

/** When the oldest start of a key reaches its limit and nothing came that should not. */
interface Due extends Deadline {
  readonly state: SuffixState
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
  readonly #states = new KeyTable<SuffixState>()
  readonly #dirty = new DirtyKeys<SuffixState>()
  /** Where time completes nothing, keys are only cleared away after their limit. */
  readonly #clearing: Clearing<SuffixState>
  readonly #due = new BinaryHeap<Due>(isDueBefore)
  #starts = 0
  #live = 0
  /** No event behind it starts a partial match; those of the list that are behind it only lengthen older ones. */
  #lastStart: Moment | undefined

  constructor(automaton: Automaton, plan: SuffixPlan, host: MatcherHost) {
    this.#plan = plan
    this.#max = automaton.input.partialMatchesMax
    this.#slots = automaton.input.slots.length
    this.#limitMs = plan.limitMs
    this.#limitTicks = Math.floor(plan.limitMs / TICK_MS)
    this.#host = host
    this.#clearing = new Clearing(host, plan.limitMs)
  }

  process(key: string, event: StreamEvent, mask: number): void {
    const plan = this.#plan
    let state = this.#states.get(key)
    const isFirst = (mask & plan.firstMask) !== 0
    if (state === undefined) {
      if (!isFirst || this.#lastStart !== undefined) return
      state = new SuffixState(key)
      this.#states.set(key, state)
    } else if (state.event !== undefined) {
      if (plan.second !== 'absence') this.#expire(state, event.time)
      if ((mask & plan.withoutMask) !== 0) this.#clear(state)
      if ((mask & plan.secondMask) !== 0 && state.event !== undefined) {
        if (plan.second === 'absence') this.#clear(state)
        else if (state.count >= plan.min && !(plan.isGreedy && isFirst)) {
          this.#matchWith(state, event, slotIn(plan.secondSlots, mask))
          return
        }
      }
    }
    if (isFirst && (this.#lastStart === undefined || state.event !== undefined))
      this.#start(state, event, mask)
  }

  advance(time: EventTime): void {
    if (this.#plan.second !== 'absence') {
      if (this.#clearing.next <= time) this.#clearing.takeUntil(time, (state) => this.sweep(state, time))
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

  sweep(state: SuffixState, time: EventTime): void {
    state.isArmed = false
    this.#expire(state, time)
    this.#arm(state)
  }

  get nextDeadline(): number {
    if (this.#plan.second !== 'absence') return this.#clearing.next
    return this.#due.first?.time ?? Number.POSITIVE_INFINITY
  }

  has(key: string): boolean {
    return this.#states.get(key)?.event !== undefined
  }

  drainChanges(visit: VisitChange): void {
    this.#dirty.drain((state) => {
      visit(state.key, state.event === undefined ? undefined : (writer) => encode(state, writer), 0)
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

  endStarts(last: Moment): void {
    this.#lastStart = last
  }

  erase(key: string): void {
    const state = this.#states.get(key)
    if (state === undefined) return
    this.#clear(state)
  }

  *heldEvents(): Iterable<readonly [key: string, event: StreamEvent]> {
    for (const [key, state] of this.#states) for (const { event } of takenOf(state)) yield [key, event]
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
      const all = state === undefined ? [] : takenOf(state)
      for (const [at, start] of all.entries()) {
        if (this.#lastStart !== undefined && compareEvents(start.event, this.#lastStart) > 0) break
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
      this.#matchWith(state, event, undefined)
      return
    }
    if (state.count > this.#max) {
      this.#removeFirst(state)
      this.#host.shed(1, state.key)
    }
    if (!state.isArmed) this.#arm(state)
  }

  #matchWith(state: SuffixState, event: StreamEvent, slot: number | undefined): void {
    const count = this.#plan.takesMore ? state.count : this.#plan.min
    const match = new SuffixMatch(state, state.event ?? event, count, event, slot, this.#slots)
    this.#clear(state)
    this.#host.matched(match, state.key)
  }

  /** The limit of the oldest start is reached and nothing came that should not. */
  #completeByTime(state: SuffixState, at: number): void {
    const { min, takesMore } = this.#plan
    this.#dirty.mark(state)
    if (state.count < min) {
      this.#removeFirst(state)
      return
    }
    const taken = takenOf(state, takesMore ? Number.POSITIVE_INFINITY : min)
    for (let left = taken.length; left > 0; left--) this.#removeFirst(state)
    const events = eventsBySlot(taken, this.#slots)
    const first = taken[0]?.event
    const last = taken.at(-1)?.event
    if (first !== undefined && last !== undefined)
      this.#host.matched(new EventsMatch(events, first, last, eventTime(at), undefined), state.key)
  }

  #append(state: SuffixState, event: StreamEvent, slot: number): void {
    this.#starts++
    if (state.isEmpty) this.#live++
    state.append(event, slot)
  }

  #removeFirst(state: SuffixState): void {
    if (state.isEmpty) return
    this.#starts--
    state.removeFirst()
    if (state.isEmpty) this.#live--
    else if (this.#lastStart !== undefined && state.event !== undefined)
      if (compareEvents(state.event, this.#lastStart) > 0) this.#clear(state)
  }

  #clear(state: SuffixState): void {
    if (state.isEmpty) return
    this.#starts -= state.count
    this.#live--
    state.clear()
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
    else this.#clearing.add(time, state)
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

function slotIn(slots: readonly number[], mask: number): number {
  for (const slot of slots) if ((mask & (1 << slot)) !== 0) return slot
  return slots[0] ?? 0
}

function encode(state: SuffixState, writer: StateWriter): void {
  writer.uint(FORMAT)
  writer.uint(state.count)
  for (const start of takenOf(state)) {
    writer.uint(start.slot)
    writer.event(start.event)
  }
}
