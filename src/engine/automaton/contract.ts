import type { AfterMatch, EventName, Pattern, Result } from '../model/index.ts'
import type { Graph } from './graph.ts'
import type { Plan } from './plan.ts'

/** What a pattern costs, decided at compile time; `explain` prints it. */
export interface Classification {
  readonly kind: string
  /** One sentence for rule authors: what is kept per key and what bounds it. */
  readonly bound: string
  /** What a key at its bound keeps in memory at most, beside the payloads of its events. */
  readonly bytesMax: number
}

export interface PatternInput {
  readonly pattern: Pattern
  readonly afterMatch: AfterMatch
  /** Event definitions in slot order. */
  readonly slots: readonly EventName[]
  /** Slots whose `where` reads earlier steps (answered by `MatcherHost.condition`). */
  readonly conditional: ReadonlySet<number>
  readonly hasHaving: boolean
  readonly reportsTimeouts: boolean
  /** Per key; the oldest is shed beyond it. */
  readonly partialMatchesMax: number
}

/** A compiled pattern, shared by all keys. The rest of its shape is the matcher's business. */
export interface Automaton {
  readonly input: PatternInput
  readonly classification: Classification
  /** The matcher's business. */
  readonly graph: Graph
  /** Which matcher runs it, and what that one needs to know. */
  readonly plan: Plan
  /** The matcher must see events of mask 0 for keys with live state (strict contiguity). */
  readonly needsEveryEvent: boolean
  /** Slots that can start a match. */
  readonly startMask: number
  /** The automaton as text, one state per line, for `explain`. */
  describe(): string
}

export type CompilePattern = (input: PatternInput) => Result<Automaton>
