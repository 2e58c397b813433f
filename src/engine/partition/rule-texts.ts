import { failure, type Problem, type Result, type RuleDefinition } from '../model/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import type { Running } from './known-rule.ts'
import type { RuleCompiler } from './options.ts'
import type { PartitionOutput } from './output.ts'
import type { RuleRecord } from './rule-record.ts'

/** Texts of rules and what they become. */
export class RuleTexts {
  readonly #compiler: RuleCompiler
  readonly #output: PartitionOutput

  constructor(compiler: RuleCompiler, output: PartitionOutput) {
    this.#compiler = compiler
    this.#output = output
  }

  /** Fails, and says why in a notice, for a text that does not run as this rule. */
  compile(record: RuleRecord, running: Running | undefined): Result<RuleProgram> {
    const compiled = this.#compiler.compile(record)
    if (compiled.ok && compiled.value.definition.id === record.id) return compiled
    const problems = compiled.ok ? [] : compiled.problems
    this.#quarantine(record, problems, running)
    return failure(problems)
  }

  isCompatible(before: RuleDefinition, after: RuleDefinition): boolean {
    return this.#compiler.compare(before, after) === 'compatible'
  }

  #quarantine(record: RuleRecord, problems: readonly Problem[], running: Running | undefined): void {
    const first = problems[0]
    this.#output.notice('rule-quarantined', {
      rule: record.id,
      version: record.version,
      problem: first === undefined ? 'the text is of another rule' : `${first.code}: ${first.message}`,
      running_version: running?.runtime.program.version ?? null,
    })
  }
}
