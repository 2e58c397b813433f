import { type MutationReport, testMutants } from '../../../engine/index.ts'
import { EXIT, type ExitCode } from '../../exit-code.ts'
import type { CompiledRule } from '../../rules/compile-rules.ts'
import { formatOf, type OutputFormat, printRows } from '../../terminal/output.ts'
import { counted } from '../../terminal/problems.ts'
import type { Terminal } from '../../terminal/terminal.ts'

/** `sequitur test --mutate`: the mistakes that a rule's tests would not notice, each with a test that would. */
export async function printMutants(
  terminal: Terminal,
  rules: readonly CompiledRule[],
  output: OutputFormat | undefined,
): Promise<ExitCode> {
  const format = formatOf(terminal, output)
  const reports: MutationReport[] = []
  for (const { program } of rules) {
    const report = testMutants(program.definition)
    if (report === undefined) continue
    reports.push(report)
    if (format === 'table') printReport(terminal, report)
  }
  if (format !== 'table') {
    const rows = reports.flatMap(({ rule, survived }) => survived.map((mutant) => ({ rule, ...mutant })))
    await printRows(terminal, rows, { format, columns: [], none: '' })
  }
  const mutants = reports.reduce((sum, report) => sum + report.mutants, 0)
  const survived = reports.reduce((sum, report) => sum + report.survived.length, 0)
  terminal.note(`${counted(mutants, 'mistake')} tried, ${survived} not noticed by any test`)
  return survived === 0 ? EXIT.ok : EXIT.findings
}

function printReport(terminal: Terminal, { rule, mutants, killed, survived }: MutationReport): void {
  terminal.print(`${terminal.style('bold', rule)}  ${killed} of ${mutants} mistakes noticed`)
  for (const { change, test } of survived) {
    terminal.print(`  ${terminal.style('red', '✗')} not noticed: ${change}`)
    terminal.print(
      test === undefined
        ? '    no history was found that tells the two apart'
        : indent(`this test would:\n${test}`),
    )
  }
}

const indent = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')
