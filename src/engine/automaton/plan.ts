/**
 * The partial matches of a key are the suffixes of one list: A, A{n,} or A{n}, alone, followed by B, or not followed by B, with unary
 * conditions and skip-past-last-event. Every start shares the fate of the others but for its time.
 */
export interface SuffixPlan {
  readonly kind: 'suffixes'
  readonly firstSlots: readonly number[]
  readonly firstMask: number
  /** How many the first step needs. */
  readonly min: number
  /** More than `min` are taken. */
  readonly takesMore: boolean
  /** What satisfies the first step is not used for the second. */
  readonly isGreedy: boolean
  readonly second: 'none' | 'event' | 'absence'
  readonly secondSlots: readonly number[]
  readonly secondMask: number
  /** Closes every partial match. */
  readonly withoutMask: number
  /** From the first event; Infinity when unlimited. */
  readonly limitMs: number
}

/**
 * A chain of event steps with unary conditions: the partial matches of a key are kept as one log per state, and an event adds at most
 * one entry to each, however many partial matches it stands for.
 */
export interface LogPlan {
  readonly kind: 'logs'
}

/** Every partial match is kept by itself. */
export interface RunPlan {
  readonly kind: 'runs'
}

export type Plan = RunPlan | SuffixPlan | LogPlan
