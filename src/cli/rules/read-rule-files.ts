import {
  type ListDefinition,
  type Problem,
  type RuleDefinition,
  readLists,
  readRules,
} from '../../engine/index.ts'
import type { RuleFile } from './find-rule-files.ts'

export interface ReadRule {
  readonly file: RuleFile
  readonly definition: RuleDefinition
}

export interface ReadList {
  readonly file: RuleFile
  readonly definition: ListDefinition
}

export interface ReadFiles {
  readonly rules: readonly ReadRule[]
  readonly lists: readonly ReadList[]
  /** Of all files, in their order; warnings too. */
  readonly problems: readonly Problem[]
}

/** Reads every file and collects what is wrong in all of them. An id that two documents use is a problem of the second. */
export function readRuleFiles(files: readonly RuleFile[]): ReadFiles {
  const rules: ReadRule[] = []
  const problems: Problem[] = []
  const homes = new Map<string, RuleFile>()
  const lists: ReadList[] = []
  for (const file of files) {
    const source = { file: file.path, format: file.format }
    const read = readRules(file.text, source)
    const listed = readLists(file.text, source)
    problems.push(
      ...read.problems,
      ...listed.problems.filter((problem) => !read.problems.some(isSame(problem))),
    )
    for (const definition of listed.ok ? listed.value : []) {
      const first = lists.find((other) => other.definition.name === definition.name)
      if (first !== undefined) problems.push(listedTwice(definition, file, first.file))
      lists.push({ file, definition })
    }
    if (!read.ok) continue
    for (const definition of read.value) {
      const home = homes.get(definition.id)
      if (home === undefined) homes.set(definition.id, file)
      else problems.push(twice(definition, file, home))
      rules.push({ file, definition })
    }
  }
  return { rules, lists, problems }
}

const isSame =
  (one: Problem) =>
  (other: Problem): boolean =>
    one.code === other.code && one.at.line === other.at.line && one.at.column === other.at.column

const twice = ({ id }: RuleDefinition, file: RuleFile, home: RuleFile): Problem => ({
  code: 'duplicate-rule',
  severity: 'error',
  message: `The rule \`${id}\` is also in ${home.path}.`,
  hint: 'rename one of them',
  at: { file: file.path },
})

const listedTwice = ({ name }: ListDefinition, file: RuleFile, home: RuleFile): Problem => ({
  code: 'duplicate-list',
  severity: 'error',
  message:
    home === file ? `The list \`${name}\` is there twice.` : `The list \`${name}\` is also in ${home.path}.`,
  hint: 'put all its values into one document',
  at: { file: file.path },
})
