import { describe, expect, test } from 'vitest'
import {
  EVENT,
  type Expression,
  type ExpressionScope,
  type JsonObject,
  type JsonValue,
} from '../model/index.ts'
import { compileExpression, splitConjuncts } from './index.ts'
import { eventAt, type FrameParts, frameOf } from './testing/frames.ts'

const SCOPE: ExpressionScope = {
  steps: [
    { name: 'login', counted: false },
    { name: 'pay', counted: true },
  ],
}

function compiled(text: string): Expression {
  const result = compileExpression(text, { scope: SCOPE })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.value
}

function answer(text: string, data: JsonValue | undefined, parts?: FrameParts): unknown {
  const result = compiled(text).evaluate(frameOf(data, parts))
  return result.ok ? result.value : result.error.code
}

const taken = (...values: readonly JsonObject[]) => values.map((value, i) => eventAt(value, i * 60))

describe('an event object as such', () => {
  test.each<[string, JsonValue, unknown]>([
    ['amount > 5', { amount: 6 }, true],
    ['amount > 5', {}, undefined],
    ['amount > 5', { amount: '6' }, 'T2009'],
    ['amount > 5', { amount: null }, 'T2010'],
    ['5 < amount', { amount: 6 }, true],
    ['amount = 5', { amount: [5] }, false],
    ['items.price = 5', { items: [{ price: 5 }] }, true],
    ['items.price = 5', { items: [{ price: 5 }, { price: 6 }] }, false],
    ['items[price > 5].name', { items: [{ price: 5 }, { price: 6, name: 'b' }] }, 'b'],
    ['outcome != "failure"', {}, false],
    ['outcome in ["a", "b"]', { outcome: 'b' }, true],
    ['"b" in outcome', { outcome: ['a', 'b'] }, true],
    ['toString', {}, undefined],
    ['constructor.name', {}, undefined],
    ['a.__proto__', { a: {} }, undefined],
    ['length', [1, 2], undefined],
    ['$lookup($, "valueOf")', {}, undefined],
    ['$contains(note, "x")', {}, undefined],
    ['$contains(note, "x")', { note: 5 }, 'T0410'],
    ['$substring(note, 0, 2) = "é"', { note: 'éa' }, false],
    ['$substring(note, 0, 1) = "💳"', { note: '💳a' }, true],
    ['a and b', { a: 0, b: 1 }, false],
    ['a or b', { a: [0, 1] }, true],
    ['f()', { f: { _jsonata_lambda: true } }, 'T1006'],
    ['$type(f)', { f: { _jsonata_lambda: true } }, 'object'],
    ['price * quantity > 100', { price: 60, quantity: 2 }, true],
    ['-a', { a: 4 }, -4],
    ['$not(a)', {}, undefined],
  ])('%s on %j', (text, data, wanted) => {
    expect(answer(text, data)).toEqual(wanted)
  })
})

