import type { Automaton, Edge, Graph, State } from '../automaton/index.ts'
import { RELAXED } from '../automaton/index.ts'
import { type EventTime, eventTime, invariant, type StateReader, type StreamEvent } from '../model/index.ts'
import { BinaryHeap } from './binary-heap.ts'
import { Clearing } from './clearing.ts'
import type { KeyedMatcher, MatcherHost, PartialMatch, VisitChange } from './contract.ts'
import { type Deadline, isDueBefore } from './deadline.ts'
import { DirtyKeys } from './dirty-keys.ts'
import { Entry, EventLog, rangesOf } from './event-log.ts'
import type { HeldMatch } from './held-matches.ts'
import { KeyTable } from './key-table.ts'
import { earliestWaiting, firstPathTo, lowestWaiting } from './log-paths.ts'
import {
  decodeLogs,
  decodePage,
  encodeLogs,
  encodePage,
  firstPage,
  heldMatch,
  LogState,
  NONE_HELD,
  wholePages,
} from './log-state.ts'
import { type IsLive, PathWalk } from './path-walk.ts'
import {
  compareEvents,
  comparePaths,
  eventsTo,
  isBefore,
  listsBySlot,
  type Moment,
  matchOf,
} from './taken.ts'
import type { Taken } from './taken-node.ts'
import { tellWork } from './work.ts'

const NOTHING: Taken[] = []

/**
 * Chains of event steps with unary conditions. Partial matches in one state share their fate, so a state keeps a log of the events taken
 * there, and each entry says which entries of the state before it goes on from: one event adds one entry for any number of partial
 * matches (CORE's idea of a compact graph with output-linear enumeration, as logs). A window lets entries go from the front.
 */
export class LogMatcher implements KeyedMatcher {
  readonly #automaton: Automaton
  readonly #graph: Graph
  readonly #host: MatcherHost
  readonly #isSkipping: boolean
  readonly #hasHaving: boolean
  readonly #slots: number
  readonly #walk: PathWalk
  readonly #states = new KeyTable<LogState>()
  readonly #dirty = new DirtyKeys<LogState>()
  readonly #clearing: Clearing<LogState>
  /** Keys with a match that waits, by the start that it waits for: with that start's time, the wait is over. */
  readonly #due = new BinaryHeap<Deadline>(isDueBefore)
  /** Entries of the event at hand and the states that they are for; reused. */
  readonly #arrived: Entry[] = []
  readonly #arrivedAt: State[] = []
  /** Logs that have pages of their own in a checkpoint: the first and the one behind the last. Most logs are short and have none. */
  readonly #paged = new Map<EventLog, { from: number; to: number }>()
  /** While it is restored: the entries of the pages of a key, by state and position. */
  readonly #restoring = new Map<string, Map<number, Map<number, Entry>>>()
  #entries = 0
  #live = 0
  #hasEndedStarts = false

  constructor(automaton: Automaton, host: MatcherHost) {
    this.#automaton = automaton
    this.#graph = automaton.graph
    this.#host = host
    this.#isSkipping = automaton.input.afterMatch.kind !== 'no-skip'
    this.#hasHaving = automaton.input.hasHaving
    this.#slots = automaton.input.slots.length
    this.#walk = new PathWalk(this.#slots)
    this.#clearing = new Clearing(host, this.#graph.withinMs)
  }

