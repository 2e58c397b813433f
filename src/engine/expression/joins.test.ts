import { describe, expect, test } from 'vitest'
import { type EventData, eventTime, type StreamEvent, streamSequence, UNTOLD } from '../model/index.ts'
import { compileExpression } from './compile-expression.ts'

const SCOPE = {
  steps: [
    { name: 'order', counted: false },
    { name: 'many', counted: true },
  ],
}

const eventWith = (data: EventData): StreamEvent => ({
  sequence: streamSequence(1),
  time: eventTime(0),
  ingestedAt: eventTime(0),
  subject: 's',
  id: 'id',
  data,
})

const joinOf = (text: string) => {
  const compiled = compileExpression(text, { scope: SCOPE })
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  return compiled.value.join
}

const awaited = (text: string, order: EventData): unknown => {
  const event = eventWith(order)
  return joinOf(text)?.awaited({ taken: (slot) => (slot === 0 ? [event] : []), count: () => 1 })
}

describe('an equality with an earlier step', () => {
  test.each<[string, boolean]>([
    ['id = $order.id', true],
    ['$order.id = id', true],
    ['($lowercase(a.b) = $order.c.d)', true],
    ['parent = $order._id', true],
    ['id in $order.ids', true],
    ['$order.id in ids', true],
    // Something else, or what changes while a partial match waits.
    ['id != $order.id', false],
    ['id = $many.id', false],
    ['$order.id = $order.ref', false],
    ['id = ref', false],
    ['id = $key', false],
    ['id = $order', false],
    ['id = $order.id or ref = $order.ref', false],
    ['id = $order.list[0]', false],
    ['seconds = $seconds_since($order)', false],
    ['id = $toMillis($order.time)', false],
    ['($lowercase := $uppercase; id = $lowercase($order.id))', false],
  ])('%s: %s', (text, isJoin) => {
    expect(joinOf(text) !== undefined).toBe(isJoin)
  })

  test.each<[string, EventData, unknown]>([
    ['id = $order.id', { id: 1 }, 1],
    ['id = $order.id', { id: null }, null],
    ['id = $order.id', {}, undefined],
    ['id = $order.id', { id: [1] }, UNTOLD],
    ['id = $order.id', { id: { x: 1 } }, UNTOLD],
    ['id = $order.id', { id: Number.POSITIVE_INFINITY }, UNTOLD],
    ['id = $lowercase($order.id)', { id: 'AB' }, 'ab'],
    ['id = $lowercase($order.id)', { id: 7 }, UNTOLD],
    ['id in $order.ids', { ids: [1, 'a', [2], null] }, [1, 'a', null]],
    ['id in $order.ids', { ids: 'a' }, 'a'],
    ['id in $order.ids', { ids: Array.from({ length: 65 }, () => 1) }, UNTOLD],
    ['$order.id in ids', { id: [1] }, UNTOLD],
    ['id in $order.lines.sku', { lines: [{ sku: 1 }, { sku: 2 }] }, [1, 2]],
  ])('%s of %j waits for %j', (text, order, wanted) => {
    expect(awaited(text, order)).toEqual(wanted)
  })

  test('what the event at hand offers', () => {
    expect(joinOf('id = $order.id')?.offered(eventWith({ id: 'x' }))).toBe('x')
    expect(joinOf('_id = $order.parent')?.offered(eventWith({ _id: 'forged' }))).toBe('id')
    expect(joinOf('$order.id in ids')?.offered(eventWith({ ids: [1, 2] }))).toEqual([1, 2])
  })
})
