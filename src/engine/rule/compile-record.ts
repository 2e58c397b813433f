import { failure, type Result, success } from '../model/index.ts'
import { type CompileOptions, compileRule } from './compile-rule.ts'
import type { RuleProgram } from './program.ts'
import { readRules } from './read-rules.ts'

/** The text of one rule as the log and the rule store hold it. */
export interface RuleSource {
  readonly id: string
  readonly version: number
  readonly format: 'yaml' | 'json'
  readonly source: string
}

/** Reads and compiles a stored rule. Its text must hold exactly the rule of that id. */
export function compileRecord(
  { id, version, format, source }: RuleSource,
  options: Omit<CompileOptions, 'version'> = {},
): Result<RuleProgram> {
  const read = readRules(source, { format })
  if (!read.ok) return read
  const [rule] = read.value
  if (!rule || read.value.length !== 1 || rule.id !== id) {
    const ids = read.value.map((found) => `\`${found.id}\``).join(', ')
    const message = `The text of rule \`${id}\` holds ${ids === '' ? 'no rule' : ids}.`
    const hint = 'store one rule under its own id'
    return failure([{ code: 'wrong-rule', severity: 'error', message, hint, at: { pointer: '/rule' } }])
  }
  const compiled = compileRule(rule, { ...options, version })
  return compiled.ok
    ? success(compiled.value, [...read.problems, ...compiled.problems])
    : failure([...read.problems, ...compiled.problems])
}
