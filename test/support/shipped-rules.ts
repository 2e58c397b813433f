import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RuleSource, readRules } from '../../src/engine/index.ts'

const FOLDER = join(import.meta.dirname, '../../rules')

/** The example rules as they are stored, each as version 1. */
export function shippedRules(): readonly RuleSource[] {
  return readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => {
      const source = readFileSync(join(FOLDER, name), 'utf8')
      const read = readRules(source)
      if (!read.ok || read.value[0] === undefined) throw new Error(`${name} is no rule`)
      return { id: read.value[0].id, version: 1, format: 'yaml', source }
    })
}
