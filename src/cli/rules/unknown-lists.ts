import { type Problem, unknownLists } from '../../engine/index.ts'
import type { CompiledFiles } from './compile-rules.ts'

/**
 * Lists that rules name and that are not among the files. Without a service only they and the lists of tests are known, so a list
 * that looks like none of them is taken for one that is kept elsewhere, unless lists are kept in files here.
 */
export function listsNotInFiles({ rules, lists }: CompiledFiles): readonly Problem[] {
  const inFiles = lists.map(({ definition }) => definition.name)
  const inTests = rules.flatMap(({ program }) =>
    program.definition.tests.flatMap((test) => Object.keys(test.lists)),
  )
  return listsNotAmong({ rules }, [...inFiles, ...inTests]).filter(
    ({ hint }) => inFiles.length > 0 || hint?.startsWith('did you mean') === true,
  )
}

/** Lists that rules name and that are not among those known. */
export const listsNotAmong = (
  { rules }: Pick<CompiledFiles, 'rules'>,
  known: readonly string[],
): readonly Problem[] =>
  rules.flatMap(({ file, program }) =>
    unknownLists(program.lists, known).map((problem) => ({
      ...problem,
      at: { file: file.path, ...problem.at },
    })),
  )
