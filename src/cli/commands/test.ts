import { type RuleProgram, type RuleTestReport, runRuleTests, TEST_WAYS } from '../../engine/index.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { compileRules } from '../rules/compile-rules.ts'
import { findRuleFiles } from '../rules/find-rule-files.ts'
import { formatOf, type OutputFormat, printRows, printValue } from '../terminal/output.ts'
import { counted, errorsIn, printProblems } from '../terminal/problems.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { junitReport } from './test/junit.ts'
import { printMutants } from './test/mutants.ts'
import { type FileReport, printReport } from './test/report.ts'
import { runOnChange } from './test/watch.ts'

export interface TestOptions {
  readonly output?: OutputFormat | 'junit'
  readonly watch?: boolean
  /** Puts mistakes into the rules, to see which the tests would not notice. */
  readonly mutate?: boolean
}

/** `sequitur test FILE|DIR…`: runs the tests that stand in rules, each in several ways. */
export async function test(
  context: CommandContext,
  paths: readonly string[],
  options: TestOptions,
): Promise<ExitCode> {
  if (options.watch !== true) return runOnce(context.terminal, paths, options)
  const run = async (): Promise<void> => {
    try {
      await runOnce(context.terminal, paths, options)
    } catch (error) {
      // Half of a file being saved, or a rule that is not there yet: the next change may mend it.
      context.terminal.note(error instanceof Error ? error.message : String(error))
    }
    context.terminal.note(context.terminal.style('dim', 'Watching for changes; Ctrl-C ends.'))
  }
  await runOnChange(paths, context.signal, run)
  return EXIT.ok
}

async function runOnce(
  terminal: Terminal,
  paths: readonly string[],
  { output, mutate }: TestOptions,
): Promise<ExitCode> {
  const { files } = findRuleFiles(paths)
  const startedAt = performance.now()
  const { rules, problems } = compileRules(files)
  if (errorsIn(problems) > 0) {
    printProblems(terminal, problems)
    terminal.note(`${counted(errorsIn(problems), 'error')} in the rules: no test was run`)
    return EXIT.usage
  }
  const reports: FileReport[] = files.map((file) => {
    const programs: RuleProgram[] = rules.filter((rule) => rule.file === file).map(({ program }) => program)
    return { file: file.path, rules: runRuleTests(programs).rules }
  })
  const seconds = (performance.now() - startedAt) / 1_000
  const tests = reports.flatMap((report) => report.rules.flatMap((rule) => rule.tests))
  const passed = tests.filter((one) => one.passed).length
  const summary = `${counted(rules.length, 'rule')}, ${counted(tests.length, 'test')}, ${passed} passed in ${seconds.toFixed(2)} s   (each run ${TEST_WAYS.length} ways: straight, stored and restored after every event, every event twice)`
  await print(terminal, reports, { output, summary, seconds, passed, failed: tests.length - passed })
  if (passed < tests.length) return EXIT.findings
  return mutate === true ? printMutants(terminal, rules, output === 'junit' ? 'table' : output) : EXIT.ok
}

interface Outcome {
  readonly output: TestOptions['output']
  readonly summary: string
  readonly seconds: number
  readonly passed: number
  readonly failed: number
}

async function print(terminal: Terminal, reports: readonly FileReport[], outcome: Outcome): Promise<void> {
  const { output, summary, seconds, passed, failed } = outcome
  if (output === 'junit') {
    terminal.print(junitReport(reports, seconds))
    return
  }
  const format = formatOf(terminal, output)
  if (format === 'table') {
    printReport(terminal, reports)
    terminal.print(summary)
    return
  }
  const rows = reports.flatMap(({ file, rules }) => rules.flatMap((rule) => rowsOf(file, rule)))
  if (format === 'ndjson') await printRows(terminal, rows, { format, columns: [], none: '' })
  else await printValue(terminal, { passed, failed, tests: rows }, format)
  terminal.note(summary)
}

const rowsOf = (file: string, { rule, tests }: RuleTestReport): ReadonlyArray<Record<string, unknown>> =>
  tests.map(({ name, passed, line, failure }) => ({
    file,
    rule,
    test: name,
    passed,
    ...(line === undefined ? {} : { line }),
    ...(failure === undefined ? {} : { failure }),
  }))