  process(key: string, event: StreamEvent, mask: number): void {
    const known = this.#states.get(key)
    if (known === undefined && (this.#hasEndedStarts || (mask & this.#automaton.startMask) === 0)) return
    const state = known ?? new LogState(key, this.#graph.states.length)
    this.#expire(state, event.time)
    this.#arrived.length = 0
    this.#arrivedAt.length = 0
    for (let id = 1; id < state.logs.length; id++) {
      const log = state.logs[id]
      const from = this.#graph.states[id]
      if (log === undefined || from === undefined || log.size === 0) continue
      for (let way = 0; way < from.edges.length; way++) {
        const edge = from.edges[way]
        if (edge !== undefined) this.#follow(log, from.id, edge, way, event, mask)
      }
    }
    if (!this.#hasEndedStarts)
      for (const edge of this.#graph.states[0]?.edges ?? [])
        if ((mask & edge.mask) !== 0) this.#arrive(edge, event, mask).isStart = true

    let complete = NOTHING
    if (this.#arrived.length > 0) {
      complete = this.#take(state, event)
      if (!state.isChanged) this.#dirty.mark(state)
    }
    if (known === undefined && state.entries > 0) this.#states.set(key, state)
    this.#report(state, complete, event)
    if (state.held.length > 0) this.#release(state, event.time)
    this.#collect(state)
    this.#shed(state, event.time)
    if (!state.isArmed) this.#arm(state)
  }

  advance(time: EventTime): void {
    this.#releaseUntil(time)
    if (this.#clearing.next <= time) this.#clearing.takeUntil(time, (state) => this.sweep(state, time))
  }

  sweep(state: LogState, time: EventTime): void {
    state.isArmed = false
    this.#expire(state, time)
    this.#arm(state)
  }

  get nextDeadline(): number {
    return Math.min(this.#clearing.next, this.#due.first?.time ?? Number.POSITIVE_INFINITY)
  }

  has(key: string): boolean {
    return this.#states.get(key)?.isEmpty === false
  }

  drainChanges(visit: VisitChange): void {
    this.#dirty.drain((state) => {
      for (let id = 1; id < state.logs.length; id++) {
        const log = state.logs[id]
        if (log !== undefined && wholePages(log) > 0) this.#turnPages(state.key, id, log, visit)
      }
      visit(state.key, state.isEmpty ? undefined : (writer) => encodeLogs(state, writer), 0)
      this.#drop(state)
    })
  }

  /** New full pages are written, and those that nothing is left of go. */
  #turnPages(key: string, id: number, log: EventLog, visit: VisitChange): void {
    const from = firstPage(log)
    const to = wholePages(log)
    const known = this.#paged.get(log) ?? { from, to: from }
    if (known.from === from && known.to === to) return
    for (let page = known.from; page < Math.min(from, known.to); page++)
      visit(key, undefined, this.#pageOf(id, page))
    for (let page = Math.max(known.to, from); page < to; page++)
      visit(key, (writer) => encodePage(log, page, writer), this.#pageOf(id, page))
    if (from === to) this.#paged.delete(log)
    else this.#paged.set(log, { from, to })
  }

  /** Pages of all states of a key have numbers of their own, above 0: no log is that of the start. */
  #pageOf(id: number, page: number): number {
    return page * this.#graph.states.length + id
  }

  restore(key: string, reader: StateReader, page = 0): void {
    invariant(!this.has(key), 'a key is restored once')
    if (page > 0) {
      this.#restorePage(key, reader, page)
      return
    }
    const state = this.#states.get(key) ?? new LogState(key, this.#graph.states.length)
    const pages = this.#restoring.get(key)
    this.#restoring.delete(key)
    decodeLogs(state, this.#graph, reader, pages)
    this.#states.set(key, state)
    for (const id of pages?.keys() ?? []) {
      const log = state.logs[id]
      if (log !== undefined) this.#paged.set(log, { from: firstPage(log), to: wholePages(log) })
    }
    for (const log of state.logs) this.#count(state, log?.size ?? 0)
    this.#arm(state)
    if (state.held.length > 0) this.#release(state, Number.NEGATIVE_INFINITY)
  }

  #restorePage(key: string, reader: StateReader, page: number): void {
    const states = this.#graph.states.length
    const pages = this.#restoring.get(key) ?? new Map<number, Map<number, Entry>>()
    this.#restoring.set(key, pages)
    const entries = pages.get(page % states) ?? new Map<number, Entry>()
    pages.set(page % states, entries)
    decodePage(Math.floor(page / states), reader, entries)
  }

  endStarts(): void {
    this.#hasEndedStarts = true
  }

  erase(key: string): void {
    const state = this.#states.get(key)
    if (state === undefined || state.isEmpty) return
    this.#clear(state)
    state.held = NONE_HELD
    this.#dirty.mark(state)
  }

  *heldEvents(): Iterable<readonly [key: string, event: StreamEvent]> {
    for (const [key, { logs, held }] of this.#states) {
      for (const log of logs)
        for (let position = log?.start ?? 0; position < (log?.end ?? 0); position++) {
          const entry = log?.at(position)
          if (entry !== undefined) yield [key, entry.event]
        }
      for (const { last } of held) for (const event of eventsTo(last)) yield [key, event]
    }
  }

  get keys(): number {
    return this.#live
  }

  get partialMatches(): number {
    return this.#entries
  }

  /** Of the partial matches that share an entry, the first. */
  *inspect(key?: string): Iterable<PartialMatch> {
    const keys = key === undefined ? [...this.#states.keys()].sort() : [key]
    for (const each of keys) {
      const state = this.#states.get(each)
      if (state === undefined) continue
      for (const [id, log] of state.logs.entries()) {
        if (log === undefined) continue
        for (let position = log.start; position < log.end; position++) {
          const partial = this.#inspectEntry(state, id, log, position)
          if (partial !== undefined) yield partial
        }
      }
    }
  }

  #inspectEntry(state: LogState, id: number, log: EventLog, position: number): PartialMatch | undefined {
    const entry = log.at(position)
    const path = entry && firstPathTo(state.logs, entry, (start) => this.#isAboveFloor(state, start))
    if (path === undefined) return undefined
    const edges = this.#graph.states[id]?.edges.filter((_, way) => position >= (log.waiting[way] ?? 0)) ?? []
    if (edges.length === 0) return undefined
    let first = path
    while (first.previous !== undefined) first = first.previous
    return {
      key: state.key,
      events: listsBySlot(path, this.#slots),
      waitingFor: edges.flatMap((edge) => edge.slots),
      startedAt: first.event.time,
      ...(Number.isFinite(this.#graph.withinMs)
        ? { deadline: eventTime(first.event.time + this.#graph.withinMs) }
        : {}),
    }
  }

  /** Moves what waits at an edge on, or ends its wait. */
  #follow(log: EventLog, from: number, edge: Edge, way: number, event: StreamEvent, mask: number): void {
    let waiting = Math.max(log.waiting[way] ?? 0, log.start)
    if (edge.limitMs !== Number.POSITIVE_INFINITY)
      for (
        let entry = log.at(waiting);
        entry !== undefined && entry.event.time + edge.limitMs <= event.time;
        entry = log.at(waiting)
      )
        waiting++
    if ((mask & (edge.banned | edge.greedy)) !== 0) waiting = log.end
    if ((mask & edge.mask) !== 0) {
      if (waiting < log.end) this.#arrive(edge, event, mask).addRange(from, way, waiting, log.end)
      if (edge.contiguity === RELAXED) waiting = log.end
    }
    log.waiting[way] = waiting
  }

  #arrive(edge: Edge, event: StreamEvent, mask: number): Entry {
    for (let index = 0; index < this.#arrived.length; index++) {
      const known = this.#arrived[index]
      if (known !== undefined && this.#arrivedAt[index]?.id === edge.target) return known
    }
    const state = this.#graph.states[edge.target]
    invariant(state !== undefined, 'an edge leads to a state')
    let slot = edge.slots[0] ?? 0
    for (let at = 1; (mask & (1 << slot)) === 0 && at < edge.slots.length; at++) slot = edge.slots[at] ?? slot
    const entry = new Entry(event, slot)
    this.#arrived.push(entry)
    this.#arrivedAt.push(state)
    return entry
  }

  #take(state: LogState, event: StreamEvent): Taken[] {
    let complete = NOTHING
    // Before any of them joins its log: ranges end where the logs did.
    for (const entry of this.#arrived) if (!entry.isStart) entry.newest = this.#newestOf(state, entry)
    for (let index = 0; index < this.#arrived.length; index++) {
      const entry = this.#arrived[index]
      const target = this.#arrivedAt[index]
      if (entry === undefined || target === undefined) continue
      if (target.final) {
        if (complete === NOTHING) complete = []
        this.#complete(state, entry, event.time, complete)
      }
      if (target.edges.length === 0) continue
      let log = state.logs[target.id]
      if (log === undefined) {
        log = new EventLog(target.edges.length)
        state.logs[target.id] = log
      }
      log.push(entry)
      this.#count(state, 1)
    }
    return complete
  }

  #newestOf(state: LogState, entry: Entry): Moment {
    let newest: Moment | undefined
    for (let range = rangesOf(entry); range !== undefined; range = range.more) {
      const last = state.logs[range.state]?.at(range.to - 1)?.newest
      if (last !== undefined && (newest === undefined || compareEvents(last, newest) > 0)) newest = last
    }
    return newest ?? entry.event
  }

  /** Adds the matches that end in the entry, of which a skip strategy needs but the first. */
  #complete(state: LogState, entry: Entry, time: number, complete: Taken[]): void {
    const isLive = this.#isLiveIn(state, time)
    if (this.#hasHaving || !this.#isSkipping) {
      this.#completeAll(state, entry, time, complete)
      return
    }
    const first = firstPathTo(state.logs, entry, isLive)
    if (first !== undefined) complete.push(first)
  }

  /** With `having`, or where every match counts, all partial matches are looked at, but never more of them than the limit of the key. */
  #completeAll(state: LogState, entry: Entry, time: number, complete: Taken[]): void {
    const max = this.#automaton.input.partialMatchesMax
    const isLive = this.#isLiveIn(state, time)
    for (;;) {
      let asked = 0
      let best: StreamEvent | undefined
      const from = complete.length
      const isWhole = this.#walk.walk(state.logs, entry, isLive, (start) => {
        if (++asked > max) return false
        if (this.#isSkipping) {
          if (best !== undefined && compareEvents(start, best) > 0) return true
          if (state.held.some((match) => !isBefore(start, match.first) && !isBefore(match.last.event, start)))
            return true
        }
        if (!this.#hasHaving || this.#host.accept(this.#walk, state.key)) {
          complete.push(this.#walk.taking())
          best = start
        }
        return true
      })
      tellWork(this.#host, asked)
      if (isWhole) return
      complete.length = from
      this.#shedStarts(state, isLive)
    }
  }

  #isLiveIn(state: LogState, time: number): IsLive {
    const earliest = time - this.#graph.withinMs
    const { floor } = state
    return floor === undefined
      ? (start) => start.time > earliest
      : (start) => start.time > earliest && compareEvents(start, floor) > 0
  }

  #report(state: LogState, complete: readonly Taken[], event: StreamEvent): void {
    if (complete.length === 0) return
    const slots = this.#slots
    const completed = { at: event.time, by: event }
    const matches = complete
      .map((last) => ({ last, match: matchOf(last, slots, completed) }))
      .sort(
        (left, right) =>
          compareEvents(left.match.first, right.match.first) || comparePaths(left.last, right.last),
      )
    if (!this.#isSkipping) {
      for (const { match } of matches) this.#host.matched(match, state.key)
      return
    }
    const [first] = matches
    if (first === undefined) return
    if (this.#hasHaving) {
      this.#hold(state, heldMatch(first.last, first.match.first))
      return
    }
    // Every start is at or before the last event of the first match: it discards all others.
    this.#clear(state)
    this.#host.matched(first.match, state.key)
  }

  /** What starts within the match can only be discarded, by it or together with it. */
  #hold(state: LogState, match: HeldMatch): void {
    if (state.held === NONE_HELD) state.held = []
    const { held } = state
    for (let last = held.at(-1); last !== undefined && isBefore(match.first, last.first); last = held.at(-1))
      held.pop()
    held.push(match)
  }

  /** Reports the matches that no older partial match can discard any more. */
  #release(state: LogState, time: number): void {
    for (let match = state.held[0]; match !== undefined; match = state.held[0]) {
      const oldest = earliestWaiting(state.logs, this.#isLiveIn(state, time))
      if (oldest !== undefined && isBefore(oldest, match.first)) {
        this.#waitFor(state, oldest)
        return
      }
      state.held.shift()
      state.waitsFor = undefined
      this.#discard(state, match.last.event)
      this.#dirty.mark(state)
      const completed = { at: match.completedAt, by: match.completedBy }
      this.#host.matched(matchOf(match.last, this.#slots, completed), state.key)
    }
    state.held = NONE_HELD
  }

  #waitFor(state: LogState, start: StreamEvent): void {
    if (state.waitsFor === start || this.#graph.withinMs === Number.POSITIVE_INFINITY) return
    state.waitsFor = start
    this.#due.add({ time: start.time + this.#graph.withinMs, first: start, key: state.key })
  }

  #releaseUntil(time: number): void {
    for (let due = this.#due.first; due !== undefined && due.time <= time; due = this.#due.first) {
      this.#due.take()
      const { time: at, first, key } = due
      const state = this.#states.get(key)
      if (state === undefined || state.waitsFor !== first) continue
      state.waitsFor = undefined
      this.#expire(state, at)
      this.#release(state, at)
      this.#collect(state)
    }
  }

  /** Matches that started with the event or before it are not wanted any more. */
  #discard(state: LogState, floor: Moment): void {
    state.floor = floor
    for (const log of state.logs)
      this.#removeWhile(state, log, (entry) => compareEvents(entry.newest, floor) <= 0)
  }

  /** Drops what no edge waits for and no waiting entry goes on from; all of it at once when nothing waits. */
  #collect(state: LogState): void {
    if (state.isEmpty) return
    if (state.logs.every((log) => log === undefined || lowestWaiting(log) >= log.end)) {
      this.#clear(state)
      this.#dirty.mark(state)
      return
    }
    // Looking costs as much as there is: only when there is twice as much as the last look left, or something would have to be shed.
    const isWithinBound = state.entries <= this.#automaton.input.partialMatchesMax
    if (isWithinBound && state.entries < 2 * state.kept + 16) return
    for (let id = state.logs.length - 1; id > 0; id--) {
      const log = state.logs[id]
      if (log === undefined) continue
      const lowest = lowestNeeded(state.logs, id, log)
      let removed = 0
      while (log.size > 0 && log.start < lowest) {
        log.removeFirst()
        removed++
      }
      this.#count(state, 0 - removed)
    }
    state.kept = state.entries
  }

