import type { SourceOptions } from '../decode/index.ts'
import type { CreateKeyedMatcher } from '../matcher/contract.ts'
import type { JsonValue, Result, RuleDefinition, RuleStatus } from '../model/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import type { DoneErasure } from './contract.ts'
import type { PartitionLimits } from './limits.ts'
import type { RuleRecord } from './rule-record.ts'

/** What becomes of partial matches when a rule gets a new version. */
export type RuleChange = 'compatible' | 'incompatible'

/** How rule text becomes a program. */
export interface RuleCompiler {
  compile(record: RuleRecord): Result<RuleProgram>
  compare(before: RuleDefinition, after: RuleDefinition): RuleChange
}

export interface PartitionOptions {
  readonly index: number
  /** Fixed for the life of the stored state. */
  readonly count: number
  /** Name of the input stream; references to events carry it. */
  readonly stream: string
  /** Default: one source for everything, in the broker's time, in order. */
  readonly sources?: readonly SourceOptions[]
  readonly limits?: Partial<PartitionLimits>
  /** Field names whose values never leave in evidence, late events and dead letters. */
  readonly redact?: readonly string[]
  /** Rules that run from the start, beside those that the log activates; they are not stored, so a restore needs them again. */
  readonly rules?: ReadonlyArray<{ readonly program: RuleProgram; readonly status?: RuleStatus }>
  /** List values that hold from the start; not stored. */
  readonly lists?: Readonly<Record<string, readonly JsonValue[]>>
  /**
   * Up to this entry the log was read before some of it was erased: what it gave is in the alert log or erased, and is not given again;
   * the next effect has the number behind `effects`.
   */
  readonly settled?: Pick<DoneErasure, 'sequence' | 'effects'>
  /** For runs that nobody restores (a replay): steps hold effects and no rows, and no payload is kept for one. */
  readonly withoutRows?: boolean
}

/** The parts of the engine that a partition is put together from. */
export interface PartitionParts {
  readonly compiler: RuleCompiler
  readonly createMatcher: CreateKeyedMatcher
}