describe('steps, key, attributes, lists', () => {
  const steps = [
    taken({ device: 'd1', amount: 1 }),
    taken({ amount: 10, to: 'x' }, { amount: 20, to: 'x' }, { amount: 30 }),
  ]
  const parts: FrameParts = { steps, key: 'card-1', lists: { blocked: ['m2'] }, seconds: 300 }
  test.each<[string, unknown]>([
    ['$login.device', 'd1'],
    ['$login.device = device', true],
    ['$count($pay)', 3],
    ['$count($login)', 1],
    ['$pay.amount', [10, 20, 30]],
    ['$pay[-1].amount', 30],
    ['$sum($pay.amount)', 60],
    ['$max($pay.amount) > 25', true],
    ['$average($pay.amount)', 20],
    ['$count($distinct($pay.to))', 1],
    ['$distinct($pay.to)', 'x'],
    ['$distinct($pay.to)[]', ['x']],
    ['$count($pay.to)', 2],
    ['$key', 'card-1'],
    ['$event.source', 'terminal'],
    ['_time', '2026-01-01T00:05:00.000Z'],
    ['_subject = "test.event"', true],
    ['_id', 'id-300'],
    ['$login._time', '2026-01-01T00:00:00.000Z'],
    ['$minutes_since($login)', 5],
    ['$seconds_since($pay)', 180],
    ['$hours_since($login) < 1', true],
    ['$in_list("blocked", merchant)', true],
    ['$in_list("blocked", missing)', false],
    ['$in_list("other", merchant)', false],
    ['$round($km({"lat": 59.91, "lon": 10.75}, {"lat": 60.39, "lon": 5.32}))', 305],
    ['$km(place, place)', undefined],
    ['$toMillis(_time) - $toMillis($login._time)', 300000],
    ['$fromMillis($toMillis("10:30", "[H01]:[m01]"))', '2026-01-01T10:30:00.000Z'],
  ])('%s', (text, wanted) => {
    expect(answer(text, { device: 'd1', merchant: 'm2' }, parts)).toEqual(wanted)
  })

  test('a step that took nothing', () => {
    const nothing: FrameParts = { steps: [[], []] }
    expect(answer('$login', {}, nothing)).toBeUndefined()
    expect(answer('$login.device = device', { device: 'd1' }, nothing)).toBe(false)
    expect(answer('$pay', {}, nothing)).toEqual([])
    expect(answer('$count($pay)', {}, nothing)).toBe(0)
    expect(answer('$sum($pay.amount) > 5', {}, nothing)).toBeUndefined()
  })

  test('metadata of the event wins over fields of that name', () => {
    const event = eventAt({ _id: 'forged', a: 1 })
    event.data[EVENT] = event
    expect(answer('$login._id', {}, { steps: [[event]] })).toBe('id-0')
    expect(answer('$keys($login)', {}, { steps: [[event]] })).toEqual(['_id', 'a'])
    expect(answer('inner._id', { inner: { _id: 'own' } })).toBe('own')
  })
})

describe('as a predicate', () => {
  test.each<[string, JsonObject, 1 | 0 | -1]>([
    ['amount > 5 and country = "NO"', { amount: 6, country: 'NO' }, 1],
    ['amount > 5 and country = "NO"', { country: 'NO' }, 0],
    ['amount > 5 and country = "NO"', { amount: 'x', country: 'SE' }, 0],
    ['amount > 5 and country = "NO"', { amount: 'x', country: 'NO' }, -1],
    ['($f := function($x) { $x }; $f(amount) > 5) and country = "NO"', { amount: 'x', country: 'SE' }, 0],
    ['amount > 5 or country = "NO"', { amount: 'x', country: 'NO' }, -1],
    ['country = "NO" and amount > 5', { amount: 'x', country: 'SE' }, 0],
    ['5 < amount and $contains(note, "x")', { amount: 'x', note: 'y' }, 0],
    ['5 < amount and ($contains(note, "x"))', { amount: 'x', note: 'x' }, -1],
    ['amount', { amount: 1 }, 1],
    ['amount', { amount: [] }, 0],
    ['list', { list: [[0], [1]] }, 1],
  ])('%s on %j', (text, data, wanted) => {
    const expression = compiled(text)
    expect(expression.test(frameOf(data))).toBe(wanted)
    if (wanted === -1) expect(expression.lastError?.code).toBe('T2009')
  })
})

