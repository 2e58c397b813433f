import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileExpression } from '../../src/engine/expression/index.ts'
import {
  compilePattern,
  createKeyedMatcher,
  eventTime,
  type Frame,
  type JsonValue,
  type KeyedMatcher,
  type MatcherHost,
  type Pattern,
  type StepAccess,
  type StreamEvent,
  streamSequence,
} from '../../src/engine/index.ts'
import { restoredCopy } from '../support/state.ts'

const TEXTS = [
  ...['sum', 'average', 'max', 'min', 'count'].map((name) => `$${name}($a.v)`),
  '$count($a)',
  '$count($distinct($a.v))',
  '$count($distinct($a.inner.v))',
  '$sum($a.v) > $sum($c.v)',
  'v > $average($a.v) and $count($a) > 20',
  '$first.v = v',
  '$first.w = v',
  '$a[-1].v',
]

const CONTIGUITIES = ['relaxed', 'non-deterministic-relaxed', 'strict'] as const

/** `first`, then many `a`, then many `c`; one key. */
const patternOf = (inner: Pattern['steps'][number]['contiguity'], greedy: boolean): Pattern => ({
  steps: [
    { kind: 'event', events: ['first'], contiguity: 'relaxed' },
    {
      kind: 'event',
      events: ['a'],
      contiguity: 'relaxed',
      quantifier: { min: 1, inner, ...(greedy && inner !== 'non-deterministic-relaxed' ? { greedy } : {}) },
    },
    { kind: 'event', events: ['c'], contiguity: 'relaxed', quantifier: { min: 30, max: 40 } },
  ],
})

const value = fc.oneof(
  { weight: 20, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 20, arbitrary: fc.integer({ min: 0, max: 30 }) },
  { weight: 2, arbitrary: fc.constant(undefined) },
)
const odd = fc.constantFrom<JsonValue>('x', null, [1, 2], { x: 1 })

const history = fc.record({
  inner: fc.constantFrom(...CONTIGUITIES),
  greedy: fc.boolean(),
  events: fc.array(
    fc.record({
      mask: fc.constantFrom(2, 2, 2, 2, 2, 2, 4, 0),
      v: value,
      /** Whether the step takes it, where the event is asked for. */
      isTaken: fc.integer({ min: 0, max: 9 }).map((number) => number > 0),
    }),
    { minLength: 40, maxLength: 70 },
  ),
  /** In half of the histories one value is no number. */
  odd: fc.record({ value: odd, at: fc.nat({ max: 160 }) }),
  restoreAfter: fc.nat({ max: 80 }),
})

test('aggregates that go on from event to event are those over the whole step, bit for bit, errors included', () => {
  let compared = 0
  fc.assert(
    fc.property(history, ({ inner, greedy, events, odd: strange, restoreAfter }) => {
      const compiled = compilePattern({
        pattern: patternOf(inner, greedy),
        slots: ['first', 'a', 'c'],
        afterMatch: { kind: 'no-skip' },
        conditional: new Set([1, 2]),
        hasHaving: false,
        reportsTimeouts: false,
        partialMatchesMax: 2000,
      })
      if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
      const scope = {
        steps: ['first', 'a', 'c'].map((name) => ({ name, counted: name !== 'first' })),
      }
      const expressions = TEXTS.map((text) => {
        const expression = compileExpression(text, { scope })
        if (!expression.ok) throw new Error(expression.problems[0]?.message)
        return expression.value
      })
      let longest = 0
      const host: MatcherHost = {
        condition: (slot, event, taken) => {
          const plain: StepAccess = {
            taken: (index) => [...taken.taken(index)],
            count: (index) => taken.taken(index).length,
          }
          const frame = (steps: StepAccess): Frame => ({
            event,
            steps,
            key: null,
            lists: { has: () => false },
            time: event.time,
          })
          for (const index of [0, 1, 2])
            if (taken.taken(index).length !== taken.count(index))
              expect.unreachable('a list of another length')
          for (const expression of expressions) {
            const want = expression.evaluate(frame(plain))
            if (want.ok && taken.count(1) > 16) compared++
            // Strict: no tolerance, and -0 is not 0.
            const got = expression.evaluate(frame(taken))
            if (!isDeepStrictEqual(got, want)) expect(got).toStrictEqual(want)
            if (expression.test(frame(taken)) !== expression.test(frame(plain)))
              expect.unreachable(expression.source)
          }
          // Where a partial match goes on without taking, few of the others take too: they part from it with values of their own.
          const length = taken.count(1)
          if (inner === 'non-deterministic-relaxed' && slot === 1 && length < longest)
            return (event.sequence + 5 * length) % 8 === 0
          longest = Math.max(longest, length)
          return events[event.sequence - 2]?.isTaken ?? false
        },
        accept: () => true,
        matched: () => undefined,
        timedOut: () => undefined,
        shed: () => undefined,
      }
      const create = (): KeyedMatcher => createKeyedMatcher(compiled.value, host)
      let matcher = create()
      const at = (sequence: number, data: StreamEvent['data']): StreamEvent => ({
        sequence: streamSequence(sequence),
        time: eventTime(sequence),
        ingestedAt: eventTime(sequence),
        subject: 'drawn',
        id: String(sequence),
        data,
      })
      matcher.process('key', at(1, { v: 1 }), 1)
      events.forEach(({ mask, v }, index) => {
        const found: JsonValue | undefined = index === strange.at ? strange.value : v
        const data = found === undefined ? {} : { v: found, inner: { v: found } }
        matcher.process('key', at(index + 2, data), mask)
        if (index === restoreAfter) matcher = restoredCopy(matcher, create)
      })
    }),
    { numRuns: 10 },
  )
  expect(compared).toBeGreaterThan(1000)
})
