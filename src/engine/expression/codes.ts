/** Codes of the problems that this folder returns; each has its row in docs/reference/errors.md. */
export const EXPRESSION_CODES = [
  'comparison-never-holds',
  'expression-operator',
  'expression-syntax',
  'expression-too-long',
  'field-minus-field',
  'not-equal-missing',
  'refused-function',
  'regex-unsupported',
  'unknown-function',
  'unknown-name',
] as const

export type ExpressionCode = (typeof EXPRESSION_CODES)[number]
