import type { Automaton, Edge, Graph, Guards } from '../automaton/index.ts'
import {
  type EventTime,
  eventTime,
  invariant,
  type Match,
  type StateReader,
  type StreamEvent,
} from '../model/index.ts'
import { isBelow, skipAfter } from './after-match.ts'
import { BinaryHeap } from './binary-heap.ts'
import type { KeyedMatcher, MatcherHost, MatcherOptions, PartialMatch, VisitChange } from './contract.ts'
import { type Deadline, isDueBefore } from './deadline.ts'
import { decodeKey, encodeKey, waitingFor } from './encode-key.ts'
import { type HeldMatch, HeldMatches } from './held-matches.ts'
import { createKeyState, type KeyState } from './key-state.ts'
import { KeyTable } from './key-table.ts'
import type { Closing, RunObserver } from './observer.ts'
import {
  createRun,
  deadlineAfter,
  deadlineOf,
  edgeLimit,
  NO_GROUPS,
  PENDING_BIT,
  pendingEnd,
  type Run,
} from './run.ts'
import type { IndexParts } from './run-index.ts'
import { StateWatches } from './state-watch.ts'
import { EventView, stepRun } from './step-run.ts'
import {
  compareEvents,
  comparePaths,
  eventsTo,
  isBefore,
  listsBySlot,
  matchOf,
  signatureOf,
} from './taken.ts'
import { type Taken, takenAfter } from './taken-node.ts'
import type { WaitingRuns } from './waiting-runs.ts'
import { tellWork } from './work.ts'

const NO_MASK = 0
/** With fewer partial matches of a key, asking all of them costs less than an index. */
const INDEXED_ABOVE = 16

/**
 * The general matcher: every partial match is a run over shared nodes, and an event of a key is shown to every run of it that it can
 * change. Right for every pattern; the specialised matchers must behave as it does.
 */
export class RunMatcher implements KeyedMatcher {
  readonly #automaton: Automaton
  readonly #graph: Graph
  readonly #host: MatcherHost
  readonly #observer: RunObserver | undefined
  readonly #view: EventView
  readonly #slots: number
  readonly #startEdges: readonly Edge[]
  readonly #isSkipping: boolean
  /** A match discards all others with its first event: of those only one can be reported, the one complete first. */
  readonly #isSkippingStart: boolean
  readonly #indexedAbove: number
  readonly #indexParts: IndexParts
  readonly #states = new KeyTable<KeyState>()
  readonly #changed = new Set<string>()
  readonly #deadlines = new BinaryHeap<Deadline>(isDueBefore)
  #partialMatches = 0
  #hasEndedStarts = false
  // While an event is processed.
  readonly #complete: HeldMatch[] = []
  #event: StreamEvent | undefined
  #key = ''
  #state: KeyState | undefined
  #taking: Run | undefined
  #hasChanged = false
  /** How often it was taken. */
  #takings = 0