  #isAboveFloor(state: LogState, start: Moment): boolean {
    return state.floor === undefined || compareEvents(start, state.floor) > 0
  }

  /** Drops the matches with the oldest start until the key is within its bound. */
  #shed(state: LogState, time: number): void {
    const max = this.#automaton.input.partialMatchesMax
    const before = state.entries
    if (before <= max) return
    while (state.entries > max) {
      let oldest: Moment | undefined
      for (const log of state.logs) {
        const newest = log?.first?.newest
        if (newest !== undefined && (oldest === undefined || compareEvents(newest, oldest) < 0))
          oldest = newest
      }
      if (oldest === undefined) return
      this.#discard(state, oldest)
    }
    this.#host.shed(before - state.entries, state.key)
    if (state.held.length > 0) this.#release(state, time)
  }

  /** Drops the older half of the starts: together they stand for more partial matches than one key may have. */
  #shedStarts(state: LogState, isLive: IsLive): void {
    const starts = new Set<StreamEvent>()
    for (const { target } of this.#graph.states[0]?.edges ?? []) {
      const log = state.logs[target]
      for (let position = log?.start ?? 0; position < (log?.end ?? 0); position++) {
        const entry = log?.at(position)
        if (entry?.isStart === true && isLive(entry.event)) starts.add(entry.event)
      }
    }
    const sorted = [...starts].sort(compareEvents)
    const dropped = Math.ceil(sorted.length / 2)
    const floor = sorted[dropped - 1]
    invariant(floor !== undefined, 'partial matches have a start')
    this.#discard(state, floor)
    this.#host.shed(dropped, state.key)
  }

  #expire(state: LogState, time: number): void {
    const { withinMs } = this.#graph
    if (withinMs === Number.POSITIVE_INFINITY) return
    for (const log of state.logs) {
      const first = log?.first
      if (first === undefined || first.newest.time + withinMs > time) continue
      this.#removeWhile(state, log, (entry) => entry.newest.time + withinMs <= time)
      this.#dirty.mark(state)
    }
  }

  #removeWhile(state: LogState, log: EventLog | undefined, condition: (entry: Entry) => boolean): void {
    let removed = 0
    for (let first = log?.first; first !== undefined && condition(first); first = log?.first) {
      log?.removeFirst()
      removed++
    }
    if (removed > 0) this.#count(state, -removed)
  }

  #clear(state: LogState): void {
    for (const log of state.logs) log?.clear()
    state.kept = 0
    this.#count(state, 0 - state.entries)
  }

  /** `change` is never -0, with which V8 would keep the number of entries as a double, in an object of its own. */
  #count(state: LogState, change: number): void {
    const wasEmpty = state.entries === 0
    state.entries += change
    this.#entries += change
    // A match never waits alone: with the last partial match it is reported.
    if (wasEmpty !== (state.entries === 0)) this.#live += wasEmpty ? 1 : -1
  }

  #arm(state: LogState): void {
    if (state.isEmpty) {
      this.#drop(state)
      return
    }
    if (this.#graph.withinMs === Number.POSITIVE_INFINITY) return
    let oldest = Number.POSITIVE_INFINITY
    for (const log of state.logs) oldest = Math.min(oldest, log?.first?.newest.time ?? oldest)
    state.isArmed = true
    this.#clearing.add(oldest + this.#graph.withinMs, state)
  }

  /** An empty state goes when nothing refers to it. */
  #drop(state: LogState): void {
    if (state.isEmpty && !state.isArmed && !state.isChanged && this.#states.get(state.key) === state)
      this.#states.delete(state.key)
  }
}

/** The first position that something waiting may still need; the logs of later states hold only what is needed already. */
function lowestNeeded(logs: ReadonlyArray<EventLog | undefined>, id: number, log: EventLog): number {
  let lowest = lowestWaiting(log)
  for (const other of logs) {
    if (other === undefined || other === log) continue
    for (let position = other.start; position < other.end; position++) {
      const from = lowestRange(other.at(position), id)
      if (from === undefined) continue
      lowest = Math.min(lowest, from)
      break
    }
  }
  // A repeated step goes on from its own earlier events.
  for (let position = log.end - 1; position >= Math.max(lowest, log.start); position--)
    lowest = Math.min(lowest, lowestRange(log.at(position), id) ?? lowest)
  return lowest
}

function lowestRange(entry: Entry | undefined, id: number): number | undefined {
  let lowest: number | undefined
  for (let range = entry && rangesOf(entry); range !== undefined; range = range.more)
    if (range.state === id && (lowest === undefined || range.from < lowest)) lowest = range.from
  return lowest
}
