import fc from 'fast-check'
import { expect, test } from 'vitest'
import { durationMs, type Pattern, type PatternStep, type Quantifier } from '../model/index.ts'
import { samePattern } from './canonical.ts'
import { formatDuration, parseDuration } from './duration.ts'
import { parseSentence } from './parse-sentence.ts'
import { printSentence } from './print-sentence.ts'

const RUNS = 1_000

const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,3}$/).map((text) => `${text}_`)
const names = fc.array(name, { minLength: 1, maxLength: 2 })
const duration = fc
  .oneof(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 10_000_000_000 }))
  .map(durationMs)
const contiguity = fc.constantFrom('strict', 'relaxed', 'non-deterministic-relaxed')
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

/** Drops what is absent, as exact optional properties want it. */
const lean = <T>(value: object): T =>
  Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T

/** Everything that a sentence can say about a count; groups and choices are never greedy. */
const sayable = (greedy: boolean): fc.Arbitrary<Quantifier | undefined> => {
  const optional = maybe(fc.constant(true as const))
  const taking = greedy ? { greedy: true as const } : {}
  const counted = fc
    .record({
      min: fc.integer({ min: 1, max: 9 }),
      more: maybe(fc.integer({ min: 0, max: 9 })),
      optional,
      until: maybe(name),
    })
    .map(({ min, more, optional: may, until }) =>
      lean<Quantifier>({
        min,
        max: more === undefined ? undefined : min + more,
        optional: may,
        until: more === undefined ? until : undefined,
        ...taking,
      }),
    )
  // Exactly one is said by saying nothing.
  const plural = counted.filter(({ min, max }) => min !== 1 || max !== 1)
  return fc.oneof(fc.constant(undefined), fc.constant({ min: 1, max: 1, optional: true }), plural)
}

/** Patterns nested at most `depth` levels deep. */
function patterns(depth: number): fc.Arbitrary<Pattern> {
  return fc
    .record({
      steps: fc.array(steps(depth), { minLength: 1, maxLength: depth === 0 ? 3 : 2 }),
      ending: maybe(fc.record({ events: names, forMs: maybe(duration) })),
      withinMs: maybe(duration),
      without: maybe(names),
    })
    .map(({ steps: taken, ending, withinMs, without }) => {
      const last: PatternStep[] = ending ? [lean({ kind: 'absence', contiguity: 'relaxed', ...ending })] : []
      return lean<Pattern>({ steps: withoutEdges(taken).concat(last), withinMs, without })
    })
}

function steps(depth: number): fc.Arbitrary<PatternStep> {
  const event = fc
    .record({ events: names, contiguity, hopMs: maybe(duration), quantifier: sayable(true) })
    .map((step) => lean<PatternStep>({ kind: 'event', ...step }))
  const absence = fc
    .record({ events: names, forMs: duration })
    .map((step): PatternStep => ({ kind: 'absence', contiguity: 'relaxed', ...step }))
  const anyOrder = fc
    .record({ members: names, some: fc.nat(4), contiguity, optional: fc.boolean(), hopMs: maybe(duration) })
    .map(({ members, some, optional, ...step }) =>
      lean<PatternStep>({
        kind: 'any-order',
        ...step,
        members,
        atLeast: some > 0 && some < members.length ? some : undefined,
        quantifier: optional ? { min: 1, max: 1, optional } : undefined,
      }),
    )
  if (depth === 0) return fc.oneof(event, absence, anyOrder)
  const inner = patterns(depth - 1)
  const group = fc
    .record({ inner, contiguity, hopMs: maybe(duration), quantifier: sayable(false) })
    .map(({ inner: nested, ...step }) => lean<PatternStep>({ kind: 'group', ...step, ...nested }))
  const choice = fc
    .record({
      branches: fc.array(inner, { minLength: 2, maxLength: 2 }),
      contiguity,
      quantifier: sayable(false),
    })
    .filter(({ branches }) => branches.some(needsParentheses))
    .map((step) => lean<PatternStep>({ kind: 'choice', ...step }))
  return fc.oneof(event, absence, anyOrder, group, choice)
}

const pattern = patterns(2)

/** `a or b` alone is one step of two events; a choice has something that needs parentheses. */
function needsParentheses({ steps, withinMs, without }: Pattern): boolean {
  const [step] = steps
  return (
    steps.length > 1 ||
    withinMs !== undefined ||
    without !== undefined ||
    step?.kind !== 'event' ||
    step.quantifier !== undefined ||
    step.events.length > 1
  )
}

