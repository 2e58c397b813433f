import { Ajv } from 'ajv'
import { describe, expect, it, test } from 'vitest'
import schema from '../../../schemas/rule.v1.schema.json' with { type: 'json' }
import { readRules } from './read-rules.ts'

const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(schema)

const GOOD = {
  rule: 'hello',
  by: 'user',
  events: { a: 'demo.a', b: 'demo.b where amount > 5' },
  pattern: 'a followed by b within 5 minutes',
}
const TEST = { name: 't', events: [{ at: '0s', subject: 'demo.a' }], expect: 'none' }
const step = (name: string, more: object = {}): object => ({ kind: 'event', events: [name], ...more })

/** Documents that both the reader and the schema take. */
const ACCEPTED: ReadonlyArray<readonly [string, object]> = [
  ['the smallest rule', {}],
  ['a schema reference', { $schema: '../rule.json' }],
  [
    'everything for people',
    {
      title: 'T',
      description: 'D',
      owner: 'o',
      tags: ['x'],
      runbook: 'r',
      references: ['r'],
      falsePositives: ['f'],
    },
  ],
  ['severity and status', { severity: 'critical', status: 'shadow', namespace: 'fraud' }],
  ['a key of two parts', { by: ['a', 'b.c'] }],
  ['a constant in a condition', { having: true }],
  [
    'the long form of an event',
    { events: { a: { from: 'demo.*', by: ['x'], where: 'n > 1' }, b: { from: 'demo.>' } } },
  ],
  ['a key in the short form', { events: { a: 'demo.a by x.y', b: 'demo.b by z where q = 1' } }],
  [
    'a structural pattern',
    {
      pattern: {
        steps: [
          step('a'),
          step('b', { contiguity: 'strict', hopMs: 5, quantifier: { min: 1, max: 3, greedy: true } }),
        ],
        withinMs: 60_000,
        without: ['a'],
      },
    },
  ],
  [
    'all kinds of steps',
    {
      pattern: {
        steps: [
          { kind: 'group', steps: [step('a')], withinMs: 5, quantifier: { min: 2, inner: 'strict' } },
          { kind: 'choice', branches: [{ steps: [step('b')] }] },
        ],
        withinMs: 9,
      },
    },
  ],
  [
    'an absence',
    { pattern: { steps: [step('a'), { kind: 'absence', events: ['b'], contiguity: 'relaxed', forMs: 5 }] } },
  ],
  [
    'any order',
    { pattern: { steps: [{ kind: 'any-order', members: ['a', 'b'], atLeast: 1 }], withinMs: 5 } },
  ],
  ['a skip', { afterMatch: 'no-skip' }],
  ['a skip to a step', { afterMatch: { 'skip-to-first': 'b', orFail: true } }],
  ['no suppression', { suppress: false }],
  ['suppression by', { suppress: { for: 'PT1H', by: '$a.x' } }],
  ['exceptions', { except: [{ name: 'n', when: '$key = 1', why: 'w', until: '2026-12-31T00:00:00Z' }] }],
  [
    'an alert',
    {
      alert: {
        message: 'm {{ $key }}',
        subject: 'alerts.x.y',
        evidence: { n: '$a.x', five: 5 },
        includeEvents: true,
      },
    },
  ],
  ['a timeout', { onTimeout: {} }],
  ['limits', { limits: { partialMatchesMax: 3, unbounded: true } }],
  ['a test', { tests: [TEST] }],
  [
    'a test with everything',
    {
      alert: { evidence: { n: '1' } },
      tests: [
        {
          ...TEST,
          with: { x: 1 },
          lists: { l: [1, 'a'] },
          until: '5m',
          events: [{ at: '1h', subject: 'demo.b', data: { y: 2 }, times: 3, every: '1s' }],
          expect: [{ at: '2m', severity: 'low', message: 'm', key: 1, evidence: { n: 1 } }, {}],
        },
      ],
    },
  ],
]

