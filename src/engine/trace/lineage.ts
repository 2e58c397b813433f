import type { Graph } from '../automaton/index.ts'
import { edgeLimit, type Run } from '../matcher/index.ts'
import type { StreamEvent } from '../model/index.ts'
import type { PassedLimit } from './contract.ts'

/** What one event was taken as. */
export interface TakenStep {
  readonly slot: number
  readonly event: StreamEvent
}

export type LineageEnd =
  | { readonly kind: 'complete'; readonly at: number }
  | { readonly kind: 'expired'; readonly at: number; readonly slots: readonly number[] }
  | { readonly kind: 'broken'; readonly at: number; readonly bySequence: number }
  | { readonly kind: 'discarded'; readonly at: number }

/** Everything that one event started: for people, one partial match, however many ways it is on. */
export interface Lineage {
  readonly first: StreamEvent
  readonly taken: TakenStep[]
  end: LineageEnd | undefined
}

/** A way on that time closed. */
export interface Expiry {
  readonly start: number
  readonly at: number
  readonly slots: readonly number[]
  readonly limit: Omit<PassedLimit, 'afterMs' | 'byMs'>
  /** From where the limit counts. */
  readonly since: number
  /** The event after which it counts. */
  readonly sinceSlot: number
}

/** The slots that a run could take next. */
export function openSlots(run: Run): readonly number[] {
  const slots = run.state.edges.flatMap((edge, index) => ((run.open & (1 << index)) === 0 ? [] : edge.slots))
  return [...new Set(slots)]
}

/** The open ways on of a run whose limit is reached. */
export function expiriesOf(graph: Graph, run: Run, at: number): readonly Expiry[] {
  return run.state.edges.flatMap((edge, index): readonly Expiry[] => {
    if ((run.open & (1 << index)) === 0) return []
    const limitAt = edgeLimit(graph, run, edge)
    if (limitAt > at) return []
    const here = { start: run.first.sequence, at: limitAt, slots: edge.slots }
    if (run.last.event.time + edge.limitMs === limitAt) {
      const limit = { kind: 'hop' as const, limitMs: edge.limitMs }
      return [{ ...here, limit, since: run.last.event.time, sinceSlot: run.last.slot }]
    }
    let firstTaken = run.last
    while (firstTaken.previous !== undefined) firstTaken = firstTaken.previous
    const whole = { since: run.first.time, sinceSlot: firstTaken.slot }
    if (run.first.time + graph.withinMs === limitAt)
      return [{ ...here, limit: { kind: 'within', limitMs: graph.withinMs }, ...whole }]
    const group = edge.groupsHeld.find(
      (held) => (run.groupStarts[held] ?? 0) + (graph.groupLimits[held] ?? 0) === limitAt,
    )
    const limitMs = graph.groupLimits[group ?? 0] ?? 0
    return [
      { ...here, limit: { kind: 'group', limitMs }, since: limitAt - limitMs, sinceSlot: firstTaken.slot },
    ]
  })
}