  constructor(automaton: Automaton, host: MatcherHost, options: MatcherOptions = {}, observer?: RunObserver) {
    this.#automaton = automaton
    this.#graph = automaton.graph
    this.#host = host
    this.#observer = observer
    this.#view = new EventView(automaton.graph, host)
    this.#startEdges = automaton.graph.states[0]?.edges ?? []
    this.#slots = automaton.input.slots.length
    const { kind } = automaton.input.afterMatch
    this.#isSkipping = kind !== 'no-skip'
    this.#isSkippingStart = kind === 'skip-to-next' || kind === 'skip-past-last-event'
    const { joins } = host
    // Whoever watches sees every partial match asked.
    this.#indexedAbove =
      observer === undefined ? (options.indexedAbove ?? INDEXED_ABOVE) : Number.POSITIVE_INFINITY
    this.#indexParts = {
      graph: automaton.graph,
      joins,
      watches: new StateWatches(automaton.graph, joins?.mask ?? 0),
    }
  }

  process(key: string, event: StreamEvent, mask: number): void {
    this.#observer?.shown(event, mask, key)
    const known = this.#states.get(key)
    if (known === undefined && (this.#hasEndedStarts || (mask & this.#automaton.startMask) === NO_MASK))
      return
    const state: KeyState = known ?? createKeyState(new HeldMatches())
    const before = state.runs.size
    const complete = this.#complete
    this.#view.see(event, mask, key)
    this.#event = event
    this.#key = key
    this.#state = state
    this.#hasChanged = false
    this.#takings = 0

    const asked = this.#ask(state, event, mask)
    this.#start(mask)
    tellWork(this.#host, asked + this.#takings)
    // Most events that a key is shown mean nothing to it; then nothing is written either.
    if (!this.#hasChanged && complete.length === 0) return

    this.#report(state, complete, key)
    complete.length = 0
    this.#shed(state, key)
    this.#settle(key, state, before, known === undefined)
  }

  advance(time: EventTime): void {
    while (this.nextDeadline <= time) {
      const entry = this.#deadlines.take()
      if (entry === undefined) return
      const { time: at, key } = entry
      const state = this.#states.get(key)
      if (state === undefined || state.armed !== at || entry.first !== state.armedFirst) continue
      state.armed = Number.POSITIVE_INFINITY
      const earliest = state.runs.earliest(at, this.#graph)
      // What it was made for may be gone; then it is another's turn first.
      if (earliest?.deadline === at && earliest.first === entry.first) this.#fire(key, state, at)
      else this.#arm(state, key, at)
    }
  }

  get nextDeadline(): number {
    return this.#deadlines.first?.time ?? Number.POSITIVE_INFINITY
  }

  has(key: string): boolean {
    return this.#states.get(key) !== undefined
  }

  drainChanges(visit: VisitChange): void {
    for (const key of this.#changed) {
      const state = this.#states.get(key)
      if (state !== undefined) state.isChanged = false
      visit(key, state === undefined ? undefined : (writer) => encodeKey(state, writer), 0)
    }
    this.#changed.clear()
  }

  restore(key: string, reader: StateReader): void {
    invariant(this.#states.get(key) === undefined, 'a key is restored once')
    const state = decodeKey(this.#graph, reader)
    this.#states.set(key, state)
    this.#partialMatches += state.runs.size
    this.#arm(state, key, Number.NEGATIVE_INFINITY)
  }

  endStarts(): void {
    this.#hasEndedStarts = true
  }

  erase(key: string): void {
    const state = this.#states.get(key)
    if (state === undefined) return
    this.#partialMatches -= state.runs.size
    this.#states.delete(key)
    this.#changed.add(key)
  }

  *heldEvents(): Iterable<readonly [key: string, event: StreamEvent]> {
    for (const [key, { runs, held }] of this.#states) {
      for (const { last } of runs) for (const event of eventsTo(last)) yield [key, event]
      for (const { last, completedBy } of held.list) {
        for (const event of eventsTo(last)) yield [key, event]
        if (completedBy !== undefined) yield [key, completedBy]
      }
    }
  }

  get keys(): number {
    return this.#states.size
  }

  get partialMatches(): number {
    return this.#partialMatches
  }

  *inspect(key?: string): Iterable<PartialMatch> {
    const keys = key === undefined ? [...this.#states.keys()].sort() : [key]
    for (const each of keys)
      for (const run of this.#states.get(each)?.runs ?? []) {
        const deadline = deadlineOf(this.#graph, run)
        yield {
          key: each,
          events: listsBySlot(run.last, this.#slots),
          waitingFor: waitingFor(run),
          startedAt: run.first.time,
          ...(deadline === Number.POSITIVE_INFINITY ? {} : { deadline: eventTime(deadline) }),
        }
      }
  }

  /** Shows the event at hand to those that it can change; gives their number. */
  #ask({ runs }: KeyState, event: StreamEvent, mask: number): number {
    const index = runs.indexAbove(this.#indexedAbove, this.#indexParts)
    if (index !== undefined) {
      const concerned = index.concerned(event, mask)
      const { length } = concerned
      for (const run of concerned) this.#show(run, event)
      return length
    }
    const { size } = runs
    for (let run = runs.first; run !== undefined; ) {
      const { next } = run
      this.#show(run, event)
      run = next
    }
    return size
  }

  /** Shows the event at hand to a partial match. */
  #show(run: Run, event: StreamEvent): void {
    this.#taking = run
    this.#view.from(run)
    this.#observer?.tried(run, this.#key)
    const { open, isFresh, isLifted } = run
    const completes = stepRun(this.#graph, run, event, this.#view, this.#take, this.#closed(run, this.#key))
    if (completes) this.#add(this.#complete, run.last, run.first, event.time, event, this.#key)
    if (run.open === open && run.isFresh === isFresh && run.isLifted === isLifted) return
    this.#hasChanged = true
    if (run.open === 0) this.#state?.runs.remove(run)
  }

  /** Starts new partial matches with the event at hand. */
  #start(mask: number): void {
    this.#taking = undefined
    this.#view.from(undefined)
    this.#observer?.tried(undefined, this.#key)
    if (this.#hasEndedStarts || (mask & this.#automaton.startMask) === NO_MASK) return
    for (let way = 0; way < this.#startEdges.length; way++) {
      const edge = this.#startEdges[way]
      if (edge === undefined || (edge.greedy === 0 && (edge.mask & mask) === NO_MASK)) continue
      if (edge.greedy !== 0 && this.#view.any(edge.greedy) && !this.#view.any(edge.greedyUntil)) continue
      const slot = this.#view.firstOf(edge.slots)
      if (slot >= 0 && !this.#view.any(edge.until)) this.#take(edge, way, slot)
    }
  }

  /** The partial match at hand, or a new one, takes the event at hand. One function for all events: none is made for each. */
  readonly #take = (edge: Edge, way: number, slot: number): void => {
    const target = this.#graph.states[edge.target]
    const event = this.#event
    const state = this.#state
    invariant(target !== undefined && event !== undefined && state !== undefined, 'an edge leads to a state')
    const from = this.#taking
    const key = this.#key
    this.#hasChanged = true
    this.#takings++
    const last = takenAfter(from?.last, slot, event, way)
    const first = from?.first ?? event
    let groupStarts = from?.groupStarts ?? NO_GROUPS
    if (edge.groupsEntered.length > 0) {
      const copy = this.#graph.groupLimits.map((_, group) => groupStarts[group] ?? 0)
      for (const group of edge.groupsEntered) copy[group] = event.time
      groupStarts = copy
    }
    const goesOn = target.edges.length > 0 || target.pending !== undefined
    const run = goesOn ? createRun(this.#graph, target, last, first, groupStarts, from?.memory) : undefined
    this.#observer?.took({ from, run, slot, event, first }, key)
    if (target.final) this.#add(this.#complete, last, first, event.time, event, key)
    if (run === undefined) return
    state.runs.add(run, from)
    this.#armFor(state, run, key)
  }

  #closed(run: Run, key: string): ((guards: Guards, why: Closing) => void) | undefined {
    const observer = this.#observer
    return observer && ((guards, why) => observer.closed(run, guards, why, key))
  }

  #add(
    complete: HeldMatch[],
    last: Taken,
    first: StreamEvent,
    at: number,
    by: StreamEvent | undefined,
    key: string,
  ): void {
    if (this.#automaton.input.hasHaving && !this.#host.accept(matchOf(last, this.#slots, { at, by }), key))
      return
    complete.push({ last, first, completedAt: at, completedBy: by })
  }

  /** Reports what may be reported now: everything without a skip strategy, else what no older partial match can still discard. */
  #report(state: KeyState, complete: readonly HeldMatch[], key: string): void {
    const found = this.#inOrder(complete)
    if (!this.#isSkipping) {
      for (const match of found) this.#host.matched(this.#matchOf(match), key)
      return
    }
    for (const match of found)
      if (!this.#isSkippingStart || !state.held.hasStart(match.first)) state.held.add(match)
    for (let match = state.held.first; match !== undefined; match = state.held.first) {
      const oldest = state.runs.first
      if (oldest !== undefined && isBefore(oldest.first, match.first)) return
      state.held.take()
      const reported = this.#matchOf(match)
      this.#host.matched(reported, key)
      this.#skip(state, reported, key)
    }
  }

  /** Each match once, in the order of matches that are complete at one moment. */
  #inOrder(complete: readonly HeldMatch[]): readonly HeldMatch[] {
    if (complete.length < 2) return complete
    const distinct = this.#graph.isAmbiguous
      ? distinctBy(complete, (match) => signatureOf(match.last))
      : complete
    return distinct.toSorted(
      (left, right) => compareEvents(left.first, right.first) || comparePaths(left.last, right.last),
    )
  }

  #skip(state: KeyState, match: Match, key: string): void {
    const { afterMatch, slots } = this.#automaton.input
    const skip = skipAfter(match, afterMatch, slots)
    if (skip.kind === 'missed') this.#host.skipMissed?.(match, skip.step, key)
    if (skip.kind !== 'discard') return
    const { floor } = skip
    for (let run = state.runs.first; run !== undefined && isBelow(run.first, floor); run = state.runs.first) {
      this.#observer?.discarded(run, match, key)
      state.runs.remove(run)
    }
    state.held.discardBelow(floor, this.#isSkippingStart)
  }

  #matchOf(match: HeldMatch): Match {
    return matchOf(match.last, this.#slots, { at: match.completedAt, by: match.completedBy })
  }

  #shed(state: KeyState, key: string): void {
    const excess = state.runs.size - this.#automaton.input.partialMatchesMax
    if (excess <= 0) return
    for (let left = excess; left > 0 && state.runs.first !== undefined; left--)
      state.runs.remove(state.runs.first)
    this.#host.shed(excess, key)
    this.#report(state, [], key)
  }

  /** Everything of one key that is due at one time. */
  #fire(key: string, state: KeyState, at: number): void {
    const before = state.runs.size
    const complete: HeldMatch[] = []
    const expired: Run[] = []
    const due = state.runs.due(at, this.#graph)
    tellWork(this.#host, due.length)
    for (const run of due) {
      const completes = (run.open & (1 << PENDING_BIT)) !== 0 && this.#pendingCompletes(run, at)
      if (completes) this.#add(complete, run.last, run.first, at, undefined, key)
      this.#observer?.due(run, at, completes, key)
      this.#closeExpired(run, at)
      if (run.open === 0) {
        state.runs.remove(run)
        if (!completes) expired.push(run)
      } else {
        run.deadline = deadlineAfter(this.#graph, run, at)
        state.runs.await(run)
      }
    }
    if (this.#automaton.input.reportsTimeouts)
      for (const run of this.#distinctExpired(expired, state.runs, complete))
        this.#host.timedOut(matchOf(run.last, this.#slots, { at, by: undefined }), key)
    this.#report(state, complete, key)
    this.#settle(key, state, before, false)
    this.#arm(state, key, at)
  }

  /** A partial match that was on several ways at once is reported once, when the last of them is over. */
  #distinctExpired(
    expired: readonly Run[],
    alive: WaitingRuns,
    complete: readonly HeldMatch[],
  ): readonly Run[] {
    if (!this.#graph.isAmbiguous || expired.length === 0) return expired
    tellWork(this.#host, alive.size)
    const others = new Set([...alive, ...complete].map((each) => signatureOf(each.last)))
    return distinctBy(expired, (run) => signatureOf(run.last)).filter(
      (run) => !others.has(signatureOf(run.last)),
    )
  }

  #pendingCompletes(run: Run, at: number): boolean {
    const waitsForEvent = run.state.pending?.bannedNext !== 0 && run.isFresh
    return !waitsForEvent && pendingEnd(this.#graph, run) <= at
  }

  #closeExpired(run: Run, at: number): void {
    run.state.edges.forEach((edge, index) => {
      if (edgeLimit(this.#graph, run, edge) <= at) run.open &= ~(1 << index)
    })
    if ((run.open & (1 << PENDING_BIT)) !== 0 && pendingEnd(this.#graph, run) <= at)
      run.open &= ~(1 << PENDING_BIT)
  }

  #settle(key: string, state: KeyState, runsBefore: number, isNew: boolean): void {
    this.#partialMatches += state.runs.size - runsBefore
    if (state.runs.size === 0 && state.held.size === 0) {
      if (isNew) return
      this.#states.delete(key)
      this.#changed.add(key)
      return
    }
    if (isNew) this.#states.set(key, state)
    this.#change(key, state)
    state.runs.settle(this.#indexedAbove, this.#indexParts)
  }

  #change(key: string, state: KeyState): void {
    if (state.isChanged) return
    state.isChanged = true
    this.#changed.add(key)
  }

  /** Time is at `time`. */
  #arm(state: KeyState, key: string, time: number): void {
    const earliest = state.runs.earliest(time, this.#graph)
    if (earliest !== undefined) this.#armFor(state, earliest, key)
  }

  /** An entry that comes too early does no harm: what is due is looked up then. So only what comes earlier still needs a new one. */
  #armFor(state: KeyState, { deadline, first }: Run, key: string): void {
    if (deadline > state.armed || deadline === Number.POSITIVE_INFINITY) return
    if (deadline === state.armed && state.armedFirst !== undefined && !isBefore(first, state.armedFirst))
      return
    state.armed = deadline
    state.armedFirst = first
    this.#deadlines.add({ time: deadline, first, key })
  }
}

function distinctBy<T>(items: readonly T[], signature: (item: T) => string): T[] {
  const bySignature = new Map<string, T>()
  for (const item of items) {
    const key = signature(item)
    if (!bySignature.has(key)) bySignature.set(key, item)
  }
  return [...bySignature.values()]
}
