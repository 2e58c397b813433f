import type { Edge, Graph, Guards } from '../automaton/index.ts'
import { NON_DETERMINISTIC, STRICT } from '../automaton/index.ts'
import type { StreamEvent } from '../model/index.ts'
import type { MatcherHost } from './contract.ts'
import type { Closing } from './observer.ts'
import { absenceEnd, absencesEnd, PENDING_BIT, type Run } from './run.ts'
import { TakenEvents } from './taken.ts'

/** One event, as seen by one partial match: unary predicates come from the mask, others are asked for once. */
export class EventView {
  readonly #graph: Graph
  readonly #host: MatcherHost
  #event: StreamEvent | undefined
  #key = ''
  #mask = 0
  #run: Run | undefined
  #known = 0
  #holds = 0
  readonly #taken = new TakenEvents()
  #isTakenShown = false

  constructor(graph: Graph, host: MatcherHost) {
    this.#graph = graph
    this.#host = host
  }

  see(event: StreamEvent, mask: number, key: string): void {
    this.#event = event
    this.#mask = mask
    this.#key = key
  }

  /** `undefined`: a match that is to be started. */
  from(run: Run | undefined): void {
    this.#run = run
    this.#known = ~this.#graph.conditionalMask | ~this.#mask
    this.#holds = this.#mask & ~this.#graph.conditionalMask
    this.#isTakenShown = false
  }

  holds(slot: number): boolean {
    const bit = 1 << slot
    if ((this.#known & bit) === 0) {
      this.#known |= bit
      if (!this.#isTakenShown) this.#taken.show(this.#run)
      this.#isTakenShown = true
      if (this.#event !== undefined && this.#host.condition(slot, this.#event, this.#taken, this.#key))
        this.#holds |= bit
    }
    return (this.#holds & bit) !== 0
  }

  /** Whether the event satisfies one of the slots of the mask. */
  any(mask: number): boolean {
    let candidates = mask & this.#mask
    if ((candidates & this.#holds) !== 0) return true
    for (; candidates !== 0; candidates &= candidates - 1)
      if (this.holds(31 - Math.clz32(candidates & -candidates))) return true
    return false
  }

  /** The first of the slots that the event satisfies; -1 when none. */
  firstOf(slots: readonly number[]): number {
    for (const slot of slots) if ((this.#mask & (1 << slot)) !== 0 && this.holds(slot)) return slot
    return -1
  }
}

/**
 * Shows an event to every open edge of a run, closes what it closes, and calls `take` for every edge that takes it.
 * `closed` is told why an edge does not take it, where the edge's own predicate is not the reason.
 * Time limits need no look here: the deadlines up to the event's time have fired.
 * @returns whether the pending end of the match completes with this event.
 */
export function stepRun(
  graph: Graph,
  run: Run,
  event: StreamEvent,
  view: EventView,
  take: (edge: Edge, way: number, slot: number) => void,
  closed?: (guards: Guards, why: Closing) => void,
): boolean {
  const wasFresh = run.isFresh
  run.isFresh = false
  const edges = run.state.edges
  let open = run.open
  let isLifted = run.isLifted
  for (let index = 0; index < edges.length; index++) {
    const edge = edges[index]
    const bit = 1 << index
    if (edge === undefined || (open & bit) === 0) continue
    if (isBroken(graph, run, edge, event, view, wasFresh)) {
      open &= ~bit
      closed?.(edge, 'forbidden')
      continue
    }
    if (edge.timed.length > 0 && event.time < absencesEnd(graph, run, edge)) {
      closed?.(edge, 'too-early')
      continue
    }
    if (edge.closedBy !== 0 && view.any(edge.closedBy)) {
      open &= ~bit
      closed?.(edge, 'until')
      continue
    }
    if (edge.greedy !== 0 && !run.isLifted) {
      if (edge.greedyUntil !== 0 && view.any(edge.greedyUntil)) isLifted = true
      else if (view.any(edge.greedy)) {
        open &= ~bit
        closed?.(edge, 'greedy')
        continue
      }
    }
    const slot = view.firstOf(edge.slots)
    if (slot >= 0) {
      if (edge.until === 0 || !view.any(edge.until)) take(edge, index, slot)
      if (edge.contiguity !== NON_DETERMINISTIC) open &= ~bit
    } else if (edge.contiguity === STRICT) {
      open &= ~bit
      closed?.(edge, 'contiguity')
    }
  }

  let completes = false
  const pending = run.state.pending
  if (pending !== undefined && (open & (1 << PENDING_BIT)) !== 0) {
    if (isBroken(graph, run, pending, event, view, wasFresh)) {
      open &= ~(1 << PENDING_BIT)
      closed?.(pending, 'forbidden')
    } else if (pending.timed.length === 0 || (wasFresh && event.time >= absencesEnd(graph, run, pending))) {
      completes = true
      open &= ~(1 << PENDING_BIT)
    }
  }
  run.open = open
  run.isLifted = isLifted
  return completes
}

function isBroken(
  graph: Graph,
  run: Run,
  guards: Guards,
  event: StreamEvent,
  view: EventView,
  wasFresh: boolean,
): boolean {
  if (guards.banned !== 0 && view.any(guards.banned)) return true
  if (guards.bannedNext !== 0 && wasFresh && view.any(guards.bannedNext)) return true
  for (const absence of guards.timed)
    if (view.any(absence.mask) && event.time < absenceEnd(graph, run, absence)) return true
  return false
}
