import { describe, expect, test } from 'vitest'
import { parseSentence } from './parse-sentence.ts'

const event = (name: string, more: object = {}): object => ({
  kind: 'event',
  contiguity: 'relaxed',
  events: name.split('|'),
  ...more,
})
const group = (pattern: object, more: object = {}): object => ({
  kind: 'group',
  contiguity: 'relaxed',
  ...pattern,
  ...more,
})
const absence = (name: string, more: object = {}): object => ({
  kind: 'absence',
  events: name.split('|'),
  contiguity: 'relaxed',
  ...more,
})
const times = (min: number, max?: number, more: object = {}) => ({
  quantifier: { min, ...(max === undefined ? {} : { max }), greedy: true, ...more },
})
const MINUTE = 60_000
const HOUR = 60 * MINUTE

const SENTENCES: ReadonlyArray<readonly [string, object]> = [
  ['a', { steps: [event('a')] }],
  ['a followed by b within 5 minutes', { steps: [event('a'), event('b')], withinMs: 5 * MINUTE }],
  ['a or b or c', { steps: [event('a|b|c')] }],
  ['a immediately followed by b', { steps: [event('a'), event('b', { contiguity: 'strict' })] }],
  ['a followed by any b', { steps: [event('a'), event('b', { contiguity: 'non-deterministic-relaxed' })] }],
  ['a followed within 15 minutes by b', { steps: [event('a'), event('b', { hopMs: 15 * MINUTE })] }],
  [
    'a immediately followed within 5s by b',
    { steps: [event('a'), event('b', { contiguity: 'strict', hopMs: 5_000 })] },
  ],
  ['at least 5 a', { steps: [event('a', times(5))] }],
  ['exactly 3 a', { steps: [event('a', times(3, 3))] }],
  ['between 2 and 4 a', { steps: [event('a', times(2, 4))] }],
  ['one or more a or b', { steps: [event('a|b', times(1))] }],
  [
    'optional a followed by b',
    { steps: [event('a', { quantifier: { min: 1, max: 1, optional: true } }), event('b')] },
  ],
  ['optional one or more a', { steps: [event('a', times(1, undefined, { optional: true }))] }],
  ['one or more a until b', { steps: [event('a', times(1, undefined, { until: 'b' }))] }],
  ['all of a, b and c', { steps: [{ kind: 'any-order', contiguity: 'relaxed', members: ['a', 'b', 'c'] }] }],
  [
    'x followed by at least 2 of a, b, c',
    {
      steps: [event('x'), { kind: 'any-order', contiguity: 'relaxed', members: ['a', 'b', 'c'], atLeast: 2 }],
    },
  ],
  [
    'a followed by no b or c for 90 days followed by d',
    { steps: [event('a'), absence('b|c', { forMs: 90 * 24 * HOUR }), event('d')] },
  ],
  ['a not followed by b within 1 hour', { steps: [event('a'), absence('b')], withinMs: HOUR }],
  ['a not followed within 1 hour by b', { steps: [event('a'), absence('b', { forMs: HOUR })] }],
  [
    'a followed by b without c or d within 1h30m',
    { steps: [event('a'), event('b')], without: ['c', 'd'], withinMs: 1.5 * HOUR },
  ],
  [
    '(at least 20 a within 1 minute) followed within 5 minutes by b',
    {
      steps: [group({ steps: [event('a', times(20))], withinMs: MINUTE }), event('b', { hopMs: 5 * MINUTE })],
    },
  ],
  [
    'exactly 2 (a followed by b without c within 1 minute) within PT1H',
    {
      steps: [
        group(
          { steps: [event('a'), event('b')], without: ['c'], withinMs: MINUTE },
          {
            quantifier: { min: 2, max: 2 },
          },
        ),
      ],
      withinMs: HOUR,
    },
  ],
  [
    '(a followed by b) or c',
    {
      steps: [
        {
          kind: 'choice',
          contiguity: 'relaxed',
          branches: [{ steps: [event('a'), event('b')] }, { steps: [event('c')] }],
        },
      ],
    },
  ],
]

test.each(SENTENCES)('%s', (sentence, pattern) => {
  expect(parseSentence(sentence)).toEqual({ ok: true, value: pattern, problems: [] })
})

