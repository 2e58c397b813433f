import type { Ast } from '../ast.ts'
import type { Emitted, Emitter } from './emitter.ts'

export interface Step {
  readonly slot: number
  readonly counted: boolean
}

/** What the parts of the generator need of the whole. */
export interface Generator {
  readonly emitter: Emitter
  /** The statement that hands the question to the closures. */
  readonly ask: string
  step(name: string): Step | undefined
  value(node: Ast): Emitted
  /** The truth of a node, as an expression. */
  truth(node: Ast): string
  truthOf(value: Emitted): string
}