/** Documents that both refuse, with the reader's code and the pointer of its place. */
const REFUSED: ReadonlyArray<readonly [string, object, string, string]> = [
  ['no key', { by: undefined }, 'missing-key', ''],
  ['an unknown key', { staus: 'live' }, 'unknown-key', '/staus'],
  ['an id in capitals', { rule: 'Hello' }, 'bad-name', '/rule'],
  ['an id with a dot', { rule: 'a.b' }, 'bad-name', '/rule'],
  ['a number as title', { title: 5 }, 'wrong-type', '/title'],
  ['an empty title', { title: ' ' }, 'empty-text', '/title'],
  ['an unknown severity', { severity: 'hihg' }, 'unknown-choice', '/severity'],
  ['an unknown status', { status: 'on' }, 'unknown-choice', '/status'],
  ['tags that are no list', { tags: 'a' }, 'wrong-type', '/tags'],
  ['no events', { events: {} }, 'missing-key', '/events'],
  ['an event name with a hyphen', { events: { 'a-b': 'x' } }, 'bad-name', '/events/a-b'],
  ['an event without subject', { events: { a: { where: 'x' } } }, 'missing-key', '/events/a'],
  [
    'an unknown key of an event',
    { events: { a: { from: 'x', when: 'y' } } },
    'unknown-key',
    '/events/a/when',
  ],
  ['a stray word', { events: { a: 'demo.a if x' } }, 'event-syntax', '/events/a'],
  ['a subject with an empty token', { events: { a: { from: 'demo..a' } } }, 'bad-subject', '/events/a/from'],
  ['an empty sentence', { pattern: '' }, 'empty-text', '/pattern'],
  ['a pattern that is a list', { pattern: ['a'] }, 'wrong-type', '/pattern'],
  ['a pattern without steps', { pattern: { withinMs: 5 } }, 'missing-key', '/pattern'],
  ['a step of no kind', { pattern: { steps: [{ events: ['a'] }] } }, 'missing-key', '/pattern/steps/0'],
  [
    'a step of an unknown kind',
    { pattern: { steps: [{ kind: 'evnt' }] } },
    'unknown-choice',
    '/pattern/steps/0/kind',
  ],
  [
    'an absence with a quantifier',
    {
      pattern: {
        steps: [step('a'), { kind: 'absence', events: ['b'], quantifier: { min: 1 } }],
        withinMs: 5,
      },
    },
    'unknown-key',
    '/pattern/steps/1/quantifier',
  ],
  ['a negative limit', { pattern: { steps: [step('a')], withinMs: -1 } }, 'wrong-type', '/pattern/withinMs'],
  [
    'a count of zero',
    { pattern: { steps: [step('a', { quantifier: { min: 0 } })], withinMs: 5 } },
    'bad-count',
    '/pattern/steps/0/quantifier/min',
  ],
  [
    'a negative count',
    { pattern: { steps: [step('a', { quantifier: { min: -1, max: 2 } })], withinMs: 5 } },
    'bad-count',
    '/pattern/steps/0/quantifier/min',
  ],
  ['an empty without', { pattern: { steps: [step('a')], without: [] } }, 'missing-key', '/pattern/without'],
  ['an unknown skip', { afterMatch: 'skip' }, 'unknown-choice', '/afterMatch'],
  ['a skip to no step', { afterMatch: 'skip-to-first' }, 'bad-after-match', '/afterMatch'],
  [
    'two skips',
    { afterMatch: { 'skip-to-first': 'a', 'skip-to-last': 'b' } },
    'bad-after-match',
    '/afterMatch',
  ],
  ['suppression of nothing', { suppress: true }, 'wrong-type', '/suppress'],
  ['suppression without a time', { suppress: { by: 'x' } }, 'missing-key', '/suppress'],
  ['a bare number as time', { suppress: { for: 5 } }, 'bad-duration', '/suppress/for'],
  ['a month', { suppress: { for: '1 month' } }, 'bad-duration', '/suppress/for'],
  ['an exception without condition', { except: [{ name: 'n' }] }, 'missing-key', '/except/0'],
  [
    'a date that is none',
    { except: [{ name: 'n', when: 'x', until: 'soon' }] },
    'bad-date',
    '/except/0/until',
  ],
  ['an alert subject elsewhere', { alert: { subject: 'payments.x' } }, 'bad-subject', '/alert/subject'],
  ['an alert subject with a wildcard', { alert: { subject: 'alerts.*' } }, 'bad-subject', '/alert/subject'],
  ['evidence that is a list', { alert: { evidence: ['x'] } }, 'wrong-type', '/alert/evidence'],
  ['a limit of zero', { limits: { partialMatchesMax: 0 } }, 'wrong-type', '/limits/partialMatchesMax'],
  ['a test without name', { tests: [{ ...TEST, name: undefined }] }, 'missing-key', '/tests/0'],
  [
    'a test that expects a word',
    { tests: [{ ...TEST, expect: 'nothing' }] },
    'wrong-type',
    '/tests/0/expect',
  ],
  [
    'a test event with a wildcard',
    { tests: [{ ...TEST, events: [{ at: '0s', subject: 'demo.*' }] }] },
    'bad-subject',
    '/tests/0/events/0/subject',
  ],
]

