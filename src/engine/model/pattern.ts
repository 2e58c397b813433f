import type { DurationMs } from './quantities.ts'

/** The name of an event definition in `events:`. A positive name stands in a pattern once; it is also the step's name. */
export type EventName = string

/**
 * What may lie between two taken events. `strict`: nothing of this rule's subjects and key. `relaxed`: anything that the later
 * step would not have taken. `non-deterministic-relaxed`: anything.
 */
export type Contiguity = 'strict' | 'relaxed' | 'non-deterministic-relaxed'

export interface Quantifier {
  readonly min: number
  /** Absent: no upper bound. */
  readonly max?: number
  readonly optional?: boolean
  readonly greedy?: boolean
  /** Between repetitions; default relaxed. */
  readonly inner?: Contiguity
  /** Limit between consecutive repetitions, half-open. */
  readonly gapMs?: DurationMs
  /** Ends the repetition without being taken. */
  readonly until?: EventName
}

/** The structural form of a pattern: what the sentence compiles to, what the API returns. */
export interface Pattern {
  readonly steps: readonly PatternStep[]
  /** First event to last event of the whole pattern, half-open `[first, first + withinMs)`. */
  readonly withinMs?: DurationMs
  /** None of these anywhere between the first and the last event. */
  readonly without?: readonly EventName[]
}

export type PatternStep = EventStep | GroupStep | AnyOrderStep | ChoiceStep | AbsenceStep

interface Positive {
  /** To what was taken before; ignored on the first step of the whole pattern. */
  readonly contiguity: Contiguity
  readonly quantifier?: Quantifier
  /** From the event taken before to the first event of this step, half-open. */
  readonly hopMs?: DurationMs
}

/** One event (or, with a quantifier, several) that any of `events` takes. */
export interface EventStep extends Positive {
  readonly kind: 'event'
  readonly events: readonly EventName[]
}

/** A pattern used as a step; its `withinMs` and `without` bound one round of the group. */
export interface GroupStep extends Positive, Pattern {
  readonly kind: 'group'
}

/** Members in any order; `atLeast` of them (default all). */
export interface AnyOrderStep extends Positive {
  readonly kind: 'any-order'
  readonly members: readonly EventName[]
  readonly atLeast?: number
}

/** One of several sub-patterns. */
export interface ChoiceStep extends Positive {
  readonly kind: 'choice'
  readonly branches: readonly Pattern[]
}

/**
 * Nothing of `events`. `strict`: the very next event is none of them. `relaxed` without `forMs`: none until the next step is
 * taken (as the last step: until the whole limit). With `forMs`: none for that long after the previous event; the next step
 * starts only then, and as the last step the match completes then.
 */
export interface AbsenceStep {
  readonly kind: 'absence'
  readonly events: readonly EventName[]
  readonly contiguity: 'strict' | 'relaxed'
  readonly forMs?: DurationMs
}

/** What happens to overlapping partial matches when a match completes. `orFail`: a missing target step fails the run. */
export type AfterMatch =
  | { readonly kind: 'no-skip' }
  | { readonly kind: 'skip-to-next' }
  | { readonly kind: 'skip-past-last-event' }
  | { readonly kind: 'skip-to-first'; readonly step: EventName; readonly orFail?: boolean }
  | { readonly kind: 'skip-to-last'; readonly step: EventName; readonly orFail?: boolean }
