import { caretExcerpt, type Problem } from '../../engine/index.ts'
import type { CompiledFiles } from './compile-rules.ts'

/**
 * The service's warnings for subjects that its input log does not take, with the place in the file. Its other warnings are known here
 * already. Only the service knows what the input log takes, and only the files where a rule says so.
 */
export const unfedInFiles = (
  warnings: readonly Problem[],
  { rules }: Pick<CompiledFiles, 'rules'>,
): readonly Problem[] =>
  warnings
    .filter(({ code }) => code === 'subject-not-fed')
    .map((warning) => {
      for (const { file, program } of rules) {
        const { id, events } = program.definition
        const read = events.find(({ from }) => warning.message.startsWith(`${id} reads ${from},`))
        if (read !== undefined) return { ...warning, ...placeOf(file, read.from) }
      }
      return warning
    })

function placeOf(
  { path, text }: CompiledFiles['rules'][number]['file'],
  subject: string,
): Pick<Problem, 'at' | 'excerpt'> {
  const lines = text.split('\n')
  const index = lines.findIndex((line) => line.includes(subject))
  const line = lines[index]
  if (line === undefined) return { at: { file: path } }
  const column = line.indexOf(subject) + 1
  return {
    at: { file: path, line: index + 1, column, length: subject.length },
    excerpt: caretExcerpt(line, column, subject.length),
  }
}
