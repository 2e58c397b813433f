import type { Expression, ExpressionScope, Result, SourceText } from '../model/index.ts'
import { compileExpression } from './compile-expression.ts'
import { conjunctSources } from './conjuncts.ts'
import { RULE_LIMITS, shareOf } from './run.ts'

/** What the rule compiler asks of the expression language. */
export const expressionTools = {
  compileExpression: (source: SourceText, scope: ExpressionScope, conjuncts = 1): Result<Expression> =>
    compileExpression(source, { scope, limits: shareOf(RULE_LIMITS, conjuncts) }),
  splitConjuncts: (source: SourceText): Result<readonly SourceText[]> => conjunctSources(source),
}
