import type { Graph, State } from '../automaton/index.ts'
import { type JoinValue, type Scalar, type StreamEvent, UNTOLD } from '../model/index.ts'
import { BinaryHeap } from './binary-heap.ts'
import type { Joins } from './contract.ts'
import { deadlineAfter, type Run } from './run.ts'
import { compareRuns } from './run-order.ts'
import type { StateWatch, StateWatches } from './state-watch.ts'
import { compareEvents, TakenEvents } from './taken.ts'

/** What the indexes of all keys share. */
export interface IndexParts {
  readonly graph: Graph
  readonly joins: Joins | undefined
  readonly watches: StateWatches
}

/** So many that are gone are put up with, or as many as there are others. */
const GONE_MIN = 16

const isDueBefore = (left: Run, right: Run): boolean =>
  left.deadline < right.deadline ||
  (left.deadline === right.deadline && compareEvents(left.first, right.first) < 0)

const slotOf = (mask: number): number => 31 - Math.clz32(mask & -mask)

/**
 * The partial matches of one key where they are many: by state, by the values that they wait for, and by deadline, so that an event or
 * a moment touches only those that it can change. One that is gone (no way on is open) stays until it is met or there are many of them.
 */
export class RunIndex {
  readonly #parts: IndexParts
  readonly #groups = new Map<State, Group>()
  readonly #deadlines = new BinaryHeap<Run>(isDueBefore)
  /** Used for every event. */
  readonly #found: Run[] = []
  #live = 0
  #gone = 0
  /** Of the event at hand, by slot; those that were asked for are in the mask. */
  readonly #offered: JoinValue[] = []
  #offeredMask = 0

  constructor(parts: IndexParts) {
    this.#parts = parts
  }

  add(run: Run): void {
    this.#live++
    this.#groupOf(run.state).add(run, this.#parts.joins)
    this.await(run)
  }

  /** Its deadline was reached and has another one now. */
  await(run: Run): void {
    if (run.deadline !== Number.POSITIVE_INFINITY) this.#deadlines.add(run)
  }

