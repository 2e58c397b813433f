import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { CliError } from '../cli-error.ts'
import { EXIT } from '../exit-code.ts'

export interface RuleFile {
  /** As people would name it from where they are. */
  readonly path: string
  readonly text: string
  readonly format: 'yaml' | 'json'
}

export interface FoundFiles {
  readonly files: readonly RuleFile[]
  /** Files in named folders that hold something else. */
  readonly skipped: readonly string[]
}

const EXTENSION = /\.(ya?ml|json)$/i
/** Keys that rule and list documents have and other files seldom have together. */
const OURS = /^(?:[ \t]{0,4}\{?[ \t]*")?(rule|list|by|events|pattern)"?\s*:/gm

/** The files named, and all rule files in the folders named. Fails with `file-not-found` or `no-rule-files`. */
export function findRuleFiles(paths: readonly string[]): FoundFiles {
  const files: RuleFile[] = []
  const skipped: string[] = []
  const seen = new Set<string>()
  for (const path of paths) {
    const isFolder = statusOf(path).isDirectory()
    for (const file of isFolder ? filesIn(path) : [path]) {
      if (seen.has(file)) continue
      seen.add(file)
      const found = { path: file, text: readText(file), format: formatOf(file) } as const
      // Who names a file means it; in a folder there may be other things.
      if (isFolder && !looksLikeRules(found.text)) skipped.push(file)
      else files.push(found)
    }
  }
  if (files.length === 0)
    throw new CliError('no-rule-files', `there is no rule in ${paths.join(', ')}`, {
      exitCode: EXIT.input,
      hint: 'rules are in .yaml, .yml and .json files; `sequitur init` makes a first one',
    })
  return { files, skipped }
}

export const looksLikeRules = (text: string): boolean => {
  const keys = new Set([...text.matchAll(OURS)].map((match) => match[1]))
  return keys.has('rule') || keys.has('list') || keys.size >= 2
}

const formatOf = (file: string): 'yaml' | 'json' => (/\.json$/i.test(file) ? 'json' : 'yaml')

export function statusOf(path: string): ReturnType<typeof statSync> & object {
  try {
    return statSync(path)
  } catch {
    throw new CliError('file-not-found', `there is no file or folder ${path}`, { exitCode: EXIT.input })
  }
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') return []
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return filesIn(path)
      return EXTENSION.test(entry.name) ? [path] : []
    })
}

export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CliError('file-not-readable', `cannot read ${file}: ${(error as Error).message}`, {
      exitCode: EXIT.input,
    })
  }
}

/** The path from here, where that is shorter. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') || short === '' ? path : short
}
