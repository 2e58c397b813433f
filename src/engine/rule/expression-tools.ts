import type { Expression, ExpressionScope, Result, SourceText } from '../model/index.ts'

/** What the rule compiler asks of the expression language. */
export interface ExpressionTools {
  /**
   * Compiles one expression, alone or one of several conjuncts, which share what a condition may use. Problems stand where the text
   * stands (`sourcePlace`).
   */
  compileExpression(source: SourceText, scope: ExpressionScope, conjuncts?: number): Result<Expression>
  /** The parts of a condition that `and` joins at its top, each with its own place; the whole when there is none. */
  splitConjuncts(source: SourceText): Result<readonly SourceText[]>
}