/** No absence at the start; what a first step says of what came before it says nothing. */
function withoutEdges(steps: readonly PatternStep[]): PatternStep[] {
  const from = steps.findIndex(({ kind }) => kind !== 'absence')
  const rest = from < 0 ? [] : steps.slice(from)
  const [first, ...others] = rest
  if (!first || first.kind === 'absence') return [{ kind: 'event', contiguity: 'relaxed', events: ['start'] }]
  const { hopMs: _, ...bare } = first
  return [{ ...bare, contiguity: 'relaxed' } as PatternStep, ...others]
}

test('a pattern that a sentence can say is printed and read back as the same pattern', () => {
  fc.assert(
    fc.property(pattern, (original) => {
      const sentence = printSentence(original)
      expect(sentence).toBeDefined()
      const back = parseSentence(sentence ?? '')
      expect(back.ok && back.value).toEqual(original)
    }),
    { numRuns: RUNS },
  )
})

test('a sentence says the same after printing what was read', () => {
  fc.assert(
    fc.property(pattern, (original) => {
      const first = printSentence(original) ?? ''
      const read = parseSentence(first)
      expect(read.ok && printSentence(read.value)).toBe(first)
    }),
    { numRuns: RUNS },
  )
})

test.each<readonly [string, Pattern]>([
  [
    'inner contiguity',
    {
      steps: [
        {
          kind: 'event',
          contiguity: 'relaxed',
          events: ['a'],
          quantifier: { min: 2, greedy: true, inner: 'strict' },
        },
      ],
    },
  ],
  [
    'reluctant counts',
    { steps: [{ kind: 'event', contiguity: 'relaxed', events: ['a'], quantifier: { min: 2 } }] },
  ],
  [
    'gaps',
    {
      steps: [
        {
          kind: 'event',
          contiguity: 'relaxed',
          events: ['a'],
          quantifier: { min: 2, greedy: true, gapMs: durationMs(5) },
        },
      ],
    },
  ],
  [
    'strict absence',
    {
      steps: [
        { kind: 'event', contiguity: 'relaxed', events: ['a'] },
        { kind: 'absence', contiguity: 'strict', events: ['b'] },
      ],
    },
  ],
  [
    'absence until the next step',
    {
      steps: [
        { kind: 'event', contiguity: 'relaxed', events: ['a'] },
        { kind: 'absence', contiguity: 'relaxed', events: ['b'] },
        { kind: 'event', contiguity: 'relaxed', events: ['c'] },
      ],
    },
  ],
  [
    'a choice of bare events',
    {
      steps: [
        {
          kind: 'choice',
          contiguity: 'relaxed',
          branches: [{ steps: [{ kind: 'event', contiguity: 'relaxed', events: ['a'] }] }],
        },
      ],
    },
  ],
])('a sentence cannot say %s', (_, structural) => {
  expect(printSentence(structural)).toBeUndefined()
})

test('what is ignored or a default makes no difference', () => {
  const lean: Pattern = { steps: [{ kind: 'event', contiguity: 'relaxed', events: ['a'] }] }
  const full: Pattern = {
    steps: [
      {
        kind: 'event',
        contiguity: 'strict',
        events: ['a'],
        hopMs: durationMs(5),
        quantifier: { min: 1, max: 1, greedy: false, inner: 'relaxed', optional: false },
      },
    ],
    without: [],
  }
  expect(samePattern(lean, full)).toBe(true)
  expect(samePattern(lean, { ...lean, withinMs: durationMs(5) })).toBe(false)
})

test.each<readonly [string, string]>([
  ['a followed by b', 'a immediately followed by b'],
  ['a followed by b', 'a followed by any b'],
  ['a followed by b', 'a followed within 5m by b'],
  ['at least 2 a', 'at least 3 a'],
  ['at least 2 a', 'between 2 and 5 a'],
  ['one or more a', 'one or more a until b'],
  ['all of a, b', 'at least 1 of a, b'],
  ['(a followed by b)', 'a followed by b'],
  ['a followed by b', 'a followed by b without c'],
  ['a followed by no b for 5m', 'a followed by no b for 6m'],
  ['(a followed by b) or c', '(a followed by b) or d'],
])('%s and %s are different patterns', (left, right) => {
  const one = parseSentence(left)
  const other = parseSentence(right)
  expect(one.ok && other.ok && samePattern(one.value, other.value)).toBe(false)
})

test('a duration is read back as the same number', () => {
  fc.assert(
    fc.property(duration, (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms)
    }),
    { numRuns: RUNS },
  )
})