describe('the form of a predicate', () => {
  const open = {
    low: Number.NEGATIVE_INFINITY,
    lowOpen: false,
    high: Number.POSITIVE_INFINITY,
    highOpen: false,
  }
  test.each<[string, unknown]>([
    ['a.b = "x"', { kind: 'one-of', path: ['a', 'b'], values: ['x'] }],
    ['"x" = a', { kind: 'one-of', path: ['a'], values: ['x'] }],
    ['a in ["x", 2, null]', { kind: 'one-of', path: ['a'], values: ['x', 2, null] }],
    ['a = 1 or (a = 2)', { kind: 'one-of', path: ['a'], values: [1, 2] }],
    ['a >= 7000', { ...open, kind: 'range', path: ['a'], low: 7000 }],
    ['a < -5', { ...open, kind: 'range', path: ['a'], high: -5, highOpen: true }],
    ['10 < a', { ...open, kind: 'range', path: ['a'], low: 10, lowOpen: true }],
    ['$exists(a.b)', { kind: 'present', path: ['a', 'b'] }],
    ['$contains(a, "x")', { kind: 'contains', path: ['a'], text: 'x', ignoreCase: false }],
    ['$contains($lowercase(a), "x")', { kind: 'contains', path: ['a'], text: 'x', ignoreCase: true }],
    ['$contains(a, /x+/i)', { kind: 'matches', path: ['a'], pattern: 'x+', ignoreCase: true }],
    ['$substring(a, 0, 3) = "db-"', { kind: 'prefix', path: ['a'], text: 'db-' }],
    ['$contains($lowercase(a), "X")', undefined],
    ['$substring(a, 0, 3) = "db"', undefined],
    ['a < "x"', undefined],
    ['a != 1', undefined],
    ['a[0] = 1', undefined],
    ['a[] = 1', undefined],
    ['_subject = "x"', undefined],
    ['a = b', undefined],
    ['$login.a = 1', undefined],
    ['($exists := function($x) { true }; $exists(a))', undefined],
  ])('%s', (text, wanted) => {
    expect(compiled(text).form).toEqual(wanted)
  })
})

describe('what an expression reads', () => {
  test.each<[string, unknown]>([
    ['a.b = 1 and c', { fields: [['a', 'b'], ['c']] }],
    ['items[price > limit].name', { fields: [['items']] }],
    ['$.a + $$.b', { fields: [['a'], ['b']] }],
    ['$count(*)', { fields: undefined }],
    ['$uppercase() = "X"', { fields: undefined }],
    ['$login.device = device', { fields: [['device']], steps: new Map([[0, [['device']]]]) }],
    ['$count($pay) > 2', { fields: [], steps: new Map([[1, undefined]]) }],
    ['$in_list("blocked", a)', { fields: [['a']], lists: ['blocked'] }],
    ['$key = a and $event.source = "x"', { fields: [['a']], key: true, attributes: true }],
    ['$map(items, function($i) { $i.price * rate })', { fields: [['items'], ['rate']] }],
  ])('%s', (text, wanted) => {
    const nothing = { fields: [], steps: new Map(), lists: [], key: false, attributes: false }
    expect(compiled(text).reads).toEqual({ ...nothing, ...(wanted as object) })
  })
})

describe('what is wrong', () => {
  test.each<[string, string, string]>([
    ['a == 1', 'expression-operator', '='],
    ['a = 1 && b = 2', 'expression-operator', 'and'],
    ['a = 1 || b', 'expression-operator', 'or'],
    ['!active', 'expression-operator', '$not(active)'],
    ['a = ', 'expression-syntax', ''],
    ['"a', 'expression-syntax', 'quote'],
    ['$pai.amount', 'unknown-name', '$pay'],
    ['$contians(a, "x")', 'unknown-function', '$contains'],
    ['$now() > 5', 'refused-function', '_time'],
    ['$millis()', 'refused-function', '_time'],
    ['$eval("1")', 'refused-function', ''],
    ['$contains(a, /(?=x)y/)', 'regex-unsupported', ''],
    [`a = "${'x'.repeat(9000)}"`, 'expression-too-long', ''],
    [`a${' or a'.repeat(300)}`, 'expression-too-long', 'in'],
    [`1${'+1'.repeat(4000)}`, 'expression-too-long', ''],
    [`${'('.repeat(3000)}1${')'.repeat(3000)}`, 'expression-too-long', ''],
  ])('%s', (text, code, hint) => {
    const result = compileExpression(text, { scope: SCOPE })
    expect(result.ok).toBe(false)
    expect(result.problems[0]?.code).toBe(code)
    expect(`${result.problems[0]?.hint ?? ''}`).toContain(hint)
  })

  test('the place is in the file of the author', () => {
    const origin = { file: 'rule.yaml', segments: [{ offset: 0, line: 12, column: 20 }] }
    const result = compileExpression(
      { text: 'a = 1 && b', pointer: '/events/x/where', origin },
      { scope: SCOPE },
    )
    expect(result.problems[0]?.at).toEqual({
      file: 'rule.yaml',
      pointer: '/events/x/where',
      line: 12,
      column: 26,
      length: 2,
    })
  })
})

