import { describe, expect, test } from 'vitest'
import {
  type AfterMatch,
  durationMs,
  type Pattern,
  type PatternStep,
  type RuleLimits,
} from '../model/index.ts'
import { parseSentence } from './parse-sentence.ts'
import { validatePattern } from './validate.ts'

const NAMES = ['a', 'b', 'c', 'd', 'x']
const event = (name: string, more: object = {}): PatternStep => ({
  kind: 'event',
  contiguity: 'relaxed',
  events: [name],
  ...more,
})
const absence = (name: string, more: object = {}): PatternStep => ({
  kind: 'absence',
  contiguity: 'relaxed',
  events: [name],
  ...more,
})
const group = (steps: readonly PatternStep[], more: object = {}): PatternStep => ({
  kind: 'group',
  contiguity: 'relaxed',
  steps,
  ...more,
})
const within = (steps: readonly PatternStep[], more: object = {}): Pattern => ({
  steps,
  withinMs: durationMs(3_600_000),
  ...more,
})
const optional = { quantifier: { min: 1, max: 1, optional: true } }

const said = (sentence: string): Pattern => {
  const read = parseSentence(sentence)
  if (!read.ok) throw new Error(`${sentence}: ${read.problems[0]?.message}`)
  return read.value
}
const found = (
  pattern: Pattern,
  more: { afterMatch?: AfterMatch; limits?: RuleLimits } = {},
): readonly string[] =>
  validatePattern(pattern, { names: NAMES, ...more }).map(({ code, at }) => `${code} ${at.pointer}`)

describe('sentences', () => {
  test.each<readonly [string, readonly string[]]>([
    ['a followed by b within 5m', []],
    ['a', []],
    ['a immediately followed by b', []],
    ['a followed within 5m by b', []],
    ['a not followed within 5m by b', []],
    ['(at least 3 a within 1m) followed within 5m by b', []],
    ['at least 2 of a, b, c within 1h', []],
    ['a followed by no a for 5m', []],
    ['a followed by b without a within 5m', []],
    ['a followed by b', ['unbounded-pattern /steps/1']],
    ['at least 3 a', ['unbounded-pattern /steps/0/quantifier']],
    ['all of a, b', ['unbounded-pattern /steps/0']],
    ['(a followed by b) followed within 5m by c', ['open-ended-wait /steps/0/steps/1']],
    ['a followed by no b for 5m followed by c', ['open-ended-wait /steps/2']],
    ['a not followed by b', ['absence-needs-limit /steps/1']],
    ['a followed by a within 5m', ['duplicate-step /steps/1/events/0']],
    ['a or a within 5m', ['duplicate-step /steps/0/events/1']],
    ['all of a, b, a within 5m', ['duplicate-step /steps/0/members/2']],
    ['(a followed by b) or (a) within 5m', ['duplicate-step /steps/0/branches/1/steps/0/events/0']],
    ['a followed by q within 5m', ['unknown-event /steps/1/events/0']],
    ['a followed by b without q within 5m', ['unknown-event /without/0']],
    ['one or more a until q followed by b within 5m', ['unknown-event /steps/0/quantifier/until']],
    ['a followed within 10m by b within 5m', ['limit-longer-than-whole /steps/1/hopMs']],
    ['(a followed by b within 10m) followed by c within 5m', ['limit-longer-than-whole /steps/0/withinMs']],
    ['a not followed within 10m by b within 5m', ['limit-longer-than-whole /steps/1/forMs']],
    ['a followed by no b for 5m followed by c within 5m', ['unreachable-step /steps/1']],
    ['between 3 and 2 a within 5m', ['bad-count /steps/0/quantifier/max']],
    ['exactly 2 a until b within 5m', ['until-without-loop /steps/0/quantifier/until']],
    ['one or more a until a within 5m', ['contradictory-pattern /steps/0/quantifier/until']],
    ['a followed by b without b within 5m', ['contradictory-pattern /without/0']],
    ['at least 2 a followed by b without a within 5m', ['contradictory-pattern /without/0']],
    ['optional a not followed by b within 5m', ['negation-after-optional /steps/1']],
    ['one or more (optional a) followed by b within 5m', ['empty-loop /steps/0/quantifier']],
    ['at least 2 (optional a followed by optional b) within 5m', ['empty-loop /steps/0/quantifier']],
    ['one or more ((a) or (optional b)) within 5m', ['empty-loop /steps/0/quantifier']],
    ['optional a followed by optional b within 5m', ['optional-pattern ']],
  ])('%s', (sentence, problems) => {
    expect(found(said(sentence))).toEqual(problems)
  })
})

