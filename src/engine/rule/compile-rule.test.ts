import { describe, expect, test } from 'vitest'
import { describeSlots } from '../route/index.ts'
import { compileRecord } from './compile-record.ts'
import { compileRule } from './compile-rule.ts'
import { explainRule } from './explain-rule.ts'
import { readRules } from './read-rules.ts'

const BASE = {
  rule: 'r',
  by: 'card_id',
  events: {
    first: 'demo.a where amount > 5 and kind = "x"',
    many: 'demo.b where amount > $first.amount and currency = "EUR"',
    last: { from: 'demo.c', by: 'card.id' },
    never: 'demo.d',
  },
  pattern: 'first followed by at least 2 many followed by last without never within 1 hour',
}

const compile = (change: object) => {
  const read = readRules(JSON.stringify({ ...BASE, ...change }, null, 1), { format: 'json', file: 'r.json' })
  if (!read.ok) throw new Error(read.problems.map((problem) => problem.message).join('\n'))
  const [definition] = read.value
  if (!definition) throw new Error('no rule')
  return compileRule(definition, { version: 3 })
}
const codes = (change: object): readonly string[] => compile(change).problems.map(({ code }) => code)
const events = (change: object) => ({ events: { ...BASE.events, ...change } })

describe('a rule becomes a program', () => {
  const compiled = compile({
    having: '$sum($many.amount) > 100',
    suppress: { for: '1 day', by: '$first.country' },
    except: [{ name: 'qa', when: '$in_list("qa", $key)', until: '2026-12-31' }],
    alert: {
      message: 'Card {{ $key }}: {{ $count($many) }} {{ {"a": {"b": "}}"}}.a.b }} times',
      evidence: { sum: '$sum($many.amount)' },
    },
    onTimeout: { message: 'late' },
  })
  const program = compiled.ok ? compiled.value : undefined

  test('with its events in slots', () => {
    expect(program?.version).toBe(3)
    expect(program?.keyNames).toEqual(['card_id'])
    expect(program?.events.map(({ name, subject }) => [name, subject])).toEqual([
      ['first', 'demo.a'],
      ['many', 'demo.b'],
      ['last', 'demo.c'],
      ['never', 'demo.d'],
    ])
    expect(program?.events.map(({ key }) => key.map(({ source }) => source))).toEqual([
      ['card_id'],
      ['card_id'],
      ['card.id'],
      ['card_id'],
    ])
  })

  test('with conditions split into what an event alone decides and what needs earlier steps', () => {
    expect(program?.events[0]?.unary.map(({ source }) => source)).toEqual(['amount > 5', 'kind = "x"'])
    expect(program?.events[0]?.conditional).toEqual([])
    expect(program?.events[1]?.unary.map(({ source }) => source)).toEqual(['currency = "EUR"'])
    expect(program?.events[1]?.conditional.map(({ source }) => source)).toEqual(['amount > $first.amount'])
    expect(program?.automaton.input.conditional).toEqual(new Set([1]))
    expect(program?.automaton.input.hasHaving).toBe(true)
    expect(program?.automaton.input.reportsTimeouts).toBe(true)
  })

  test('with texts in parts', () => {
    expect(
      program?.alert.message?.map((part) => (part.kind === 'text' ? part.text : part.value.source)),
    ).toEqual(['Card ', '$key', ': ', '$count($many)', ' ', '{"a": {"b": "}}"}}.a.b', ' times'])
  })

  test('with the end of an exception as a time', () => {
    expect(program?.except[0]?.until).toBe(Date.parse('2026-12-31T00:00:00Z'))
  })
})