describe('what is probably not meant', () => {
  test.each<[string, string, string]>([
    ['card-id = "x"', 'field-minus-field', '`card-id`'],
    ['outcome != "failure"', 'not-equal-missing', '$exists(outcome) and'],
    ['$count($pay) > "3"', 'comparison-never-holds', ''],
    ['$lowercase(a) = "Admin"', 'comparison-never-holds', ''],
    ['a < null', 'comparison-never-holds', ''],
    ['a = 1 and b and a = 2', 'comparison-never-holds', ''],
    ['a > 5 and a < 5', 'comparison-never-holds', ''],
    ['a > 5 and a = "x"', 'comparison-never-holds', ''],
    ['_time > 5', 'comparison-never-holds', ''],
    ['b or (a = 1 and a = 2)', 'comparison-never-holds', ''],
    ['(b and a > 5) and (c or d) and a < 3', 'comparison-never-holds', ''],
    ['a = "db" and $contains(a, "web")', 'comparison-never-holds', ''],
    ['$substring(a, 0, 2) = "db" and $substring(a, 0, 3) = "web"', 'comparison-never-holds', ''],
  ])('%s', (text, code, hint) => {
    const result = compileExpression(text, { scope: SCOPE })
    expect(result.ok).toBe(true)
    expect(result.problems.map((problem) => problem.code)).toEqual([code])
    expect(result.problems[0]?.severity).toBe('warning')
    expect(`${result.problems[0]?.hint ?? ''}`).toContain(hint)
  })

  test.each([
    'card - id = 2',
    '`card-id` = "x"',
    '$exists(outcome) and outcome != "failure"',
    '$not(outcome = "failure")',
    '$count($distinct($pay.to)) > 1',
    'a >= 5 and a <= 5',
    'a = 1 or a = 2',
    '(a = 1 and b) or (a = 2 and b)',
    'a in ["db-1", "web"] and $contains(a, "db")',
    '$substring(a, 0, 2) = "db" and $substring(a, 0, 3) = "db-"',
    '$login.device != "x"',
  ])('nothing against %s', (text) => {
    expect(compileExpression(text, { scope: SCOPE }).problems).toEqual([])
    expect(splitConjuncts(text, { scope: SCOPE }).problems).toEqual([])
  })

  test('a condition in parts is judged as a whole', () => {
    const result = splitConjuncts('a = 1 and b != 2 and a = 3', { scope: SCOPE })
    expect(result.problems.map(({ code }) => code)).toEqual(['not-equal-missing', 'comparison-never-holds'])
  })
})

describe('conjuncts', () => {
  test.each<[string, readonly string[]]>([
    ['a = 1', ['a = 1']],
    ['a = 1 and b = 2 and $exists(c)', ['a = 1', 'b = 2', '$exists(c)']],
    ['(a or b) and c', ['(a or b)', 'c']],
    ['a or b and c', ['a or b and c']],
    ['a and b or c', ['a and b or c']],
    ['x = "a and b" and y[p and q] = 1', ['x = "a and b"', 'y[p and q] = 1']],
    ['and = 1 and and', ['and = 1', 'and']],
    ['a /* and */ and `and`', ['a /* and */', '`and`']],
    ['a and $contains(b, /x and y/)', ['a', '$contains(b, /x and y/)']],
    ['($x := a; $x > 1) and b', ['($x := a; $x > 1)', 'b']],
  ])('%s', (text, wanted) => {
    const result = splitConjuncts(text, { scope: SCOPE })
    expect(result.ok && result.value.map(({ source }) => source)).toEqual(wanted)
  })
})
