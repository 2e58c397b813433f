import type { Edge, Graph, Guards, State } from '../automaton/index.ts'
import type { StreamEvent } from '../model/index.ts'
import type { StepMemory } from './step-memory.ts'
import type { Taken } from './taken-node.ts'

/** Bit of `open` for the pending end of a match (absences that have to hold first); edges use the bits below. */
export const PENDING_BIT = 30

/** A partial match: what was taken, where it stands, and which ways on are still open. */
export interface Run {
  readonly last: Taken
  readonly first: StreamEvent
  readonly state: State
  /** Start times of the limited groups that go on, by ordinal; shared, never changed. */
  readonly groupStarts: readonly number[]
  /** Bit per edge of the state, and PENDING_BIT. */
  open: number
  /** No event of the key was processed since the last one was taken. */
  isFresh: boolean
  /** The `until` of a greedy step was seen: the step no longer goes first. */
  isLifted: boolean
  /** The next time at which time alone changes something, or earlier; Infinity when it never does. */
  deadline: number
  /** What conditions have asked of it, or of the one that it grew out of; only of long ones. */
  memory: StepMemory | undefined
  /** Its neighbours in the list of the key's partial matches. */
  previous: Run | undefined
  next: Run | undefined
}

export const NO_GROUPS: readonly number[] = []

export function createRun(
  graph: Graph,
  state: State,
  last: Taken,
  first: StreamEvent,
  groupStarts: readonly number[],
  memory?: StepMemory,
): Run {
  let open = state.edges.length === 0 ? 0 : 2 ** state.edges.length - 1
  if (state.pending !== undefined) open |= 1 << PENDING_BIT
  const run: Run = {
    last,
    first,
    state,
    groupStarts,
    open,
    isFresh: true,
    isLifted: false,
    deadline: Number.POSITIVE_INFINITY,
    memory,
    previous: undefined,
    next: undefined,
  }
  run.deadline = deadlineAfter(graph, run, last.event.time)
  return run
}

/** When the edge closes by time, exclusive. */
export function edgeLimit(graph: Graph, run: Run, edge: Edge): number {
  let limit = run.first.time + graph.withinMs
  limit = Math.min(limit, run.last.event.time + edge.limitMs)
  for (const group of edge.groupsHeld)
    limit = Math.min(
      limit,
      (run.groupStarts[group] ?? 0) + (graph.groupLimits[group] ?? Number.POSITIVE_INFINITY),
    )
  return limit
}

/** When one of the absences with a clock of its own is over. */
export function absenceEnd(graph: Graph, run: Run, absence: Guards['timed'][number]): number {
  if (absence.forMs !== undefined) return run.last.event.time + absence.forMs
  if (absence.group === undefined) return run.first.time + graph.withinMs
  return (
    (run.groupStarts[absence.group] ?? 0) + (graph.groupLimits[absence.group] ?? Number.POSITIVE_INFINITY)
  )
}

/** When all of them are over: an edge opens then, a pending match completes then. */
export function absencesEnd(graph: Graph, run: Run, guards: Guards): number {
  let end = Number.NEGATIVE_INFINITY
  for (const absence of guards.timed) end = Math.max(end, absenceEnd(graph, run, absence))
  return end
}

/** The end of a pending match by time; Infinity while it waits for the next event as well. */
export function pendingEnd(graph: Graph, run: Run): number {
  const pending = run.state.pending
  if (pending === undefined) return Number.POSITIVE_INFINITY
  if (pending.bannedNext !== 0 && run.isFresh) return run.first.time + graph.withinMs
  return absencesEnd(graph, run, pending)
}

/**
 * The deadline once time is at `time`, or earlier: what the next event would bring forward is taken for brought forward, so that a
 * deadline moves to later times only. What it is in truth is looked up when it is reached.
 */
export function deadlineAfter(graph: Graph, run: Run, time: number): number {
  const deadline = deadlineOf(graph, run)
  const { pending } = run.state
  if (pending === undefined || pending.timed.length === 0 || pending.bannedNext === 0 || !run.isFresh)
    return deadline
  const end = absencesEnd(graph, run, pending)
  return end > time ? Math.min(deadline, end) : deadline
}

export function deadlineOf(graph: Graph, run: Run): number {
  let deadline = Number.POSITIVE_INFINITY
  const edges = run.state.edges
  for (let index = 0; index < edges.length; index++) {
    const edge = edges[index]
    if (edge !== undefined && (run.open & (1 << index)) !== 0)
      deadline = Math.min(deadline, edgeLimit(graph, run, edge))
  }
  if ((run.open & (1 << PENDING_BIT)) !== 0) deadline = Math.min(deadline, pendingEnd(graph, run))
  return deadline
}
