import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  compareRules,
  compileRule,
  formatProblem,
  readRules,
  runRuleTests,
  writeRule,
} from '../../src/engine/index.ts'

const root = join(import.meta.dirname, '../..')
const files = readdirSync(join(root, 'rules'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml'))
  .sort()
const schema = JSON.parse(readFileSync(join(root, 'schemas/rule.v1.schema.json'), 'utf8'))
const validate = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema)

test('there are packs', () => {
  expect(files.length).toBeGreaterThanOrEqual(12)
})

test.each(files)('%s', (file) => {
  const text = readFileSync(join(root, 'rules', file), 'utf8')
  const [pack = ''] = file.split('/')
  const read = readRules(text, { file })
  expect(read.problems.map(formatProblem)).toEqual([])
  expect(validate(parse(text)), JSON.stringify(validate.errors, null, 2)).toBe(true)
  expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=../../schemas/rule.v1.schema.json')
  if (!read.ok) return
  for (const rule of read.value) {
    expect(rule.namespace).toBe(pack)
    expect(rule.tests.length).toBeGreaterThanOrEqual(2)
    for (const format of ['yaml', 'json'] as const) {
      for (const pattern of ['sentence', 'structural'] as const) {
        const written = writeRule(rule, format, { pattern })
        expect(validate(format === 'yaml' ? parse(written) : JSON.parse(written))).toBe(true)
        const back = readRules(written, { format })
        expect(back.problems).toEqual([])
        expect(back.ok && back.value.map((again) => compareRules(rule, again).changes)).toEqual([[]])
      }
    }
  }
})

test('every test of every rule passes: straight, restored after every event, every event twice', () => {
  const programs = files.flatMap((file) => {
    const read = readRules(readFileSync(join(root, 'rules', file), 'utf8'), { file })
    return (read.ok ? read.value : []).map((rule) => {
      const compiled = compileRule(rule)
      expect(compiled.problems.map(formatProblem)).toEqual([])
      if (!compiled.ok) throw new Error(file)
      return compiled.value
    })
  })
  const report = runRuleTests(programs)
  const failed = report.rules.flatMap((rule) => rule.tests.filter((one) => !one.passed))
  expect(failed).toEqual([])
  expect(report.passed).toBeGreaterThanOrEqual(37)
})
