import type { Expression, ExpressionScope, Result, SourceText } from '../model/index.ts'
import type { ExpressionTools } from './expression-tools.ts'
import { Remembered } from './remembered.ts'

/**
 * The same tools, which compile each text once: rules that say the same thing share the expression. An expression with something to
 * say about its text is compiled again, because that is said of a place.
 */
export function sharedExpressions(tools: ExpressionTools): ExpressionTools {
  const known = new Remembered<Result<Expression>>()
  return {
    splitConjuncts: tools.splitConjuncts,
    compileExpression(source: SourceText, scope: ExpressionScope, conjuncts = 1): Result<Expression> {
      const id = idOf(source.text, scope, conjuncts)
      const shared = known.get(id)
      if (shared !== undefined) return shared
      const compiled = tools.compileExpression(source, scope, conjuncts)
      if (!compiled.ok || compiled.problems.length > 0) return compiled
      known.set(id, compiled)
      return compiled
    },
  }
}

/** What an expression is made from: its text, its share of the limits, and the steps that a `$` may name. */
function idOf(text: string, { steps }: ExpressionScope, conjuncts: number): string {
  const names = text.includes('$') ? steps.map(({ name, counted }) => `${name}${counted ? '*' : ''}`) : []
  return JSON.stringify([conjuncts, text, ...names])
}
