import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { compileRules } from '../rules/compile-rules.ts'
import { findRuleFiles } from '../rules/find-rule-files.ts'
import { listsNotInFiles } from '../rules/unknown-lists.ts'
import { formatOf, type OutputFormat } from '../terminal/output.ts'
import { counted, errorsIn, printProblems } from '../terminal/problems.ts'

/** `sequitur check FILE|DIR…`: everything that is wrong in rules, without a service. */
export async function check(
  context: CommandContext,
  paths: readonly string[],
  options: { readonly output?: OutputFormat },
): Promise<ExitCode> {
  const { terminal } = context
  const { files, skipped } = findRuleFiles(paths)
  const compiled = compileRules(files)
  const { rules, lists } = compiled
  const problems = [...compiled.problems, ...listsNotInFiles(compiled)]
  const errors = errorsIn(problems)
  const warnings = problems.length - errors
  const format = formatOf(terminal, options.output)
  if (format === 'table') printProblems(terminal, problems)
  else {
    const { printRows } = await import('../terminal/output.ts')
    await printRows(
      terminal,
      problems.map(({ at, ...rest }) => ({ ...rest, ...at })),
      {
        format,
        columns: [],
        none: '',
      },
    )
  }
  const notRules = skipped.length === 0 ? '' : ` (${counted(skipped.length, 'other file')} skipped)`
  const what = `${counted(rules.length, 'rule')}${lists.length === 0 ? '' : ` and ${counted(lists.length, 'list')}`}`
  const found = `${what} in ${counted(files.length, 'file')}`
  terminal.note(`${found}: ${counted(errors, 'error')}, ${counted(warnings, 'warning')}${notRules}`)
  return errors > 0 ? EXIT.usage : EXIT.ok
}
