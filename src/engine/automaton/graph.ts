/** How an edge treats events that it does not take. */
export const STRICT = 0
export const RELAXED = 1
export const NON_DETERMINISTIC = 2
export type EdgeContiguity = typeof STRICT | typeof RELAXED | typeof NON_DETERMINISTIC

/** An absence with a clock of its own: nothing of `mask` before its end, and the edge opens only then. */
export interface TimedAbsence {
  readonly mask: number
  /** Counted from the last event taken; absent when a limit sets the end. */
  readonly forMs?: number
  /** Ordinal of the limited group whose limit is the end; absent together with `forMs`: the limit of the whole pattern. */
  readonly group?: number
}

/** What has to stay away while an edge waits. Masks have a bit per slot. */
export interface Guards {
  /** Closes the edge whenever it is seen, also when the edge would take the same event. */
  readonly banned: number
  /** Closes the edge when it is the very next event. */
  readonly bannedNext: number
  readonly timed: readonly TimedAbsence[]
}

/** One way on from a state: the next event that may be taken. */
export interface Edge extends Guards {
  /** Tried in this order; the first that holds takes the event. */
  readonly slots: readonly number[]
  readonly mask: number
  readonly contiguity: EdgeContiguity
  /** Greedy steps that go first: what satisfies them closes the edge. */
  readonly greedy: number
  /** Lifts `greedy` (the `until` of those greedy steps). */
  readonly greedyUntil: number
  /** Never taken by this edge, whatever else it satisfies: the `until` of the step that the edge enters. */
  readonly until: number
  /** Ends the repetition: closes the edge. */
  readonly closedBy: number
  /** From the last event taken to the one this edge takes, half-open; Infinity when unlimited. */
  readonly limitMs: number
  /** Ordinals of the limited groups that go on over this edge. */
  readonly groupsHeld: readonly number[]
  /** Ordinals of the limited groups that this edge starts. */
  readonly groupsEntered: readonly number[]
  /** Index in `Graph.states`. */
  readonly target: number
}

/** What is known of a partial match beside its events: the step that took the last one and all counters. */
export interface State {
  readonly id: number
  /** For people and for interning: the path of steps and counters. */
  readonly name: string
  readonly edges: readonly Edge[]
  /** The match is complete as soon as this state is reached. */
  readonly final: boolean
  /** The match is complete when these hold to their end. */
  readonly pending: Guards | undefined
}

/** A pattern as an automaton over slots. State 0 is the start: nothing taken, its edges never close. */
export interface Graph {
  readonly states: readonly State[]
  /** Limit of the whole pattern; Infinity when there is none. */
  readonly withinMs: number
  /** Limits of groups and branches by ordinal. */
  readonly groupLimits: readonly number[]
  readonly conditionalMask: number
  /** Some state can take one event over two edges of one slot: different ways through the pattern may give the same match. */
  readonly isAmbiguous: boolean
}
