import type { Expression } from '../model/index.ts'

export type Scalar = string | number | boolean | null

/**
 * What a conjunct demands of an event, as data. The form says exactly when the conjunct is true for fields that hold scalars; the
 * expression stays the authority for everything else.
 */
export type PredicateForm =
  /** One of these values, by strict equality. */
  | { readonly kind: 'one-of'; readonly path: readonly string[]; readonly values: readonly Scalar[] }
  /** A number in this interval. A text, boolean or null is an error, nothing at all is false. */
  | {
      readonly kind: 'range'
      readonly path: readonly string[]
      readonly low: number
      readonly lowOpen: boolean
      readonly high: number
      readonly highOpen: boolean
    }
  /** A text that begins like this. */
  | { readonly kind: 'prefix'; readonly path: readonly string[]; readonly text: string }
  /** Anything at all, null too. */
  | { readonly kind: 'present'; readonly path: readonly string[] }

/** The form of an expression; undefined when it has none. */
export function formOf(expression: Expression): PredicateForm | undefined {
  return (expression as Expression & { readonly form?: PredicateForm }).form
}