const documentOf = (change: object): unknown => JSON.parse(JSON.stringify({ ...GOOD, ...change }))
const read = (change: object) => readRules(JSON.stringify(documentOf(change), null, 2), { format: 'json' })
const errors = (result: ReturnType<typeof readRules>) =>
  result.problems.filter(({ severity }) => severity === 'error')

describe('the reader and the schema agree', () => {
  test.each(ACCEPTED)('they take %s', (_, change) => {
    expect(errors(read(change))).toEqual([])
    expect(validate(documentOf(change)), JSON.stringify(validate.errors)).toBe(true)
  })

  test.each(REFUSED)('they refuse %s', (_, change, code, pointer) => {
    const found = errors(read(change))
    expect(found.map((problem) => problem.code)).toContain(code)
    const problem = found.find((candidate) => candidate.code === code)
    expect(problem?.at.pointer).toBe(pointer)
    expect(problem?.at.line).toBeGreaterThan(0)
    expect(problem?.excerpt).toContain('^')
    expect(validate(documentOf(change))).toBe(false)
  })
})

describe('what only the reader knows', () => {
  test.each<readonly [string, object, string]>([
    ['an event named like a word of sentences', { events: { a: 'x', b: 'y', or: 'z' } }, 'bad-name'],
    ['an event named like a function', { events: { a: 'x', b: 'y', count: 'z' } }, 'name-shadows-function'],
    ['an event named like the key', { events: { a: 'x', b: 'y', key: 'z' } }, 'bad-name'],
    [
      'a key of another number of parts',
      { events: { a: 'x', b: { from: 'y', by: ['p', 'q'] } } },
      'by-parts-differ',
    ],
    ['an unknown event', { pattern: 'a followed by c within 5m' }, 'unknown-event'],
    ['a pattern without any limit', { pattern: 'a followed by b' }, 'unbounded-pattern'],
    ['an unknown skip target', { afterMatch: { 'skip-to-first': 'c' } }, 'unknown-skip-target'],
    ['a condition that is never true', { events: { a: 'x where false', b: 'y' } }, 'rule-never-fires'],
    [
      'a step that another takes first',
      { events: { a: 'x', b: 'x' }, pattern: 'at least 2 a followed by b within 5m' },
      'unreachable-step',
    ],
    [
      'evidence that is not computed',
      { tests: [{ ...TEST, expect: { evidence: { n: 1 } } }] },
      'unknown-evidence',
    ],
    ['two tests of one name', { tests: [TEST, TEST] }, 'duplicate-name'],
    [
      'times without every',
      { tests: [{ ...TEST, events: [{ at: '0s', subject: 'demo.a', times: 2 }] }] },
      'missing-key',
    ],
    ['a reserved subject', { events: { a: 'sequitur.log.tick', b: 'y' } }, 'bad-subject'],
    ['the 31st of April', { except: [{ name: 'n', when: 'x', until: '2026-04-31' }] }, 'bad-date'],
  ])('%s is refused', (_, change, code) => {
    expect(errors(read(change)).map((problem) => problem.code)).toEqual([code])
  })

  test.each<readonly [string, object, string]>([
    ['no tests', {}, 'no-tests'],
    ['an event that is not used', { events: { a: 'demo.a', b: 'demo.b', c: 'demo.c' } }, 'event-unused'],
    [
      'a test event that nothing reads',
      { tests: [{ ...TEST, events: [{ at: '0s', subject: 'demo.c' }] }] },
      'event-unused',
    ],
    [
      'an endless wait that is meant',
      { pattern: 'a followed by b', limits: { unbounded: true } },
      'open-ended-wait',
    ],
    [
      'a wait that no limit covers',
      { pattern: 'a followed within 5m by b followed by c', events: { a: 'x', b: 'y', c: 'z' } },
      'open-ended-wait',
    ],
    ['one value where a list is meant', { alert: { evidence: { m: '$distinct($a.m)' } } }, 'evidence-scalar'],
  ])('%s is a warning', (_, change, code) => {
    const result = read(change)
    expect(result.ok).toBe(true)
    expect(result.problems.map((problem) => problem.code)).toContain(code)
  })

  test('suppression defaults to the time limit of the pattern', () => {
    const suppress = (change: object) => {
      const result = read(change)
      return result.ok ? result.value[0]?.suppress : undefined
    }
    expect(suppress({})).toEqual({ forMs: 300_000 })
    expect(suppress({ pattern: 'a not followed within 1h by b' })).toEqual({ forMs: 3_600_000 })
    expect(suppress({ pattern: 'a' })).toBe(false)
  })

  test('`with` is merged under the data of every event', () => {
    const result = read({
      tests: [
        {
          ...TEST,
          with: { user: 'u', deep: { x: 1, y: 2 }, list: [1] },
          events: [{ at: '0s', subject: 'demo.a', data: { deep: { y: 3 }, list: [2] } }],
        },
      ],
    })
    expect(result.ok && result.value[0]?.tests[0]?.events[0]?.data).toEqual({
      user: 'u',
      deep: { x: 1, y: 3 },
      list: [2],
    })
  })
})

