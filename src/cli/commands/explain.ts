import { describeSlots, explainRule } from '../../engine/index.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { compileRules } from '../rules/compile-rules.ts'
import { findRuleFiles } from '../rules/find-rule-files.ts'
import { type OutputFormat, printValue } from '../terminal/output.ts'
import { errorsIn, printProblems } from '../terminal/problems.ts'

/** `sequitur explain FILE`: rules read back as plain sentences, with what they cost and their automaton. */
export async function explain(
  { terminal }: CommandContext,
  paths: readonly string[],
  { output }: { readonly output?: OutputFormat },
): Promise<ExitCode> {
  const { files } = findRuleFiles(paths)
  const { rules, problems } = compileRules(files)
  printProblems(terminal, problems)
  if (errorsIn(problems) > 0) return EXIT.usage
  const explained = rules.map(({ file, program }) => ({
    file: file.path,
    rule: program.definition.id,
    explanation: explainRule(program, { routing: describeSlots(program.events) }),
  }))
  // Sentences are the result, for people and in a pipe alike; data only when asked for.
  if (output === undefined || output === 'table')
    terminal.print(explained.map(({ explanation }) => explanation).join('\n\n'))
  else if (output === 'ndjson') for (const one of explained) terminal.print(JSON.stringify(one))
  else await printValue(terminal, explained, output)
  return EXIT.ok
}
