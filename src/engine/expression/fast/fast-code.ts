import type { Frame } from '../../model/index.ts'
import type { Ast } from '../ast.ts'

/** A closure over the event at hand: no variables, no counting, no allocation on the way to an answer. */
export type FastCode = (data: unknown, frame: Frame) => unknown

/** What the parts of the fast path need of the whole. */
export interface FastCompiler {
  /** A value; falls back to the general closures where the fast path has no answer. */
  value(node: Ast): FastCode
  /** Truth of a value. */
  truth(node: Ast): (data: unknown, frame: Frame) => boolean
  /** Before anything that counts steps; what was counted before in the same evaluation stays counted. */
  begin(frame: Frame): void
  /** The general closures for a node, counted. */
  general(node: Ast): FastCode
  /** The step that `$name` is, when it is one. */
  step(name: string): { readonly slot: number; readonly counted: boolean } | undefined
}
