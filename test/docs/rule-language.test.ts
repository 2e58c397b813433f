import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  compileRule,
  formatProblem,
  parseSentence,
  RULE_KEYS,
  readRules,
  runRuleTests,
  SENTENCE_WORDS,
} from '../../src/engine/index.ts'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/reference/rule-language.md'), 'utf8')
const schema = JSON.parse(readFileSync(join(root, 'schemas/rule.v1.schema.json'), 'utf8'))
const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(schema)
const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map((block) => block[1] ?? '')
const section = (title: string): string => page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''

describe('the rules on the page', () => {
  test('there are some', () => {
    expect(blocks.length).toBeGreaterThan(5)
  })

  test.each(blocks.map((text) => [/^rule: (\S+)/m.exec(text)?.[1] ?? '', text] as const))('%s', (_, text) => {
    const read = readRules(text)
    expect(read.problems.filter(({ code }) => code !== 'no-tests').map(formatProblem)).toEqual([])
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true)
    for (const rule of read.ok ? read.value : []) {
      const compiled = compileRule(rule)
      expect(compiled.problems.map(formatProblem)).toEqual([])
      expect(compiled.ok && runRuleTests([compiled.value]).failed).toBe(0)
    }
  })
})

test('every sentence in the table is one', () => {
  const rows = section('The pattern sentence').split('\n| question')[0] ?? ''
  const sentences = [...rows.matchAll(/^\| (`.*?`) +\|/gm)].flatMap((row) =>
    (row[1] ?? '').split(/`, `|`/).filter(Boolean),
  )
  expect(sentences.length).toBeGreaterThan(15)
  for (const sentence of sentences) expect(parseSentence(sentence).problems.map(formatProblem)).toEqual([])
})

test('the grammar has the words of the parser', () => {
  const grammar = /```ebnf\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  const words = [...grammar.replaceAll(/\(\*.*?\*\)/g, '').matchAll(/"([^"]*)"/g)].flatMap((word) =>
    /^[a-z ]+$/.test(word[1] ?? '') ? (word[1] ?? '').split(' ') : [],
  )
  expect([...new Set(words)].sort()).toEqual([...SENTENCE_WORDS].sort())
})

test('the table of keys is the reader’s and the schema’s', () => {
  const rows = [...section('Keys of a rule').matchAll(/^\| (`.*?`) +\|/gm)]
  const keys = rows
    .flatMap((row) => [...(row[1] ?? '').matchAll(/`(\w+)`/g)].map((key) => key[1] ?? ''))
    .sort()
  expect(keys).toEqual([...RULE_KEYS].sort())
  expect(Object.keys(schema.properties).sort()).toEqual(['$schema', ...RULE_KEYS].sort())
})
