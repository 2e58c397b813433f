/** Where a problem stands: line and column count from 1; `pointer` is an RFC 6901 JSON Pointer into the document. */
export interface Place {
  readonly file?: string
  readonly pointer?: string
  readonly line?: number
  readonly column?: number
  /** Number of characters that the problem covers, for carets and editors. */
  readonly length?: number
}

/** One thing that is wrong with what somebody wrote: the place, what is wrong, and the fix. */
export interface Problem {
  /** Stable, kebab-case, listed in docs/reference/errors.md. */
  readonly code: string
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly hint?: string
  readonly at: Place
  /** The line at fault and a line of carets beneath it. */
  readonly excerpt?: string
}

/** What data or users can cause is returned, never thrown. `problems` of a success are warnings only. */
export type Result<T> =
  | { readonly ok: true; readonly value: T; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] }

export const success = <T>(value: T, problems: readonly Problem[] = []): Result<T> => ({
  ok: true,
  value,
  problems,
})

export const failure = (problems: readonly Problem[]): Result<never> => ({ ok: false, problems })

/** Stops the partition: only a bug in Sequitur itself can make `condition` false. Never catch it to carry on. */
export function invariant(condition: unknown, why: string): asserts condition {
  if (!condition) throw new Error(`invariant violated: ${why}`)
}
