import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JsonObject } from '../../model/index.ts'
import { compileExpression } from '../compile-expression.ts'
import { parse } from '../parse.ts'
import { type Limits, RULE_LIMITS } from '../run.ts'
import { expression, frameOf, objectOf, SCOPE, type World, world } from '../testing/predicates.ts'
import { ASK, type Codegen, generatorsOf, NO_CODEGEN } from './index.ts'

/** Generates at once. */
const EAGER: Codegen = { hotAfter: 1, admit: () => true }

function answers(text: string, worlds: readonly World[], codegen: Codegen, limits: Partial<Limits>): unknown {
  const compiled = compileExpression(text, { scope: SCOPE, codegen, limits })
  if (!compiled.ok) return compiled.problems
  const { value } = compiled
  return worlds.map((each) => {
    const frame = frameOf(each)
    const tested = value.test(frame)
    return [tested, tested === -1 ? value.lastError : undefined, value.evaluate(frame)]
  })
}

function same(text: string, worlds: readonly World[], limits: Partial<Limits> = {}): void {
  expect(answers(text, worlds, EAGER, limits), text).toEqual(answers(text, worlds, NO_CODEGEN, limits))
}

test('generated source answers as the closures do, errors included', () => {
  fc.assert(
    fc.property(expression, fc.array(world, { minLength: 1, maxLength: 6 }), (text, worlds) => {
      same(text, worlds)
    }),
    { numRuns: 1_500 },
  )
})

const little = fc.record({
  steps: fc.integer({ min: 1, max: 60 }),
  size: fc.integer({ min: 1, max: 600 }),
  depth: fc.integer({ min: 1, max: 20 }),
})

test('and so with little to spend: what the closures count runs out at the same place', () => {
  fc.assert(
    fc.property(
      expression,
      fc.array(world, { minLength: 1, maxLength: 4 }),
      little,
      (text, worlds, limits) => {
        same(text, worlds, limits)
      },
    ),
    { numRuns: 1_000 },
  )
})

test('enough of both: predicates with an answer of their own, and questions for the closures', () => {
  const counts = { outside: 0, asked: 0, answered: 0, true: 0 }
  const samples = fc.sample(fc.tuple(expression, fc.array(world, { minLength: 4, maxLength: 4 })), {
    numRuns: 1_000,
    seed: 7,
  })
  const steps = new Map(SCOPE.steps.map(({ name, counted }, slot) => [name, { slot, counted }]))
  for (const [text, worlds] of samples) {
    const parsed = parse(text)
    if (!parsed.ok) throw new Error(text)
    const predicate = generatorsOf(parsed.ast, { steps, limits: RULE_LIMITS }).predicate()
    if (predicate === undefined) counts.outside++
    else
      for (const each of worlds) {
        const answer = predicate(frameOf(each))
        counts[answer === ASK ? 'asked' : 'answered']++
        if (answer === 1) counts.true++
      }
  }
  expect(counts.outside).toBeLessThan(600)
  expect(counts.answered).toBeGreaterThan(1_000)
  expect(counts.true).toBeGreaterThan(200)
  expect(counts.asked).toBeGreaterThan(200)
})

const oneWorld = (data: JsonObject, pay: readonly JsonObject[] = []): World => ({ data, login: [], pay })

test.each([
  ['$substring(a, 0, 2) = "b"', '😀b', 'b', 'bb', '😀'],
  ['$substring(a, 1, 1)', '😀b', '\ud83d', 'ab', 'é😀', 'aé'],
  ['$substring(a, 0, 2) != "ab"', '😀b', 'abc', 'a', 'ab', 5],
  ['$length(a)', '😀', 'é', '\ud83d', 'x'.repeat(2_000), null],
  ['$contains($lowercase(a), "gift")', 'GIFT', 'x'.repeat(5_000), ['gift'], 5],
  ['$contains(a, /^sudo (su|bash)$/)', 'sudo su', 'sudo', `${'x'.repeat(9_000)}`],
  ['a in ["gift", "", null, 1, 2, 3, 4, 5, 6, 7]', 'gift', '', null, 1, '1', [1]],
  ['a = -0', 0, -0],
  ['1 / a', 0, -0, 2, '2'],
  ['a', 'x', '', 0, Number.NaN, Number.POSITIVE_INFINITY, [], [0], [1], {}, { a: 1 }, null],
] as const)('%s', (text, ...values) => {
  same(
    text,
    values.map((a) => oneWorld({ a } as JsonObject)),
  )
})

test('names and texts are data, whatever they spell', () => {
  const nasty = [
    '"; globalThis.broken = 1; "',
    '`',
    '${globalThis.broken = 1}',
    '\\',
    '\u2028globalThis.broken = 1',
    '*/ globalThis.broken = 1 /*',
    'a]; globalThis.broken = 1; [0',
    '__proto__',
    'constructor',
    'hasOwnProperty',
    'f',
    'c0',
    'return',
  ]
  for (const name of nasty) {
    const field = name.includes('`') ? undefined : `\`${name}\``
    const constant = JSON.stringify(name)
    const data = objectOf([[name, name]])
    if (field !== undefined)
      for (const text of [
        `${field} = ${constant}`,
        `$sum($pay.${field}) = 1`,
        `$contains(${field}, ${constant})`,
      ])
        same(text, [oneWorld(data, [objectOf([[name, 1]])]), oneWorld({})])
    same(`a = ${constant} or a in [${constant}] or $in_list(${constant}, a)`, [oneWorld({ a: name })])
  }
  expect(Object.hasOwn(globalThis, 'broken')).toBe(false)
})

test('lists of any length: the rounds are counted as the closures count them', () => {
  for (const count of [0, 1, 16, 17, 64, 65, 511, 1_024, 1_600, 2_000]) {
    const pay = Array.from({ length: count }, (_, i) => ({ a: i % 21, b: `${i % 5}` }))
    for (const limits of [{}, { steps: 8 }, { steps: 50 }])
      for (const text of [
        '$sum($pay.a) > 100 and $max($pay.a) < 20',
        '$count($distinct($pay.b)) >= 5 or $average($pay.a) > 10 or $min($pay.a) = 3',
      ])
        same(text, [oneWorld({}, pay), oneWorld({}, pay)], limits)
  }
})

test('only what is evaluated often gets source, and only as long as there is room', () => {
  const asked: object[] = []
  const codegen: Codegen = {
    hotAfter: 3,
    admit: (holder) => {
      asked.push(holder)
      return false
    },
  }
  const compiled = compileExpression('a = 1', { scope: SCOPE, codegen })
  if (!compiled.ok) throw new Error('does not compile')
  const frame = frameOf(oneWorld({ a: 1 }))
  for (let i = 0; i < 2; i++) compiled.value.test(frame)
  expect(asked).toEqual([])
  for (let i = 0; i < 10; i++) expect(compiled.value.test(frame)).toBe(1)
  expect(asked).toEqual([compiled.value])
})
