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
})
