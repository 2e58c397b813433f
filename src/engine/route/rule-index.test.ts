import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Expression,
  eventTime,
  type Frame,
  type JsonObject,
  type JsonValue,
  type PredicateForm,
  type StreamEvent,
  streamSequence,
} from '../model/index.ts'
import { FieldTable } from './field.ts'
import { Finds } from './finds.ts'
import { closedBounds, IntervalList } from './interval-list.ts'
import type { Tap } from './lane.ts'
import { PredicateTable } from './predicate.ts'
import { requiredText } from './required-text.ts'
import { RuleIndex } from './rule-index.ts'
import { TapList } from './tap-list.ts'

/** What the expression language makes of a path: arrays on the way are mapped over. */
function lookUp(value: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  const [name, ...rest] = path
  if (name === undefined) return value
  if (Array.isArray(value)) {
    const found = value.map((item) => lookUp(item, path)).filter((item) => item !== undefined)
    return found.length > 1 ? found.flat() : found[0]
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return lookUp(value[name], rest)
}

function truth(form: PredicateForm, data: JsonObject): 1 | 0 | -1 {
  const value = lookUp(data, form.path)
  if (value === undefined) return 0
  switch (form.kind) {
    case 'one-of':
      return form.values.includes(value as string) ? 1 : 0
    case 'range': {
      if (typeof value !== 'number') return -1
      const isAbove = form.lowOpen ? value > form.low : value >= form.low
      return isAbove && (form.highOpen ? value < form.high : value <= form.high) ? 1 : 0
    }
    case 'prefix':
      return typeof value !== 'string' ? -1 : value.startsWith(form.text) ? 1 : 0
    case 'contains':
      if (typeof value !== 'string') return -1
      return (form.ignoreCase ? value.toLowerCase() : value).includes(form.text) ? 1 : 0
    case 'matches':
      if (typeof value !== 'string') return -1
      return new RegExp(form.pattern, form.ignoreCase ? 'iu' : 'u').test(value) ? 1 : 0
    case 'present':
      return 1
  }
}

const expressionOf = (form: PredicateForm): Expression => {
  const error = { code: 'T2010', message: 'not comparable' }
  return {
    source: JSON.stringify(form),
    form,
    reads: { fields: undefined, steps: new Map(), lists: [], key: false, attributes: false },
    isCostly: false,
    evaluate: () => ({ ok: false, error }),
    test: (frame: Frame) => truth(form, (frame.event as StreamEvent).data),
    lastError: error,
  } as Expression
}

const path = fc.constantFrom(['a'], ['b', 'c'], ['d'], ['toString'])
const bound = fc.constantFrom(-1, 0, 1, 1.5, 2, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
const longText = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'abc', 'cde', 'ABC', '1.', '\u00e9', '\u212a', '\u017f'), {
    maxLength: 14,
    size: 'max',
  })
  .map((parts) => parts.join(''))
const scalar = fc.oneof(fc.constantFrom('x', 'xy', 'y', 1, 1.5, '1', true, null), longText)
const form: fc.Arbitrary<PredicateForm> = fc.oneof(
  fc.record({
    kind: fc.constant('one-of' as const),
    path,
    values: fc.array(scalar, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('range' as const),
    path,
    low: bound,
    lowOpen: fc.boolean(),
    high: bound,
    highOpen: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('prefix' as const), path, text: fc.constantFrom('x', 'xy', '') }),
  fc.record({ kind: fc.constant('present' as const), path }),
  fc.record({
    kind: fc.constant('contains' as const),
    path,
    text: fc.constantFrom(
      '',
      'x',
      'xy',
      'abc',
      'bcd',
      'abcd',
      'cde',
      'dea',
      'eab',
      'aaa',
      'aab',
      '\u00e9t\u00e9',
    ),
    ignoreCase: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('matches' as const),
    path,
    pattern: fc.constantFrom(
      'abc?d',
      'ab+cde',
      '(x|y)',
      'a.*dea',
      '[a-c]{3}deab',
      '^abc$',
      '\\d\\.eab',
      'kab',
    ),
    ignoreCase: fc.boolean(),
  }),
)
const member: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 5, arbitrary: scalar },
  { weight: 2, arbitrary: fc.constantFrom(-1, 0, 2, 2.5) },
  fc.constantFrom<JsonValue>([], ['x'], { c: 1 }, [{ c: 'x' }], [{ c: 1 }, { c: 'xy' }]),
)
const event: fc.Arbitrary<JsonObject> = fc.record(
  { a: member, b: fc.oneof(member, fc.record({ c: member })), d: member, toString: scalar },
  { requiredKeys: [] },
) as never

