import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expressionTools } from '../expression/index.ts'
import {
  type Expression,
  eventTime,
  type Frame,
  type JsonObject,
  type JsonValue,
  type StreamEvent,
  streamSequence,
} from '../model/index.ts'
import { Router } from './router.ts'

const field = fc.constantFrom('kind', 'place.city', 'amount', 'text', 'tags', 'place.geo.lat', 'toString')
const literal = fc.constantFrom('"a"', '"b"', '"c"', '1', '2.5', 'true', 'null', '"warning42"')
const list = fc.array(literal, { minLength: 1, maxLength: 10 }).map((values) => `[${values.join(', ')}]`)
const word = fc.constantFrom('warn', 'warning42', 'Warning', 'disk failed', 'x')
const pattern = fc.constantFrom(
  '/warning\\d+/',
  '/WARNING4/i',
  '/disk.*failed/',
  '/^a|b$/',
  '/skin/i',
  '/[a-c]/',
)
const condition = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(field, literal).map(([path, value]) => `${path} = ${value}`) },
  { weight: 2, arbitrary: fc.tuple(field, list).map(([path, values]) => `${path} in ${values}`) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(field, fc.constantFrom('<', '<=', '>', '>='), fc.integer({ min: -2, max: 3 }))
      .map(([path, operator, limit]) => `${path} ${operator} ${limit}`),
  },
  { weight: 2, arbitrary: fc.tuple(field, word).map(([path, text]) => `$contains(${path}, "${text}")`) },
  { weight: 2, arbitrary: fc.tuple(field, pattern).map(([path, regex]) => `$contains(${path}, ${regex})`) },
  fc.tuple(field, field).map(([one, other]) => `${one} != ${other}`),
  fc.tuple(field, literal).map(([path, value]) => `$not(${path} = ${value})`),
  field.map((path) => `$exists(${path})`),
)
const scalar = fc.constantFrom<JsonValue>(
  'a',
  'b',
  'warning42 here',
  'a WARNING45',
  'disk has failed',
  's\u212ain',
  '\u017fkin',
  1,
  0,
  2.5,
  -1,
  true,
  null,
)
const value: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 6, arbitrary: scalar },
  fc.array(scalar, { maxLength: 3 }),
  fc.constant<JsonValue>({ city: 'a' }),
)
const place = fc.oneof(
  { weight: 4, arbitrary: fc.record({ city: value, geo: fc.record({ lat: value }) }, { requiredKeys: [] }) },
  fc.array(fc.record({ city: value }, { requiredKeys: [] }), { maxLength: 3 }),
  value,
)
const data = fc.record(
  { kind: value, place, amount: value, text: value, tags: value, toString: value },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>

const compiled = new Map<string, Expression>()

function compile(text: string): Expression {
  const known = compiled.get(text)
  if (known !== undefined) return known
  const result = expressionTools.compileExpression({ text, pointer: '' }, { steps: [] })
  if (!result.ok) throw new Error(`${text}: ${result.problems[0]?.message}`)
  compiled.set(text, result.value)
  return result.value
}

const frame: Frame = {
  event: undefined,
  steps: { taken: () => [], count: () => 0 },
  key: null,
  lists: { has: () => false },
  time: eventTime(0),
}

function eventOf(content: JsonObject): StreamEvent {
  const time = eventTime(0)
  const attributes = {}
  const data = { ...content, user: 'u' }
  return { sequence: streamSequence(1), time, ingestedAt: time, subject: 's', id: '1', data, attributes }
}

/** Asks every condition of every rule. */
function oneByOne(rules: ReadonlyArray<readonly string[] | undefined>): string[] {
  return rules.flatMap((conditions, rank) => {
    if (conditions === undefined) return []
    const truths = conditions.map((text) => compile(text).test(frame))
    if (truths.includes(0)) return []
    return [`${rank} ${truths.includes(-1) ? 'failed' : 'matched'}`]
  })
}

describe('the router', () => {
  test('says of every rule what asking its conditions one by one says, while rules come and go', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(condition, { minLength: 1, maxLength: 3 }), { maxLength: 150, size: 'max' }),
        fc.array(fc.record({ data, changes: fc.array(fc.nat(), { maxLength: 8 }) }), {
          minLength: 1,
          maxLength: 8,
        }),
        (all, steps) => {
          const router = new Router({ frame, index: 0, count: 1 })
          const said: string[] = []
          const add = (conditions: readonly string[], rank: number): ReturnType<Router['add']> =>
            router.add(
              {
                rank,
                has: () => false,
                deliver: (_, __, mask) => {
                  said.push(`${rank} ${mask === 1 ? 'matched' : mask}`)
                  return false
                },
                predicateFailed: () => void said.push(`${rank} failed`),
                keyUnusable: () => void said.push(`${rank} without a key`),
                charge: () => undefined,
                isOverdrawn: false,
                isGuest: false,
                chargeReading: () => undefined,
              },
              {
                slots: [{ subject: '>', key: [compile('user')], unary: conditions.map(compile) }],
                startMask: 1,
                needsEveryEvent: false,
                keyValue: (key) => key,
              },
            )
          const routes: Array<ReturnType<Router['add']> | undefined> = all.map(add)
          for (const { data: content, changes } of steps) {
            const event = eventOf(content)
            frame.event = event
            said.length = 0
            router.route(event, router.plan('s'))
            const wanted = oneByOne(all.map((conditions, rank) => (routes[rank] ? conditions : undefined)))
            expect([...said].sort()).toEqual(wanted.sort())
            const delivered = said
              .filter((text) => text.endsWith('matched'))
              .map((text) => Number.parseInt(text, 10))
            expect(delivered).toEqual([...delivered].sort((a, b) => a - b))
            for (const change of changes) {
              const rank = change % Math.max(1, all.length)
              const [conditions, present] = [all[rank], routes[rank]]
              if (conditions === undefined) continue
              if (present !== undefined) router.remove(present)
              routes[rank] = present === undefined ? add(conditions, rank) : undefined
            }
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  /*
   * Many rules with limits on one number, so that most events meet lanes that the index found together; with keys of their own, and
   * state for some of them, so that others are met beside these.
   */
  const slot = fc.record({
    subject: fc.constantFrom('s', 's', 's', '>', 't'),
    key: fc.constantFrom('user', 'user', 'user', 'card'),
    low: fc.integer({ min: 0, max: 6 }),
    kind: fc.constantFrom('', '', '', ' and kind = "a"'),
  })
  const watching = fc.record({
    slots: fc.array(slot, { minLength: 1, maxLength: 3 }),
    needsEveryEvent: fc.integer({ min: 0, max: 5 }).map((drawn) => drawn === 0),
    startMask: fc.constantFrom<number>(1, 1, 1, 3),
    /** Has state from its first event on, for every key. */
    isWaiting: fc.integer({ min: 0, max: 4 }).map((drawn) => drawn === 0),
  })
  const seen = fc.record({
    subject: fc.constantFrom('s', 's', 't'),
    user: fc.constantFrom('u', 'v', null),
    card: fc.constantFrom('u', 'w'),
    amount: fc.integer({ min: 0, max: 8 }),
    kind: fc.constantFrom('a', 'b'),
    change: fc.nat(),
  })
  type Drawn = typeof watching extends fc.Arbitrary<infer T> ? T : never
  type Seen = typeof seen extends fc.Arbitrary<infer T> ? T : never

  const alike = ({ slots, isWaiting }: Drawn, part: number): Drawn => ({
    // Its start stands first or second; behind it come events of the same subject, or of another, by the same key or by another.
    slots: slots.map((each, index) =>
      index === part % 2
        ? { ...each, subject: 's', key: 'user', kind: '' }
        : { ...each, subject: part % 4 === 3 ? 's' : 't', key: part % 8 === 0 ? 'card' : 'user', kind: '' },
    ),
    startMask: slots.length === 1 || part % 2 === 0 ? 1 : 2,
    needsEveryEvent: false,
    isWaiting,
  })

  /** What one rule gets of an event, by what the router promises; `states`: the keys that it has state for. */
  function wantedOf(
    { slots, startMask, needsEveryEvent }: Drawn,
    event: Seen,
    states: ReadonlySet<string>,
  ): string[] {
    const keys = new Map<string, { mask: number; isMet: boolean }>()
    let keyless = false
    for (const name of ['user', 'card'] as const) {
      const own = slots.flatMap((each, index) => (each.key === name ? [{ ...each, index }] : []))
      const reached = own.filter(({ subject }) => subject === '>' || subject === event.subject)
      const holding = reached.filter(
        ({ low, kind }) => event.amount > low && (kind === '' || event.kind === 'a'),
      )
      const isStart = holding.some(({ index }) => (startMask & (1 << index)) !== 0)
      const value = event[name]
      if (value === null) {
        // Only lanes that would have wanted the event say so: that with the start, and those that wait.
        keyless ||= holding.length > 0
        continue
      }
      const key: string = value
      if (reached.length === 0 || !(isStart || states.has(key))) continue
      const known = keys.get(key) ?? { mask: 0, isMet: false }
      keys.set(key, known)
      known.isMet = true
      for (const { index } of holding) known.mask |= 1 << index
    }
    return [
      ...[...keys].flatMap(([key, { mask }]) => (mask !== 0 || needsEveryEvent ? [`${key} ${mask}`] : [])),
      ...(keyless ? ['without a key'] : []),
    ]
  }

  test('delivers in the order of the rules what each would get alone, whatever was found together', () => {
    let runs = 0
    fc.assert(
      fc.property(
        fc.array(watching, { minLength: 20, maxLength: 80, size: 'max' }),
        fc.array(seen, { minLength: 10, maxLength: 30, size: 'max' }),
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: 0, max: 9 }),
        (drawnRules, events, every, part) => {
          // Most have so much in common that they are found together; one in `every` is as it was drawn.
          const all = drawnRules.map((drawn, rank) =>
            rank % every === every - 1 ? drawn : alike(drawn, part),
          )
          const router = new Router({ frame, index: 0, count: 1 })
          const said: string[] = []
          const states = all.map(() => new Set<string>())
          const add = (drawn: Drawn, rank: number): ReturnType<Router['add']> =>
            router.add(
              {
                rank,
                has: (key) => (states[rank] as Set<string>).has(key),
                deliver: (key, _, mask) => {
                  said.push(`${rank}: ${key} ${mask}`)
                  if (drawn.isWaiting) states[rank]?.add(key)
                  return drawn.isWaiting
                },
                predicateFailed: () => void said.push(`${rank}: failed`),
                keyUnusable: () => void said.push(`${rank}: without a key`),
                charge: () => undefined,
                isOverdrawn: false,
                isGuest: false,
                chargeReading: () => undefined,
              },
              {
                slots: drawn.slots.map(({ subject, key, low, kind }) => ({
                  subject,
                  key: [compile(key)],
                  unary: [`amount > ${low}`, ...(kind === '' ? [] : ['kind = "a"'])].map(compile),
                })),
                startMask: drawn.startMask,
                needsEveryEvent: drawn.needsEveryEvent,
                keyValue: (key) => key,
              },
            )
          const routes: Array<ReturnType<Router['add']> | undefined> = all.map(add)
          for (const drawn of events) {
            const { subject, change, ...content } = drawn
            const event = { ...eventOf({}), subject, data: content as JsonObject }
            frame.event = event
            const wanted = all.flatMap((each, rank) =>
              routes[rank] === undefined
                ? []
                : wantedOf(each, drawn, states[rank] as Set<string>).map((text) => `${rank}: ${text}`),
            )
            said.length = 0
            router.route(event, router.plan(subject))
            const withKey = (texts: readonly string[]): string[] =>
              texts.filter((text) => !text.endsWith('without a key'))
            expect(withKey(said).sort()).toEqual(withKey(wanted).sort())
            const order = said
              .filter((text) => !text.endsWith('key'))
              .map((text) => Number.parseInt(text, 10))
            expect(order).toEqual(order.toSorted((a, b) => a - b))
            for (const text of said) if (text.endsWith('key')) expect(wanted).toContain(text)
            if (said.length > 12) runs++
            const rank = change % all.length
            const present = routes[rank]
            if (present !== undefined) router.remove(present)
            states[rank]?.clear()
            routes[rank] = present === undefined ? add(all[rank] as Drawn, rank) : undefined
          }
        },
      ),
      { numRuns: 150 },
    )
    expect(runs).toBeGreaterThan(100)
  })
})
