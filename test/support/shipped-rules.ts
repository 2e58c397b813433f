import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type RuleSource, readRules } from '../../src/engine/index.ts'

const FOLDER = join(import.meta.dirname, '../../rules')

/** Names of the packs. */
export const shippedPacks = (): readonly string[] =>
  readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()

/** The example rules as they are stored, each as version 1; `pack`: only those of one. */
export function shippedRules(pack?: string): readonly RuleSource[] {
  return readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml') && (pack === undefined || dirname(name) === pack))
    .sort()
    .map((name) => {
      const source = readFileSync(join(FOLDER, name), 'utf8')
      const read = readRules(source)
      if (!read.ok || read.value[0] === undefined) throw new Error(`${name} is no rule`)
      return { id: read.value[0].id, version: 1, format: 'yaml', source }
    })
}