describe('the rule index', () => {
  test('finds what asking every rule finds, errors too, while rules come and go', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(form, { maxLength: 4 }), { maxLength: 90, size: 'max' }),
        fc.array(fc.record({ event, leaves: fc.nat(), returns: fc.boolean() }), { maxLength: 12 }),
        (conjunctions, events) => {
          const fields = new FieldTable()
          const predicates = new PredicateTable(fields)
          const plain = new TapList()
          const index = new RuleIndex(fields)
          const taps = conjunctions.map((forms, slot) => tapOf(forms, slot, predicates))
          for (const tap of taps) {
            plain.add(tap)
            index.add(tap)
          }
          events.forEach(({ event: data, leaves, returns }, stamp) => {
            const frame = frameOf(data)
            const wanted = found(plain, 2 * stamp, frame)
            expect(found(index, 2 * stamp + 1, frame)).toEqual(wanted)
            const tap = taps[leaves % Math.max(1, taps.length)]
            if (tap === undefined) return
            plain.remove(tap)
            index.remove(tap)
            if (!returns) return
            plain.add(tap)
            index.add(tap)
          })
          for (const tap of taps) index.remove(tap)
          expect(index.size).toBe(0)
          expect(found(index, 1000, frameOf({ a: 'x' }))).toEqual([])
        },
      ),
      { numRuns: 600 },
    )
  })

  test('an empty index has no branches left', () => {
    const fields = new FieldTable()
    const index = new RuleIndex(fields)
    const predicates = new PredicateTable(fields)
    const tap = tapOf(
      [
        { kind: 'one-of', path: ['a'], values: ['x'] },
        { kind: 'present', path: ['d'] },
      ],
      0,
      predicates,
    )
    index.add(tap)
    index.remove(tap)
    expect(index.describe()).toEqual({ lookups: 0, open: 0 })
  })
})

describe('the text that a regular expression needs', () => {
  test.each([
    ['powershell.*-enc', 'powershell'],
    ['\\\\cmd\\.exe$', '\\cmd.exe'],
    ['abcd?ef', 'abc'],
    ['abc+def', 'abc'],
    ['ab{0,3}cdef', 'cdef'],
    ['(foo|bar)bazz', 'bazz'],
    ['[a-z]+xyz', 'xyz'],
    ['abc|def', undefined],
    ['(?i)abc', undefined],
    ['x(?i:abc)defg', undefined],
    ['ab', undefined],
    ['\\x41bcd', undefined],
    ['[[:alpha:]]abc', undefined],
    ['[]a]abc', 'abc'],
    ['caf\u00e9s', undefined],
  ])('%s: %s', (pattern, text) => {
    expect(requiredText(pattern)).toBe(text)
  })
})

describe('intervals', () => {
  const interval = fc.record({ low: bound, lowOpen: fc.boolean(), high: bound, highOpen: fc.boolean() })
  const VALUES = [-2, -1, -0.5, 0, 1, 1.25, 1.5, 1.6, 2, 3]
  const foundBy = (list: IntervalList<unknown>, value: number): number[] => {
    const into = new Int32Array(list.size)
    return Array.from(into.subarray(0, list.find(value, into))).sort((a, b) => a - b)
  }

  test('are found by the numbers in them, while they come and go', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ interval, leaves: fc.boolean() }), { maxLength: 200, size: 'max' }),
        (all) => {
          const list = new IntervalList()
          all.forEach(({ interval: range }, item) => {
            const { low, high } = closedBounds(range)
            list.add(low, high, item)
          })
          all.forEach(({ leaves }, item) => {
            if (leaves) list.remove(item)
          })
          for (const value of VALUES)
            expect(foundBy(list, value)).toEqual(
              all.flatMap(({ interval: range, leaves }, item) =>
                !leaves && truth({ kind: 'range', path: ['a'], ...range }, { a: value }) === 1 ? [item] : [],
              ),
            )
        },
      ),
    )
  })

  test('values of one stretch find the same, and what is kept for it is forgotten when an interval comes or goes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ interval, leaves: fc.boolean() }), { minLength: 1, maxLength: 60, size: 'max' }),
        (changes) => {
          const list = new IntervalList<readonly number[]>()
          const there: number[] = []
          changes.forEach(({ interval: range, leaves }, item) => {
            if (leaves && there.length > 0) list.remove(there.shift() as number)
            else {
              const { low, high } = closedBounds(range)
              list.add(low, high, item)
              there.push(item)
            }
            for (const value of VALUES) {
              const stretch = list.stretchOf(value)
              const found = foundBy(list, value)
              const kept = list.kept(stretch)
              if (kept === undefined) list.keep(stretch, found, found.length)
              else expect(kept).toEqual(found)
            }
          })
        },
      ),
    )
  })
})

function tapOf(forms: readonly PredicateForm[], slot: number, predicates: PredicateTable): Tap {
  const shared = forms.map((item) => predicates.acquire(expressionOf(item)))
  return {
    lane: {
      number: slot,
      group: { number: slot % 2 },
      reach: { number: 0 },
      target: { rank: slot },
      order: 0,
      isOneOfSeveral: slot % 7 === 0,
    } as never,
    slot,
    bit: 1,
    decides: 1,
    filter: { filter: '>', stamp: 0 },
    shared,
    early: shared,
    late: [],
    keyed: [],
    canStart: true,
  }
}

function frameOf(data: JsonObject): Frame {
  const event = {
    sequence: streamSequence(1),
    time: eventTime(0),
    ingestedAt: eventTime(0),
    subject: 's',
    id: '1',
    data,
  }
  return {
    event,
    steps: { taken: () => [], count: () => 0 },
    key: null,
    lists: { has: () => false },
    time: eventTime(0),
  }
}

function found(index: TapList | RuleIndex, stamp: number, frame: Frame): string[] {
  const results = new Set<string>()
  const finds = new Finds()
  index.match(stamp, frame, finds)
  for (let at = 0; at < finds.length; at += 2) results.add(`${finds.numbers[at]}: ${finds.numbers[at + 1]}`)
  return [...results].sort()
}
