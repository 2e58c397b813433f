export { EXPRESSION_CODES, type ExpressionCode } from './codes.ts'
export { compileExpression, type ExpressionOptions } from './compile-expression.ts'
export { type Conjunct, splitConjuncts } from './conjuncts.ts'
export { ERROR_FUEL, EVALUATION_FUEL, fuel } from './fuel.ts'
export { FUNCTIONS } from './functions/index.ts'
export {
  CODEGEN,
  type Codegen,
  type CodegenSetting,
  codegenSetting,
  NO_CODEGEN,
  setCodegen,
} from './generated/index.ts'
export { interned } from './interned.ts'
export { type Limits, RULE_LIMITS } from './run.ts'
export { type Compiled, compileAnything, type SuiteOutcome } from './suite.ts'
export { expressionTools } from './tools.ts'
export { isMetadata } from './values.ts'
