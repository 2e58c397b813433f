import type { JsonValue, StreamEvent } from './event.ts'
import type { EventTime } from './quantities.ts'

/** A value made of the events of a step one by one, in the order taken. */
export interface StepFold {
  readonly start: unknown
  /** The next state; whoever has the state before it does not notice. */
  step(state: unknown, event: StreamEvent): unknown
}

/** The events taken so far by the steps of a partial (or complete) match; slots index the rule's event definitions. */
export interface StepAccess {
  /** In the order taken; empty when the step took nothing. The caller must not keep or change the array. */
  taken(slot: number): readonly StreamEvent[]
  /** Same as `taken(slot).length`, without materialising the list. */
  count(slot: number): number
  /** The fold over `taken(slot)`, which goes on from where it was before the step grew; absent where nothing grows. */
  fold?(slot: number, fold: StepFold): unknown
}

export interface ListAccess {
  /** Whether `value` is on the named list now (event time decides expiry). An unknown list is empty. */
  has(list: string, value: unknown): boolean
}

/** Everything an expression may read, besides itself. One is reused for many evaluations. */
export interface Frame {
  /** The event at hand (its data is `$` and the source of bare names); absent for `having`-like expressions over nothing. */
  event: StreamEvent | undefined
  steps: StepAccess
  /** `$key`: the value itself for one key part, an object by part name for several. */
  key: JsonValue
  lists: ListAccess
  /** What clocks would say: the event time at hand. */
  time: EventTime
}

/** Deterministic: the same input gives the same error on every replay. */
export interface ExpressionError {
  /** JSONata's own codes (T2009, D3060, …) and Sequitur's for limits. */
  readonly code: string
  readonly message: string
  /** Characters from the start of the expression. */
  readonly position?: number
  readonly token?: string
  readonly value?: unknown
}

export type Evaluation =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: ExpressionError }

/** What an expression reads; `undefined` in `fields` means "cannot be told, assume everything". */
export interface ExpressionReads {
  /** Paths of the event at hand, e.g. `['creditor', 'account']`. */
  readonly fields: ReadonlyArray<readonly string[]> | undefined
  /** Slots of the steps read, with the field paths read from each (`undefined`: everything). */
  readonly steps: ReadonlyMap<number, ReadonlyArray<readonly string[]> | undefined>
  readonly lists: readonly string[]
  readonly key: boolean
  readonly attributes: boolean
}

export type Scalar = string | number | boolean | null

/**
 * What a predicate demands of the event at hand, as data, so that an index can look it up instead of asking. It says exactly when the
 * predicate is true and that it is no error, wherever the path leads through objects only and ends in nothing (always false) or in a
 * value of the kind named (any scalar for `one-of` and `present`, a number for `range`, a text for the others). For everything else
 * the expression is the authority. Paths are payload fields, never `_time`, `_id` or `_subject`.
 */
export type PredicateForm =
  /** `outcome = "failure"`, `reason in ["a", "b"]`: strict equality with one of the values. */
  | { readonly kind: 'one-of'; readonly path: readonly string[]; readonly values: readonly Scalar[] }
  /** `amount >= 7000`: a number in an interval; infinite where it has no end. */
  | {
      readonly kind: 'range'
      readonly path: readonly string[]
      readonly low: number
      readonly lowOpen: boolean
      readonly high: number
      readonly highOpen: boolean
    }
  /** `$contains(command, "text")`; with `ignoreCase`, `$contains($lowercase(command), "text")`. */
  | {
      readonly kind: 'contains'
      readonly path: readonly string[]
      readonly text: string
      readonly ignoreCase: boolean
    }
  /** `$substring(host, 0, 3) = "db-"`: a text that begins so. */
  | { readonly kind: 'prefix'; readonly path: readonly string[]; readonly text: string }
  /** `$contains(command, /pattern/i)`: a regular expression somewhere in the text. */
  | {
      readonly kind: 'matches'
      readonly path: readonly string[]
      readonly pattern: string
      readonly ignoreCase: boolean
    }
  /** `$exists(field)`. */
  | { readonly kind: 'present'; readonly path: readonly string[] }

/** Only the expression can tell. */
export const UNTOLD: unique symbol = Symbol('untold')

/** One side of an equality: nothing (equal to nothing), a value, several of which any counts, or not to be told. */
export type JoinValue = Scalar | undefined | readonly Scalar[] | typeof UNTOLD

/**
 * An equality between the event at hand and what earlier steps have taken, so that one can be found by the other. Where both sides can
 * be told and have no value in common, the predicate is false, and no error.
 */
export interface Join {
  /** What the event at hand has: reads nothing of steps. */
  offered(event: StreamEvent): JoinValue
  /** What the steps have: reads nothing else, so it stays what it is for as long as nothing more is taken. */
  awaited(steps: StepAccess): JoinValue
}

export interface Expression {
  readonly source: string
  /** Absent when the predicate has no such form. */
  readonly form?: PredicateForm
  /** Absent when the predicate is no such equality. */
  readonly join?: Join
  readonly reads: ExpressionReads
  /** Whether what an evaluation uses is counted against the rule; decided by the text alone. */
  readonly isCostly: boolean
  evaluate(frame: Frame): Evaluation
  /**
   * As a predicate: 1 true, 0 false, -1 error (then `lastError` says which). JSONata truthiness; undefined is false. No allocation
   * on the way to 1 and 0.
   */
  test(frame: Frame): 1 | 0 | -1
  readonly lastError: ExpressionError | undefined
}

/** The names an expression may use as `$name`, by slot, and how each is seen. */
export interface ExpressionScope {
  readonly steps: ReadonlyArray<{ readonly name: string; readonly counted: boolean }>
}
