import { expect, test } from 'vitest'
import { compileRule } from './compile-rule.ts'
import { readRules } from './read-rules.ts'

const TESTS = `
tests:
  - name: two of one card
    with: { card_id: c }
    events:
      - { at: 0s, subject: demo.a.x, data: { amount: 7, card: { id: 1, tags: [] }, "user-agent": q, lines: [{ price: 2 }] } }
      - { at: 1s, subject: demo.b, data: { total: 3, maybe: null } }
    expect: none
`

function warnings(
  { where = 'amount > 1', by = 'card_id', rest = '' },
  tests = TESTS,
): readonly [
  line: number | undefined,
  column: number | undefined,
  length: number | undefined,
  text: string,
][] {
  const text = `rule: r
by: ${by}
events:
  A:
    from: demo.a.>
    where: >-
      ${where}
  B: demo.b where total > $A.amount
pattern: A followed by B within 5 minutes
${rest}${tests}`
  const read = readRules(text, { file: 'r.yaml' })
  if (!read.ok) throw new Error(JSON.stringify(read.problems))
  const [rule] = read.value
  if (rule === undefined) throw new Error('no rule')
  const compiled = compileRule(rule)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return compiled.problems
    .filter(({ code, severity }) => code === 'field-not-in-samples' && severity === 'warning')
    .map(({ at, hint }) => [
      at.line,
      at.column,
      at.length,
      /did you mean `([^`]*)`/.exec(hint ?? '')?.[1] ?? '',
    ])
}

test.each<[string, number, number, number, string]>([
  ['amout > 1', 7, 7, 5, 'amount'],
  ['amount > 1 and amout < 9', 7, 22, 5, 'amount'],
  ['card.ib = 1', 7, 12, 2, 'card.id'],
  ['lines.prise = 1', 7, 13, 5, 'lines.price'],
  ['`user-agnt` = "x"', 7, 7, 11, 'user-agent'],
  ['amount > 1 and "amout" = amout', 7, 32, 5, 'amount'],
  ['$exists(amout) and amout > 1', 7, 15, 5, 'amount'],
  ['country = "NO"', 7, 7, 7, ''],
  ['amount.value > 1', 7, 14, 5, ''],
])('%s', (where, line, column, length, meant) => {
  const [first, ...others] = warnings({ where })
  expect(first).toEqual([line, column, length, meant])
  // The same name in two conditions stands in two places.
  expect(others.length).toBe(where.startsWith('$exists') ? 1 : 0)
})

test.each([
  'amount > 1 and card.id = 1 and _subject = "x"',
  '$sum(lines.price) > 1 and lines[price > 1].price',
  '`user-agent` = "x"',
  '$exists(country) and country = "NO"',
  'card.tags.name = "what an empty list would hold"',
  '$string($) != ""',
])('nothing against %s', (where) => {
  expect(warnings({ where })).toEqual([])
})

test('keys, later conditions, texts and exceptions are looked at too, each where it stands', () => {
  const alert = 'alert: { message: "{{ $B.totl }} of {{ $B.total }}", evidence: { a: $sum($A.amonut) } }\n'
  expect(warnings({ rest: alert }).map(([, , , meant]) => meant)).toEqual(['total', 'amount'])
  expect(warnings({ by: 'card_ib' })).toEqual([
    [2, 5, 7, 'card_id'],
    [2, 5, 7, 'card_id'],
  ])
  expect(warnings({ rest: 'except: [{ name: n, when: $B.totla = 1 }]\n' })).toEqual([[10, 30, 5, 'total']])
})

test('an event that no test sends is not judged', () => {
  const other = TESTS.replace('subject: demo.b', 'subject: demo.a.y')
  expect(warnings({ rest: 'except: [{ name: n, when: $B.totla = 1 }]\n' }, other)).toEqual([])
  expect(warnings({ where: 'amout > 1' }, '')).toEqual([])
})

test('what may be an object elsewhere, as it is null here, is believed', () => {
  expect(warnings({ rest: 'having: $B.maybe.other = 1\n' })).toEqual([])
})
