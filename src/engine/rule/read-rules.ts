import { failure, type Result, type RuleDefinition, success } from '../model/index.ts'
import { FieldReader } from './field-reader.ts'
import { checkCharacters, lintDocument } from './lint-document.ts'
import { type Located, nodeAt } from './located.ts'
import { readJson } from './read-json.ts'
import { readRule } from './read-rule.ts'
import { DOCUMENT_BYTES_MAX, readYaml } from './read-yaml.ts'
import { SourceFile } from './source-file.ts'

/** Whole files; documents in them have their own limit. */
const FILE_BYTES_MAX = 4 * 1_024 * 1_024

export interface ReadOptions {
  /** Stands in the places of problems. */
  readonly file?: string
  /** Default: by the extension of `file`, else YAML (of which JSON is a part). */
  readonly format?: 'yaml' | 'json'
}

/**
 * Reads the rules of a file: one or more YAML documents, or one JSON object. Collects everything that is wrong in all of them; a list
 * document (`list:`) among them is left to `readLists`. Succeeds only without errors; the problems of a success are warnings.
 */
export function readRules(text: string, options: ReadOptions = {}): Result<readonly RuleDefinition[]> {
  const file = new SourceFile(text, options.file)
  const read = new FieldReader(file)
  const rules: RuleDefinition[] = []
  const roots = readRoots(file, options)
  const ids = new Map<string, Located>()
  for (const root of roots) {
    lintDocument(file, root)
    if (isListDocument(root)) continue
    const rule = readRule(read, root)
    if (!rule) continue
    if (ids.has(rule.id)) {
      read.error(
        'duplicate-rule',
        nodeAt(root, '/rule'),
        `The file has two rules with the id \`${rule.id}\`.`,
        'rename one of them',
      )
    }
    ids.set(rule.id, root)
    rules.push(rule)
  }
  if (roots.length === 0 && !file.hasErrors) {
    file.error(
      'empty-document',
      { start: 0, end: 1 },
      'The file has no rule.',
      'a rule starts with `rule: my-rule`',
    )
  }
  return file.hasErrors ? failure(file.sorted()) : success(rules, file.sorted())
}

export const isListDocument = (root: Located): boolean =>
  root.kind === 'map' &&
  root.entries.some(({ key }) => key === 'list') &&
  !root.entries.some(({ key }) => key === 'rule')

/** The documents of a text in either format. */
export function readRoots(file: SourceFile, options: ReadOptions): readonly Located[] {
  const format = options.format ?? (options.file?.endsWith('.json') ? 'json' : 'yaml')
  const max = format === 'json' ? DOCUMENT_BYTES_MAX : FILE_BYTES_MAX
  if (file.text.length > max) {
    file.error(
      'document-too-large',
      { start: 0, end: 1 },
      `The file is larger than ${max / 1_024} KiB.`,
      'split it',
    )
    return []
  }
  if (!checkCharacters(file)) return []
  if (format === 'yaml') return readYaml(file)
  const root = readJson(file)
  return root ? [root] : []
}