  remove(run: Run): void {
    run.open = 0
    this.#live--
    if (++this.#gone <= Math.max(GONE_MIN, this.#live)) return
    this.#gone = 0
    for (const [state, group] of this.#groups) if (!group.sweep()) this.#groups.delete(state)
    this.#deadlines.keep(isHere)
  }

  /** Those that the event can change, in their order. */
  concerned(event: StreamEvent, mask: number): readonly Run[] {
    const found = this.#found
    found.length = 0
    this.#offeredMask = 0
    for (const group of this.#groups.values()) {
      const { watch } = group
      const watched = mask & watch.mask
      if (watch.isEager || (watched & ~watch.joined) !== 0) group.addAll(found)
      else if (watched !== 0) this.#addJoined(group, watched, event, found)
    }
    return found.length > 1 ? inOrder(found) : found
  }

  /** The first whose deadline comes next, and of those the one that started first; up to `time` deadlines are the true ones. */
  earliest(time: number): Run | undefined {
    for (let run = this.#deadlines.first; run !== undefined; run = this.#deadlines.first) {
      if (isHere(run) && run.deadline > time) return run
      const deadline = isHere(run) ? deadlineAfter(this.#parts.graph, run, time) : undefined
      if (deadline === run.deadline) return run
      this.#deadlines.take()
      if (deadline === undefined) continue
      run.deadline = deadline
      this.await(run)
    }
    return undefined
  }

  /** Takes those out whose deadline is reached, in their order; who is left then has to `await` again. */
  due(time: number): readonly Run[] {
    const due: Run[] = []
    for (
      let run = this.earliest(time);
      run !== undefined && run.deadline <= time;
      run = this.earliest(time)
    ) {
      this.#deadlines.take()
      due.push(run)
    }
    return due.length > 1 ? inOrder(due) : due
  }

  #groupOf(state: State): Group {
    let group = this.#groups.get(state)
    if (group === undefined) {
      group = new Group(this.#parts.watches.of(state))
      this.#groups.set(state, group)
    }
    return group
  }

  #addJoined(group: Group, slots: number, event: StreamEvent, found: Run[]): void {
    for (let rest = slots; rest !== 0; rest &= rest - 1) {
      const slot = slotOf(rest)
      const value = this.#offer(slot, event)
      if (value === UNTOLD) {
        group.addAll(found)
        return
      }
      group.addWaiting(slot, value, found)
    }
  }

  #offer(slot: number, event: StreamEvent): JoinValue {
    const bit = 1 << slot
    if ((this.#offeredMask & bit) === 0) {
      this.#offeredMask |= bit
      this.#offered[slot] = this.#parts.joins?.offered(slot, event)
    }
    return this.#offered[slot]
  }
}

/** Each once. */
const inOrder = (runs: readonly Run[]): readonly Run[] =>
  runs.toSorted(compareRuns).filter((run, index, all) => run !== all[index - 1])

const isHere = (run: Run): boolean => run.open !== 0

/** One serves all: values are read one after the other. */
const reading = new TakenEvents()

/** Those in one state. */
class Group {
  readonly watch: StateWatch
  #runs: Run[] = []
  /** By slot, of those that are joined. */
  readonly #tables: Array<WaitingTable | undefined> = []

  constructor(watch: StateWatch) {
    this.watch = watch
  }

  add(run: Run, joins: Joins | undefined): void {
    this.#runs.push(run)
    if (this.watch.joined === 0 || joins === undefined) return
    reading.show(run)
    for (let rest = this.watch.joined; rest !== 0; rest &= rest - 1) {
      const slot = slotOf(rest)
      let table = this.#tables[slot]
      if (table === undefined) {
        table = new WaitingTable()
        this.#tables[slot] = table
      }
      table.add(run, joins.awaited(slot, reading))
    }
  }

  addAll(found: Run[]): void {
    for (const run of this.#runs) if (isHere(run)) found.push(run)
  }

  addWaiting(slot: number, value: Exclude<JoinValue, typeof UNTOLD>, found: Run[]): void {
    this.#tables[slot]?.find(value, found)
  }

  /** Drops what is gone; whether anything is left. */
  sweep(): boolean {
    this.#runs = this.#runs.filter(isHere)
    for (const table of this.#tables) table?.sweep()
    return this.#runs.length > 0
  }
}

/** Those that wait for one slot, by the value they wait for; one alone needs no list. What waits for nothing is in no place. */
class WaitingTable {
  readonly #byValue = new Map<Scalar, Run | Run[]>()
  /** Those of which only the condition can tell. */
  #untold: Run[] = []

  add(run: Run, value: JoinValue): void {
    if (value === UNTOLD) this.#untold.push(run)
    else if (Array.isArray(value)) for (const each of new Set<Scalar>(value)) this.#addAt(each, run)
    else if (value !== undefined) this.#addAt(value as Scalar, run)
  }

  find(value: Exclude<JoinValue, typeof UNTOLD>, found: Run[]): void {
    if (Array.isArray(value)) for (const each of value) this.#findAt(each, found)
    else if (value !== undefined) this.#findAt(value as Scalar, found)
    for (const run of this.#untold) if (isHere(run)) found.push(run)
  }

  sweep(): void {
    for (const [value, waiting] of this.#byValue) this.#settle(value, waiting)
    this.#untold = this.#untold.filter(isHere)
  }

  #addAt(value: Scalar, run: Run): void {
    const waiting = this.#byValue.get(value)
    if (waiting === undefined) this.#byValue.set(value, run)
    else if (Array.isArray(waiting)) waiting.push(run)
    else this.#byValue.set(value, isHere(waiting) ? [waiting, run] : run)
  }

  #findAt(value: Scalar, found: Run[]): void {
    const waiting = this.#byValue.get(value)
    if (waiting === undefined) return
    if (!Array.isArray(waiting)) {
      if (isHere(waiting)) found.push(waiting)
      return
    }
    const before = found.length
    for (const run of waiting) if (isHere(run)) found.push(run)
    // Half of them have gone: the others go into a list of their own, so that a value that comes again and again costs what waits for it.
    if ((found.length - before) * 2 < waiting.length) this.#settle(value, waiting)
  }

  #settle(value: Scalar, waiting: Run | readonly Run[]): void {
    const here = Array.isArray(waiting)
      ? waiting.filter(isHere)
      : isHere(waiting as Run)
        ? [waiting as Run]
        : []
    const [only] = here
    if (only === undefined) this.#byValue.delete(value)
    else this.#byValue.set(value, here.length === 1 ? only : here)
  }
}
