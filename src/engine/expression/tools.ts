import type { Expression, ExpressionScope, Result, SourceText } from '../model/index.ts'
import { compileExpression } from './compile-expression.ts'
import { conjunctSources } from './conjuncts.ts'

/** What the rule compiler asks of the expression language. */
export const expressionTools = {
  compileExpression: (source: SourceText, scope: ExpressionScope): Result<Expression> =>
    compileExpression(source, { scope }),
  splitConjuncts: (source: SourceText): Result<readonly SourceText[]> => conjunctSources(source),
}
