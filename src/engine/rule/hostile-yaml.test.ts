import { describe, expect, test } from 'vitest'
import { readRules } from './read-rules.ts'

const rule = (more: string): string => `rule: r\nby: x\nevents: { a: demo.a }\npattern: a\n${more}`
const codes = (text: string, format: 'yaml' | 'json' = 'yaml'): readonly string[] => [
  ...new Set(
    readRules(text, { format })
      .problems.filter(({ severity }) => severity === 'error')
      .map(({ code }) => code),
  ),
]

const LAUGHS = `a: &a ["lol","lol"]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: &d [*c,*c]\nrule: *d\n`

describe('hostile YAML ends in a problem', () => {
  test.each<readonly [string, string, string]>([
    ['billion laughs', LAUGHS, 'yaml-alias'],
    ['an anchor', rule('title: &x t'), 'yaml-alias'],
    ['an alias of itself', rule('title: &x [*x]'), 'yaml-alias'],
    ['a merge key', rule('<<: { title: t }'), 'unknown-key'],
    ['deep brackets', rule(`tests: ${'['.repeat(20_000)}`), 'nesting-too-deep'],
    ['deep balanced brackets', rule(`tests: ${'['.repeat(40)}${']'.repeat(40)}`), 'nesting-too-deep'],
    ['deep maps', rule(`tests: ${'{a: '.repeat(5_000)}`), 'nesting-too-deep'],
    ['a chain of lists', rule(`tests:\n  ${'- '.repeat(10_000)}x`), 'nesting-too-deep'],
    [
      'a staircase',
      Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      'nesting-too-deep',
    ],
    ['duplicate keys', rule('rule: s'), 'duplicate-key'],
    [
      'duplicate nested keys',
      rule('limits: { partialMatchesMax: 1, partialMatchesMax: 2 }'),
      'duplicate-key',
    ],
    ['one megabyte', rule(`description: ${'x'.repeat(1_048_576)}`), 'document-too-large'],
    ['a long list', rule(`tags: [${'x, '.repeat(30_000)}]`), 'document-too-large'],
    ['a function tag', rule('title: !!js/function "function(){}"'), 'yaml-tag'],
    ['an own tag', rule('title: !x y'), 'yaml-tag'],
    ['binary', rule('title: !!binary aGk='), 'yaml-tag'],
    ['a directive', `%TAG ! tag:evil,2000:\n---\n${rule('')}`, 'yaml-directive'],
    [
      'not a number',
      rule('tests: [{ name: t, events: [{ at: 0s, subject: s, data: { n: .nan } }], expect: none }]'),
      'not-json',
    ],
    [
      'infinity',
      rule('tests: [{ name: t, events: [{ at: 0s, subject: s, data: { n: -.inf } }], expect: none }]'),
      'not-json',
    ],
    [
      '1e400',
      rule('tests: [{ name: t, events: [{ at: 0s, subject: s, data: { n: 1e400 } }], expect: none }]'),
      'not-json',
    ],
    [
      'a large integer',
      rule(
        'tests: [{ name: t, events: [{ at: 0s, subject: s, data: { n: 12345678901234567890 } }], expect: none }]',
      ),
      'number-precision',
    ],
    ['a bidirectional override', rule('title: "ab\u202ecd"'), 'control-character'],
    ['an escaped bidirectional override', rule('title: "ab\\u202ecd"'), 'control-character'],
    ['an escape of half a character', rule('title: "\\ud800"'), 'control-character'],
    ['a NUL', rule('title: "a\u0000b"'), 'control-character'],
    ['a prototype', rule('__proto__: { x: 1 }'), 'unknown-key'],
    ['a list as document', '- a\n- b\n', 'wrong-type'],
    ['text as document', 'hello', 'wrong-type'],
    ['nothing', '', 'empty-document'],
    ['only comments', '# nothing\n---\n# here\n', 'empty-document'],
    ['a key that is a list', `${rule('')}? [a, b]\n: c\n`, 'yaml-tag'],
    ['an unclosed quote', rule('title: "abc'), 'yaml-syntax'],
    ['tabs', rule('limits:\n\tpartialMatchesMax: 1'), 'yaml-syntax'],
    ['a text with a colon', rule('title: a: b'), 'yaml-syntax'],
    ['a text that starts with braces', rule('title: {{ $key }} x'), 'yaml-syntax'],
  ])('%s', (_, text, code) => {
    expect(codes(text)).toContain(code)
  })

  test('a prototype in test data stays an own field', () => {
    const text = rule(
      'tests: [{ name: t, events: [{ at: 0s, subject: demo.a, data: { __proto__: { polluted: 1 } } }], expect: none }]',
    )
    const read = readRules(text)
    const data = read.ok ? read.value[0]?.tests[0]?.events[0]?.data : undefined
    expect(Object.keys(data ?? {})).toEqual(['__proto__'])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('what YAML does behind the writer’s back is said', () => {
  test('a comment that cuts an expression', () => {
    const text = 'rule: r\nby: x # the key\nevents:\n  a: demo.a where amount <= 5 # small\npattern: a\n'
    const [problem] = readRules(text).problems.filter(({ severity }) => severity === 'error')
    expect(problem).toMatchObject({
      code: 'comment-in-expression',
      at: { line: 4, column: 30 },
      hint: 'quote the text, or put the comment on a line of its own',
    })
  })

  test('a comment that cuts nothing', () => {
    const text =
      'rule: r # id\nby: x # the key\nevents:\n  a: demo.*.a # all\n  b: demo.> by y # others\npattern: a followed by b within 5m # sentence\n'
    expect(codes(text)).toEqual([])
  })

  test('a comma that splits an expression', () => {
    const text = 'rule: r\nby: x\nevents: { a: { from: demo.a, where: $in_list("l", id) } }\npattern: a\n'
    const problem = readRules(text).problems.find(({ code }) => code === 'unknown-key')
    expect(problem?.hint).toContain('a comma ends the value')
  })

  test.each(['NO', 'yes', 'On', 'off'])('an unquoted %s', (word) => {
    const text = rule(
      `tests: [{ name: t, events: [{ at: 0s, subject: demo.a, data: { countries: [${word}] } }], expect: none }]`,
    )
    const read = readRules(text)
    expect(read.ok).toBe(true)
    expect(read.problems.map(({ code }) => code)).toEqual(['yaml-boolean-word'])
  })
})

describe('JSON is read strictly', () => {
  test.each<readonly [string, string, string]>([
    ['a trailing comma', '{"rule": "r",}', 'json-syntax'],
    ['single quotes', "{'rule': 1}", 'json-syntax'],
    ['a comment', '{"rule": "r"} // x', 'json-syntax'],
    ['two values', '{} {}', 'json-syntax'],
    ['an end too early', '{"rule": ', 'json-syntax'],
    ['a number with a leading zero', '{"rule": 01}', 'json-syntax'],
    ['a control character in a text', '{"rule": "a\nb"}', 'json-syntax'],
    ['duplicate keys', '{"rule": "r", "rule": "s"}', 'duplicate-key'],
    ['deep nesting', '['.repeat(100_0), 'nesting-too-deep'],
    ['a large document', JSON.stringify({ rule: 'x'.repeat(70_000) }), 'document-too-large'],
    ['an infinite number', '{"rule": "r", "limits": {"partialMatchesMax": 1e999}}', 'not-json'],
  ])('%s', (_, text, code) => {
    expect(codes(text, 'json')).toContain(code)
  })
})

test('a thousand broken lines are cut off at a hundred problems', () => {
  const text = Array.from({ length: 1_000 }, (_, index) => `key${index}: 1`).join('\n')
  expect(readRules(text).problems.length).toBe(100)
})