test.each([
  ['5 minutes', 5 * MINUTE],
  ['5m', 5 * MINUTE],
  ['1h30m', 90 * MINUTE],
  ['1 hour 30 minutes', 90 * MINUTE],
  ['1h 30m', 90 * MINUTE],
  ['PT5M', 5 * MINUTE],
  ['P1DT12H', 36 * HOUR],
  ['1.5 hours', 90 * MINUTE],
  ['250 ms', 250],
  ['2 weeks', 14 * 24 * HOUR],
])('a duration may be written %s', (text, ms) => {
  const read = parseSentence(`a followed by b within ${text}`)
  expect(read.ok && read.value.withinMs).toBe(ms)
})

const NAMES = ['a', 'b', 'c', 'declines', 'approval']

describe('what is wrong is shown with the place and the fix', () => {
  test.each([
    [
      'declines folowed by approval',
      'sentence-syntax',
      `
declines folowed by approval
         ^^^^^^^`,
      'did you mean `followed`?',
    ],
    [
      'a followed b within 5m',
      'sentence-missing-word',
      `
a followed b within 5m
           ^`,
      'write `followed by b`',
    ],
    [
      'a followed by b && c',
      'sentence-operator',
      `
a followed by b && c
                ^^`,
      '`all of a, b` takes events in any order; `a followed by b` takes them in this order',
    ],
    [
      'a within 5 minutes followed by b',
      'within-in-the-middle',
      `
a within 5 minutes followed by b
                   ^^^^^^^^`,
      'put `within` at the end to limit the whole; write `followed within 5 minutes by …` to limit one hop; use parentheses to limit a part: `(a followed by b within 5 minutes) followed by c`',
    ],
    [
      'a followed by b within 5 minuts',
      'bad-duration',
      `
a followed by b within 5 minuts
                         ^^^^^^`,
      'did you mean `minutes`?',
    ],
    [
      'a followed by b within 1 month',
      'bad-duration',
      `
a followed by b within 1 month
                         ^^^^^`,
      'write days: `30 days`',
    ],
    [
      'a not followed by b followed by c',
      'negation-not-last',
      `
a not followed by b followed by c
                    ^^^^^^^^`,
      'in the middle write `followed by no x for 5 minutes`, or forbid it in the whole span with `without x`',
    ],
    [
      'a followed by b within 1 hour without c',
      'without-after-within',
      `
a followed by b within 1 hour without c
                              ^^^^^^^`,
      'put `without …` before `within …`',
    ],
    [
      '3 a followed by b',
      'sentence-syntax',
      `
3 a followed by b
^`,
      'write `exactly 3` or `at least 3`',
    ],
    [
      'exacly 3 a',
      'sentence-syntax',
      `
exacly 3 a
^^^^^^`,
      'did you mean `exactly`?',
    ],
    [
      'at least three a',
      'bad-count',
      `
at least three a
         ^^^^^`,
      'write 3',
    ],
    [
      'a followed by',
      'sentence-syntax',
      `
a followed by
             ^`,
      'the events of this rule: a, b, c, declines and approval',
    ],
    [
      'a followed by far-login',
      'sentence-syntax',
      `
a followed by far-login
              ^^^^^^^^^`,
      'event names have letters, digits and `_`: `far_login`',
    ],
    [
      'a followed by (b within 5m',
      'sentence-syntax',
      `
a followed by (b within 5m
                          ^`,
      'close the parenthesis',
    ],
    [
      'a then b',
      'sentence-syntax',
      `
a then b
  ^^^^`,
      'write `followed by`',
    ],
    [
      'a -> b',
      'sentence-operator',
      `
a -> b
  ^^`,
      'write `followed by`',
    ],
    [
      '',
      'empty-pattern',
      `

^`,
      'write for example `a followed by b within 5 minutes`',
    ],
  ])('%s', (sentence, code, excerpt, hint) => {
    const read = parseSentence(sentence, {}, { names: NAMES })
    expect(read.ok).toBe(false)
    expect(read.problems).toMatchObject([{ code, excerpt: excerpt.slice(1), hint, severity: 'error' }])
  })

  test('a sentence of several lines shows the right one', () => {
    const read = parseSentence('a\nfollowed b\nwithin 5m', { line: 7, column: 3 }, { names: NAMES })
    expect(read.problems).toMatchObject([
      { at: { line: 8, column: 10, length: 1 }, excerpt: 'followed b\n         ^' },
    ])
  })

  test('nesting and length have limits', () => {
    expect(parseSentence(`${'('.repeat(1_000)}a${')'.repeat(1_000)}`).ok).toBe(false)
    expect(parseSentence(`${'('.repeat(10)}a${')'.repeat(10)}`).ok).toBe(true)
    expect(parseSentence('a or '.repeat(100_000)).problems).toMatchObject([{ code: 'sentence-too-long' }])
  })
})