describe('places', () => {
  const YAML = `# a comment
rule: two
by: user
events:
  a: demo.a
  b: >-
    demo.b
    where amount > 5
      and other.x = 1
pattern: >-
  a
  folowed by b
  within 5 minutes
`

  test('a sentence over several lines', () => {
    const [problem] = errors(readRules(YAML, { file: 'two.yaml' }))
    expect(problem).toMatchObject({
      code: 'sentence-syntax',
      at: { file: 'two.yaml', line: 12, column: 3, length: 7, pointer: '/pattern' },
      excerpt: '  folowed by b\n  ^^^^^^^',
      hint: 'did you mean `followed`?',
    })
  })

  test('a condition over several lines knows the place of each of its lines', () => {
    const result = readRules(YAML.replace('folowed', 'followed'))
    const where = result.ok ? result.value[0]?.events[1]?.where : undefined
    expect(where?.text).toBe('amount > 5\n  and other.x = 1')
    expect(where?.origin?.segments).toMatchObject([
      { offset: 0, line: 8, column: 11 },
      { offset: 13, line: 9, column: 7 },
    ])
  })

  test('the second document of a file', () => {
    const [problem] = errors(
      readRules(
        'rule: one\nby: x\nevents: { a: demo.a }\npattern: a\n---\nrule: two\nby: x\nevents: { a: demo.a }\npattern: b\n',
      ),
    )
    expect(problem).toMatchObject({ code: 'unknown-event', at: { line: 9, column: 10 } })
  })
})

describe('a rule with mistakes of every kind', () => {
  it('shows those of its expressions beside those of its structure', () => {
    const read = readRules(`
rule: Bad Name
by: user
evnts: 3
events:
  login: auth.login where outcome == "failure"
  pay: payments..x where amount > $login.amount +
  other: a.b where $nosuch.x = 1 and $foo(3)
pattern: login followd by pay within 5 minutes
having: $sum(pay.amount >= 3
alert: { message: "x {{ $log }} y", evidence: { a: "$frob(1)" } }
`)
    expect(read.problems.map(({ code, at }) => `${at.line} ${code}`)).toEqual([
      '2 bad-name',
      '4 unknown-key',
      '6 expression-operator',
      '7 bad-subject',
      '7 expression-syntax',
      '8 unknown-name',
      '8 unknown-function',
      '9 sentence-syntax',
      '10 expression-syntax',
      '11 unknown-name',
      '11 unknown-function',
    ])
  })

  it('says nothing of names where the events cannot be read', () => {
    const read = readRules('rule: r\nby: user\nevents: 3\npattern: a\nhaving: $a.x > 1\n')
    expect(read.problems.map(({ code }) => code)).not.toContain('unknown-name')
  })
})