describe('the structural form', () => {
  test.each<readonly [string, Pattern, readonly string[]]>([
    ['no steps', within([]), ['empty-pattern /steps']],
    ['an empty group', within([group([])]), ['empty-pattern /steps/0/steps']],
    [
      'a step of no event',
      within([{ kind: 'event', contiguity: 'relaxed', events: [] }]),
      ['empty-pattern /steps/0'],
    ],
    [
      'a choice of nothing',
      within([{ kind: 'choice', contiguity: 'relaxed', branches: [] }]),
      ['empty-pattern /steps/0/branches'],
    ],
    ['absence first', within([absence('x'), event('a')]), ['negation-first /steps/0']],
    [
      'absence first in a group',
      within([event('a'), group([absence('x'), event('b')])]),
      ['negation-first /steps/1/steps/0'],
    ],
    [
      'absence after an optional step',
      within([event('a'), event('b', optional), absence('x'), event('c')]),
      ['negation-after-optional /steps/2'],
    ],
    [
      'absence before what it forbids',
      within([event('a'), absence('b'), event('b')]),
      ['contradictory-pattern /steps/1'],
    ],
    ['absence with a time before the same', within([event('a'), absence('b', { forMs: 5 }), event('b')]), []],
    [
      'strict absence with a time',
      within([event('a'), absence('b', { contiguity: 'strict', forMs: 5 }), event('c')]),
      ['contradictory-pattern /steps/1/forMs'],
    ],
    ['strict absence at the end', within([event('a'), absence('b', { contiguity: 'strict' })]), []],
    [
      'two absences in a row',
      within([event('a'), absence('b'), absence('x', { contiguity: 'strict' }), event('c')]),
      [],
    ],
    ['absence after a loop', within([event('a', { quantifier: { min: 1 } }), absence('x'), event('b')]), []],
    [
      'greedy group',
      within([group([event('a')], { quantifier: { min: 2, greedy: true } })]),
      ['greedy-not-possible /steps/0/quantifier/greedy'],
    ],
    [
      'greedy combinations',
      within([event('a', { quantifier: { min: 2, greedy: true, inner: 'non-deterministic-relaxed' } })]),
      ['greedy-not-possible /steps/0/quantifier/greedy'],
    ],
    [
      'gap of a single step',
      within([event('a', { quantifier: { min: 1, max: 1, gapMs: 5 } })]),
      ['bad-count /steps/0/quantifier/gapMs'],
    ],
    [
      'gap longer than the whole',
      within([event('a', { quantifier: { min: 2, gapMs: 3_600_001 } })]),
      ['limit-longer-than-whole /steps/0/quantifier/gapMs'],
    ],
    [
      'a count of zero',
      within([event('a', { quantifier: { min: 0, max: 2 } })]),
      ['bad-count /steps/0/quantifier/min'],
    ],
    [
      'a negative count',
      within([event('a', { quantifier: { min: -1, max: 2 } })]),
      ['bad-count /steps/0/quantifier/min'],
    ],
    [
      'until with an upper end',
      within([event('a', { quantifier: { min: 1, max: 3, until: 'x' } })]),
      ['until-without-loop /steps/0/quantifier/until'],
    ],
    [
      'more members than there are',
      within([{ kind: 'any-order', contiguity: 'relaxed', members: ['a', 'b'], atLeast: 3 }]),
      ['bad-count /steps/0/atLeast'],
    ],
    [
      'a limit of half a millisecond',
      { steps: [event('a'), event('b')], withinMs: durationMs(0.5) },
      ['bad-duration /withinMs'],
    ],
    ['too many steps', within(Array.from({ length: 65 }, () => event('a'))), ['pattern-too-large /steps/64']],
  ])('%s', (_, pattern, problems) => {
    expect(found(pattern)).toEqual(problems)
  })

  test('nesting has a limit', () => {
    let pattern = within([event('a')])
    for (let depth = 0; depth < 20; depth += 1) pattern = within([group(pattern.steps)])
    expect(found(pattern)).toEqual([expect.stringContaining('pattern-too-large')])
  })
})

describe('patterns without a time limit', () => {
  const open: Pattern = { steps: [event('a'), event('b')] }

  test.each<readonly [string, RuleLimits, readonly string[]]>([
    ['are refused', {}, ['unbounded-pattern /steps/1']],
    ['may bound their partial matches', { partialMatchesMax: 5 }, []],
    ['may be meant', { unbounded: true }, ['open-ended-wait /steps/1']],
  ])('%s', (_, limits, problems) => {
    expect(found(open, { limits })).toEqual(problems)
  })

  test('every problem has a fix', () => {
    for (const problem of validatePattern(open, {})) expect(problem.hint).toBeTruthy()
  })
})

test('an absence at the end needs an end, also beside one that the next event decides', () => {
  const steps = [event('a'), absence('b'), absence('c', { contiguity: 'strict' })]
  const codes = (pattern: Pattern): readonly string[] =>
    validatePattern(pattern, { names: ['a', 'b', 'c'], afterMatch: { kind: 'no-skip' }, limits: {} })
      .filter(({ severity }) => severity === 'error')
      .map(({ code, at }) => `${code} ${at.pointer}`)
  expect(codes({ steps })).toEqual(['absence-needs-limit /steps/1'])
  expect(codes(within(steps))).toEqual([])
  expect(codes({ steps: [event('a'), absence('b'), absence('c', { forMs: 5 })] })).toEqual([])
})

describe('skip targets', () => {
  const steps = within([event('a'), event('b', optional), event('c'), absence('x')])

  test.each<readonly [string, AfterMatch, readonly string[]]>([
    ['a step', { kind: 'skip-to-first', step: 'c' }, []],
    ['the first step', { kind: 'skip-to-first', step: 'a' }, ['skip-does-nothing /afterMatch']],
    ['the first step, to fail', { kind: 'skip-to-first', step: 'a', orFail: true }, []],
    ['an optional step', { kind: 'skip-to-last', step: 'b' }, ['skip-target-optional /afterMatch']],
    ['an optional step, to fail', { kind: 'skip-to-last', step: 'b', orFail: true }, []],
    ['an event that is no step', { kind: 'skip-to-last', step: 'x' }, ['unknown-skip-target /afterMatch']],
  ])('%s', (_, afterMatch, problems) => {
    expect(found(steps, { afterMatch })).toEqual(problems)
  })
})