describe('what an expression may read', () => {
  test.each<readonly [string, object, string]>([
    ['a step that comes later', events({ first: 'demo.a where amount < $last.amount' }), 'reads-later-step'],
    ['its own single step', events({ first: 'demo.a where amount < $first.amount' }), 'reads-later-step'],
    ['an event that is never taken', events({ many: 'demo.b where $never.x' }), 'reads-absent-event'],
    [
      'an event that is never taken, in evidence',
      { alert: { evidence: { n: '$never.x' } } },
      'reads-absent-event',
    ],
    ['a bare field of a complete match', { having: 'amount > 5' }, 'reads-no-event'],
    ['its own key', { by: '$key' }, 'key-reads-itself'],
    ['a hole that does not end', { alert: { message: 'a {{ $key' } }, 'bad-template'],
    ['an empty hole', { alert: { message: 'a {{ }}' } }, 'bad-template'],
    ['a name that nobody defines', { having: '$nobody.x > 1' }, 'unknown-name'],
    ['a clock', { having: '$now() > 1' }, 'refused-function'],
  ])('%s: %s', (_, change, code) => {
    expect(codes(change)).toContain(code)
  })

  test.each<readonly [string, object]>([
    ['an earlier step', events({ last: 'demo.c by card.id where amount > $max($many.amount)' })],
    ['what a counted step has taken so far', events({ many: 'demo.b where amount > $max($many.amount)' })],
    ['steps from what forbids', events({ never: 'demo.d where amount = $first.amount' })],
    [
      'members of a set in any order',
      {
        events: { p: 'demo.p where x = $q.x', q: 'demo.q where x = $p.x' },
        pattern: 'all of p, q within 1h',
      },
    ],
    [
      'a later step of an earlier round',
      {
        events: { p: 'demo.p where x = $q.x', q: 'demo.q' },
        pattern: 'one or more (p followed by q) within 1h',
      },
    ],
  ])('%s is fine', (_, change) => {
    expect(compile(change).problems.filter(({ severity }) => severity === 'error')).toEqual([])
  })

  test('steps of a repeated group are arrays', () => {
    const compiled = compile({
      events: { p: 'demo.p', q: 'demo.q' },
      pattern: 'one or more (p followed by q) within 1h',
      having: '$count($p) > 1',
    })
    expect(compiled.ok).toBe(true)
  })
})

test('problems in an expression stand in the file', () => {
  const text =
    'rule: r\nby: x\nevents:\n  a: >-\n    demo.a where\n      amount > 5 and\n      kind == "x"\npattern: a\n'
  const read = readRules(text, { file: 'r.yaml' })
  const [rule] = read.ok ? read.value : []
  const compiled = rule ? compileRule(rule) : undefined
  expect(compiled?.problems[0]).toMatchObject({
    code: 'expression-operator',
    at: { file: 'r.yaml', line: 7, pointer: '/events/a' },
  })
})

test('a stored text must hold the rule of its id', () => {
  const source = JSON.stringify(BASE)
  expect(compileRecord({ id: 'r', version: 2, format: 'json', source }).ok).toBe(true)
  expect(compileRecord({ id: 's', version: 2, format: 'json', source }).problems).toMatchObject([
    { code: 'wrong-rule' },
  ])
})

test('a rule is read back with the values by which partial matches are found', () => {
  const compiled = compile({
    events: { p: 'demo.p', q: 'demo.q where order = $p.order and amount > $p.amount' },
    pattern: 'p followed by q within 1h',
  })
  expect(compiled.ok ? explainRule(compiled.value) : '').toContain(
    'q: events on demo.q; partial matches found by the value of order = $p.order; amount > $p.amount for each found',
  )
})

test('a rule is read back as sentences', () => {
  const compiled = compile({
    title: 'Many after one',
    having: '$sum($many.amount) > 100',
    suppress: { for: '1 day' },
    except: [{ name: 'qa', why: 'probes', when: '$in_list("qa", $key)' }],
  })
  const text = compiled.ok ? explainRule(compiled.value) : ''
  expect(text.split('\n\nState')[0]).toBe(
    `r: Many after one

For each card_id, alert (medium) when, in less than 1 hour:
  1. first (demo.a with amount > 5 and kind = "x"), then
  2. at least 2 times: many (demo.b with amount > $first.amount and currency = "EUR"), then
  3. last (demo.c by card.id)
and no never (demo.d) comes in between.
The match counts only if $sum($many.amount) > 100.
No alert when $in_list("qa", $key) (qa: probes).
At most one alert per card_id in 1 day; later ones are counted.
After a match, the next one starts behind its last event.
Reads: demo.a, demo.b, demo.c, demo.d. Keeps up to 1 hour of state per key.`,
  )
  expect(text).toContain('Automaton:')
  expect(text).toContain(
    'many: events on demo.b; currency = "EUR" on each; amount > $first.amount for each partial match',
  )
  const routed = compiled.ok
    ? explainRule(compiled.value, { routing: describeSlots(compiled.value.events) })
    : ''
  expect(routed).toContain('many: ')
})
