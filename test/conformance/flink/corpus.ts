import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The foreign corpus' own form (CORPUS.md beside it); nothing outside this folder knows it. */
export type Scalar = string | number | boolean | null

export type Term =
  | { readonly const: Scalar }
  | { readonly field: string }
  | { readonly sum: StageField }
  | { readonly first: StageField }
  | { readonly last: StageField }
  | { readonly count: { readonly stage: string } }
  | { readonly add: readonly Term[] }
  | { readonly ts: true }
  | { readonly procTime: true }

export interface StageField {
  readonly stage: string
  readonly field: string
}

export type CompareOperator = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'contains' | 'startsWith'

export type Predicate =
  | { readonly op: 'true' | 'false' }
  | { readonly op: 'and' | 'or'; readonly args: readonly Predicate[] }
  | { readonly op: 'not'; readonly arg: Predicate }
  | { readonly op: CompareOperator; readonly field: string; readonly value: Scalar }
  | { readonly op: CompareOperator; readonly left: Term; readonly right: Term }

export interface Window {
  readonly ms: number
  readonly type: 'firstAndLast' | 'previousAndCurrent'
}

export interface CorpusQuantifier {
  readonly min: number
  readonly max: number | null
  readonly optional?: boolean
  readonly greedy?: boolean
  readonly innerContiguity?: 'relaxed' | 'strict' | 'nonDeterministicRelaxed'
  readonly within?: Window
}

export interface Stage {
  readonly name?: string
  readonly contiguity:
    | 'begin'
    | 'strict'
    | 'relaxed'
    | 'nonDeterministicRelaxed'
    | 'notNext'
    | 'notFollowedBy'
  readonly where?: Predicate
  readonly quantifier?: CorpusQuantifier
  readonly until?: Predicate
  readonly within?: Window
  readonly group?: { readonly stages: readonly Stage[] }
}

export interface CorpusPattern {
  readonly stages: readonly Stage[]
  readonly within?: Window
  readonly afterMatchSkip: {
    readonly strategy: 'noSkip' | 'skipToNext' | 'skipPastLast' | 'skipToFirst' | 'skipToLast'
    readonly target?: string
    readonly throwOnMiss?: boolean
  }
}

export type CorpusEvent = { readonly ts?: number } & { readonly [field: string]: Scalar }

export type Operation =
  | { readonly event: number }
  | { readonly advance: number }
  | { readonly watermark: number | 'min' | 'max' }
  | { readonly processingTime: number }
  | { readonly checkpointRestore: true }

export type Stages = Readonly<Record<string, readonly number[]>>

export interface ExpectedTimeout {
  readonly stages: Stages
  readonly ts: number
  readonly emittedAt: number
}

export interface Case {
  readonly id: string
  readonly mode: 'sequence' | 'operator' | 'invalid'
  readonly time?: 'event' | 'processing'
  readonly keyBy?: string
  readonly tieBreak?: string
  readonly pattern: CorpusPattern
  readonly events: readonly CorpusEvent[]
  readonly input?: readonly Operation[]
  readonly expectedStages?: readonly Stages[]
  readonly emittedAt?: readonly number[]
  readonly matchTimestamps?: ReadonlyArray<number | 'max'>
  readonly expectedTimeouts?: readonly ExpectedTimeout[]
  readonly observedTimeouts?: readonly ExpectedTimeout[]
  readonly expectedLate?: readonly number[]
  readonly expectEmptyState?: boolean
  readonly expectError?: 'invalidPattern' | 'runtimeSkipError'
  readonly quirk?: string
  readonly engineStages?: readonly Stages[]
  readonly engineTimeouts?: readonly ExpectedTimeout[]
  readonly suggestedMatches?: ReadonlyArray<readonly number[]>
}

/** Where the foreign cases are; undefined when this machine does not have them. */
export function conformanceFolder(): string | undefined {
  const folder =
    process.env['SEQUITUR_CONFORMANCE'] ?? join(import.meta.dirname, '../../../../shared/conformance')
  return existsSync(folder) ? folder : undefined
}

export function readCases(path: string): readonly Case[] {
  const document: { readonly cases: readonly Case[] } | readonly Case[] = JSON.parse(
    readFileSync(path, 'utf8'),
  )
  return 'cases' in document ? document.cases : document
}
