import { compilePattern } from '../automaton/index.ts'
import { expressionTools } from '../expression/index.ts'
import type { CompileOptions } from './compile-rule.ts'
import { sharedExpressions } from './shared-expressions.ts'
import { sharedPatterns } from './shared-patterns.ts'

/** For rules that run side by side: what one of them says like another is compiled once and kept once. */
export const sharedCompilers = (): Omit<CompileOptions, 'version'> => ({
  expressions: sharedExpressions(expressionTools),
  patterns: sharedPatterns(compilePattern),
})
