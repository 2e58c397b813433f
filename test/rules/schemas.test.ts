import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { compileRule, createPartition, eventTime, readLists, readRules } from '../../src/engine/index.ts'
import { testLog } from '../../src/engine/testing/test-log.ts'

const root = join(import.meta.dirname, '../..')
const START = eventTime(1_767_225_600_000)

const schemaOf = (name: string) => JSON.parse(readFileSync(join(root, 'schemas', name), 'utf8'))
const validatorOf = (name: string) => {
  const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true })
  formats.default(ajv)
  return ajv.compile(schemaOf(name))
}
const validateAlert = validatorOf('alert.v1.schema.json')
const validateList = validatorOf('list.v1.schema.json')

const rules = readdirSync(join(root, 'rules'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml'))
  .flatMap((file) => {
    const read = readRules(readFileSync(join(root, 'rules', file), 'utf8'))
    return read.ok ? read.value : []
  })

/** Everything that the tests of a rule make a partition emit as alerts, shadow alerts and withheld alerts. */
function alertsOf(rule: (typeof rules)[number]): readonly unknown[] {
  const compiled = compileRule({ ...rule, onTimeout: rule.alert })
  if (!compiled.ok) throw new Error(rule.id)
  return rule.tests.flatMap((one) => {
    const partition = createPartition({
      index: 0,
      count: 1,
      stream: 'SEQUITUR_INPUT',
      rules: [{ program: compiled.value, status: rule.status }],
      lists: one.lists,
    })
    partition.process(testLog({ ...one, untilMs: one.untilMs ?? (1e10 as never) }, START))
    const effects = partition.takeStep()?.effects ?? []
    return effects
      .filter(({ kind }) => kind.includes('alert'))
      .map(({ payload }): unknown => JSON.parse(payload))
  })
}

describe('alerts are what their schema says', () => {
  test.each(rules.map((rule) => [rule.id, rule] as const))('%s', (_, rule) => {
    const alerts = alertsOf(rule)
    expect(alerts.length).toBeGreaterThan(0)
    for (const alert of alerts) {
      expect(validateAlert(alert), JSON.stringify([validateAlert.errors, alert], null, 1)).toBe(true)
    }
  })

  test('among them alerts kept back, shadow alerts and timeouts', () => {
    const text = JSON.stringify(rules.flatMap(alertsOf))
    for (const part of [
      '"reason":"suppressed"',
      '"reason":"excepted"',
      '"mode":"shadow"',
      '"timed_out":true',
      '"deadline"',
    ]) {
      expect(text).toContain(part)
    }
  })

  test('the examples are valid', () => {
    for (const example of schemaOf('alert.v1.schema.json').examples) expect(validateAlert(example)).toBe(true)
    expect(validateAlert({ ...schemaOf('alert.v1.schema.json').examples[0], data: {} })).toBe(false)
  })
})

describe('lists: the reader and the schema agree', () => {
  test.each<readonly [boolean, object]>([
    [true, { list: 'a', values: [] }],
    [
      true,
      {
        list: 'a_b-1',
        values: ['x', 5, { value: 'y', until: '2026-12-31', why: 'w' }],
        owner: 'o',
        description: 'd',
      },
    ],
    [false, { list: 'A', values: [] }],
    [false, { list: 'a' }],
    [false, { list: 'a', values: 'x' }],
    [false, { list: 'a', values: [true] }],
    [false, { list: 'a', values: [{ until: '2026-12-31' }] }],
    [false, { list: 'a', values: [{ value: 'x', until: 'soon' }] }],
    [false, { list: 'a', values: [''] }],
    [false, { list: 'a', values: [], rules: [] }],
  ])('%j: %j', (valid, document) => {
    expect(validateList(document)).toBe(valid)
    expect(readLists(JSON.stringify(document), { format: 'json' }).ok).toBe(valid)
  })

  test('a list beside a rule is left to its own reader', () => {
    const text = 'rule: r\nby: x\nevents: { a: demo.a }\npattern: a\n---\nlist: l\nvalues: [x]\n'
    const read = readRules(text)
    const lists = readLists(text)
    expect(read.ok && read.value.map(({ id }) => id)).toEqual(['r'])
    expect(lists.ok && lists.value).toEqual([{ name: 'l', values: [{ value: 'x' }] }])
  })
})
