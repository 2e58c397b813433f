import type { Automaton } from '../automaton/index.ts'
import type { Expression, RuleDefinition } from '../model/index.ts'
import type { ListRead } from './list-reads.ts'

/** One event definition, compiled. Its index in `RuleProgram.events` is its slot and its bit in masks. */
export interface EventProgram {
  readonly name: string
  readonly subject: string
  /** One per key part; evaluated on the event alone. */
  readonly key: readonly Expression[]
  /** Conjuncts of `where` that read only the event at hand, `$key` and lists; each a separate predicate so that rules can share them. */
  readonly unary: readonly Expression[]
  /** Conjuncts that read earlier steps. */
  readonly conditional: readonly Expression[]
}

/** Of the conditional conjuncts, the equality by whose value waiting partial matches are found. */
export const joinedConjunct = (event: EventProgram): Expression | undefined =>
  event.conditional.find(({ join }) => join !== undefined)

export type TextPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'hole'; readonly value: Expression }

export interface AlertProgram {
  readonly message: readonly TextPart[] | undefined
  readonly evidence: ReadonlyArray<{ readonly name: string; readonly value: Expression }>
}

/** A rule, compiled: everything the partition needs to run it. Immutable and shareable between partitions. */
export interface RuleProgram {
  readonly definition: RuleDefinition
  /** Dense, starts at 1; part of the alert id. */
  readonly version: number
  /** Names of the key parts, in order (`card_id`; `debtor.account`). */
  readonly keyNames: readonly string[]
  readonly events: readonly EventProgram[]
  readonly automaton: Automaton
  readonly having: Expression | undefined
  readonly suppressBy: readonly Expression[] | undefined
  readonly except: ReadonlyArray<{
    readonly name: string
    readonly when: Expression
    readonly until?: number
  }>
  readonly alert: AlertProgram
  readonly onTimeout: AlertProgram | undefined
  /** Each list once. */
  readonly lists: readonly ListRead[]
}
