import { compileRule, type Problem, type RuleProgram } from '../../engine/index.ts'
import type { RuleFile } from './find-rule-files.ts'
import { type ReadList, readRuleFiles } from './read-rule-files.ts'

export interface CompiledRule {
  readonly file: RuleFile
  readonly program: RuleProgram
}

export interface CompiledFiles {
  readonly rules: readonly CompiledRule[]
  readonly lists: readonly ReadList[]
  readonly problems: readonly Problem[]
}

/** Reads and compiles every rule of the files, and collects what is wrong in all of them. */
export function compileRules(files: readonly RuleFile[]): CompiledFiles {
  const read = readRuleFiles(files)
  const problems: Problem[] = [...read.problems]
  const rules: CompiledRule[] = []
  for (const { file, definition } of read.rules) {
    const compiled = compileRule(definition, { version: 1 })
    problems.push(...compiled.problems.map((problem) => named(problem, file)))
    if (compiled.ok) rules.push({ file, program: compiled.value })
  }
  return { rules, lists: read.lists, problems }
}

const named = (problem: Problem, file: RuleFile): Problem =>
  problem.at.file === undefined ? { ...problem, at: { file: file.path, ...problem.at } } : problem
