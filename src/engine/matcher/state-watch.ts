import { type Graph, type Guards, STRICT, type State } from '../automaton/index.ts'

/** Which events can change a partial match in one state. */
export interface StateWatch {
  /** Slots that an event has to satisfy one of. */
  readonly mask: number
  /** Those of them of which it can be said by value which partial matches take the event. */
  readonly joined: number
  /** Every event counts: something has to follow, or to stay away, directly. */
  readonly isEager: boolean
}

/** What the states of a pattern watch, worked out when it is first asked for. */
export class StateWatches {
  readonly #joined: number
  readonly #watches: Array<StateWatch | undefined> = []

  constructor(graph: Graph, joined: number) {
    this.#joined = joined & graph.conditionalMask
  }

  of(state: State): StateWatch {
    const known = this.#watches[state.id]
    if (known !== undefined) return known
    const watch = watchOf(state, this.#joined)
    this.#watches[state.id] = watch
    return watch
  }
}

function watchOf(state: State, joined: number): StateWatch {
  const guards: readonly Guards[] =
    state.pending === undefined ? state.edges : [...state.edges, state.pending]
  let mask = 0
  for (const guard of guards) {
    mask |= guard.banned
    for (const absence of guard.timed) mask |= absence.mask
  }
  // `until` only keeps an event away that the edge would take: the edge's own slots say which.
  for (const edge of state.edges) mask |= edge.mask | edge.closedBy | edge.greedy | edge.greedyUntil
  const isEager =
    guards.some((guard) => guard.bannedNext !== 0) || state.edges.some((edge) => edge.contiguity === STRICT)
  return { mask, joined: joined & mask, isEager }
}
