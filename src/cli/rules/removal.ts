/** What the service answers to a removal: the version that says so, or a proposal that others must approve. */
export type Removed =
  | { readonly version: number }
  | { readonly id: string; readonly needed: number; readonly base: { readonly version?: number } }

/** A removal as a line of what changed. */
export const removalOf = (
  removed: Removed,
): {
  readonly change: 'removed' | 'proposed'
  readonly version: number
  readonly proposal?: string
} =>
  'needed' in removed
    ? { change: 'proposed', version: (removed.base.version ?? 0) + 1, proposal: removed.id }
    : { change: 'removed', version: removed.version }
