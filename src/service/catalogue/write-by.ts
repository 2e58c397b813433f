import type { PartialMatchesMode } from '../../engine/index.ts'

/** Who changes a rule, why, and what they may. */
export interface WriteBy {
  readonly author?: string
  readonly reason?: string
  readonly managedBy?: string
  /** Also where the rule is managed by another place. */
  readonly force?: boolean
  /** What becomes of the partial matches of the version before; default: kept where that is possible, else dropped. */
  readonly partialMatches?: PartialMatchesMode
  /** Everything is checked and answered, nothing is written. */
  readonly dryRun?: boolean
  /** Whether the writer may change rules of a namespace (undefined: not known). Default: of all. */
  readonly mayWrite?: (namespace: string | undefined) => boolean
  /** Present: the writer wants to do without approval; whether that is for them to say in a namespace. */
  readonly mayBreakGlass?: (namespace: string | undefined) => boolean
}

/** The writer may not change rules of that namespace. */
export interface WriteForbidden {
  readonly kind: 'forbidden'
  readonly namespace: string | undefined
}

/** The text is kept in another place, which the writer did not name. */
export interface ManagedElsewhere {
  readonly kind: 'managed-elsewhere'
  readonly id: string
  readonly managedBy: string
}
