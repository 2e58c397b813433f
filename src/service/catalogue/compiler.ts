import type { JsonValue, ListRead, Problem, RuleComparison, RuleStatus } from '../../engine/index.ts'
import type { RuleFormat, RuleSummary } from './record.ts'

/** One rule document and where it stands in what was sent. */
export interface RuleText {
  readonly text: string
  readonly format: RuleFormat
  /** Names the text in problems. */
  readonly file?: string
  /** Line of the file at which the text begins; default 1. */
  readonly firstLine?: number
}

/** A rule that was read and compiled. */
export interface CompiledRule {
  readonly id: string
  readonly status: RuleStatus
  readonly summary: RuleSummary
  /** That it looks values up in. */
  readonly lists: readonly ListRead[]
}

export interface Explanation {
  /** Plain sentences. */
  readonly text: string
  /** The automaton, one state per line. */
  readonly automaton: string
  /** What it keeps per key, and what bounds it. */
  readonly cost: string
  /** The rule in its structural form. */
  readonly definition: JsonValue
}

export interface TestOutcome {
  readonly rule: string
  readonly name: string
  readonly passed: boolean
  /** Differences and why, one per line; empty when it passed. */
  readonly details: readonly string[]
  readonly line?: number
}

/** Reads untrusted rule text: every problem is returned, nothing that a text says can stall or end the caller. */
export interface RuleCompiler {
  /** Exactly one rule per text. `value[i]` belongs to `texts[i]`. */
  compile(texts: readonly RuleText[]): Promise<Compiled<readonly CompiledRule[]>>
  explain(text: RuleText): Promise<Compiled<Explanation>>
  test(text: RuleText): Promise<Compiled<readonly TestOutcome[]>>
  /** The same text with another status; nothing else in it changes. */
  withStatus(text: RuleText, status: RuleStatus): Promise<Compiled<string>>
  /** What differs between two texts of one rule, and whether partial matches of one go on under the other. */
  compare(before: RuleText, after: RuleText): Promise<Compiled<RuleComparison>>
  close(): Promise<void>
}

export type Compiled<T> =
  | { readonly kind: 'done'; readonly value: T; readonly problems: readonly Problem[] }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  /** Too many texts are waiting; nothing was read. */
  | { readonly kind: 'busy' }
