import { expect, test } from 'vitest'
import { expressionTools } from '../expression/index.ts'
import { eventTime, type Frame, type JsonObject, streamSequence } from '../model/index.ts'
import { eventKey } from './event-key.ts'
import { FieldTable } from './field.ts'
import { keyGroup, keyOf } from './key-group.ts'

const time = eventTime(0)

function frameOf(data: JsonObject): Frame {
  const event = {
    sequence: streamSequence(1),
    time,
    ingestedAt: time,
    subject: 's',
    id: '1',
    data,
    attributes: {},
  }
  return { event, steps: { taken: () => [], count: () => 0 }, key: null, lists: { has: () => false }, time }
}

const compiled = (text: string) => {
  const result = expressionTools.compileExpression({ text, pointer: '' }, { steps: [] })
  if (!result.ok) throw new Error(`${text}: ${result.problems[0]?.message}`)
  return result.value
}

const LONG = 'x'.repeat(300)

test.each<readonly [string, JsonObject, string]>([
  ['user', { user: 'ada' }, 'ada'],
  ['user', { user: 5 }, '#5'],
  ['user', { user: true }, '!true'],
  ['user', { user: '#5' }, "'#5"],
  ['user', {}, 'key-missing'],
  ['user', { user: null }, 'key-missing'],
  ['user', { user: [1, 2] }, 'key-not-scalar'],
  ['user', { user: {} }, 'key-not-scalar'],
  ['a.b', { a: { b: 'x' } }, 'x'],
  ['a.b', { a: [{ b: 'x' }] }, 'x'],
  ['a.b', { a: [{ b: 'x' }, { b: 'y' }] }, 'key-not-scalar'],
  ['$uppercase(user)', { user: 'ada' }, 'ADA'],
  ['$uppercase(user)', {}, 'key-missing'],
  ['$uppercase(user)', { user: 5 }, 'key-error'],
  ['user, shop', { user: 'ada', shop: 7 }, '[3:ada2:#7'],
  ['user, shop', { user: 'ada' }, 'key-missing'],
  ['user, shop', { user: [], shop: 7 }, 'key-not-scalar'],
])('the key by %s of %j is %s, read by itself and in a group', (by, data, expected) => {
  const expressions = by.split(', ').map(compiled)
  const key = eventKey(expressions, frameOf(data))
  expect(typeof key === 'string' ? key : key.fault).toBe(expected)
  const group = keyGroup({ id: by, number: 0 }, expressions, new FieldTable())
  expect(keyOf(group, 1, frameOf(data)) ?? group.fault).toBe(expected)
})

test('a key that is too long is none in a group, and still the key', () => {
  const expressions = [compiled('user')]
  const group = keyGroup({ id: 'user', number: 0 }, expressions, new FieldTable())
  expect(keyOf(group, 1, frameOf({ user: LONG })) ?? group.fault).toBe('key-too-long')
  expect(eventKey(expressions, frameOf({ user: LONG }))).toBe(LONG)
})
