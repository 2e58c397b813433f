import { expressionTools } from '../../src/engine/expression/index.ts'
import { durationMs, type EventTime, type Pattern, type StreamEvent } from '../../src/engine/index.ts'
import {
  type Case,
  checkpoint,
  eventAt,
  matcherFor,
  perSecond,
  type Row,
  randomNumbers,
  secondsOf,
} from './measure.ts'

const valueIn = (event: StreamEvent | undefined): number => Number(event?.data['value'] ?? 0)

/** Conditions that read earlier steps: runs, beside a loop written for the one rule. */
export function conditionalCases(scale: number): Case[] {
  return [
    { name: 'conditional, growing step', run: () => [...growingStep(100), ...growingStep(2_000)] },
    { name: 'conditional, cross-event', run: () => crossEvent(scale) },
    { name: 'conditional, Kleene', run: () => stockKleene(scale) },
    { name: 'conditional, same value', run: () => [...sameValue(scale, 50), ...sameValue(scale, 5_000)] },
  ]
}

/** A then B with the same value, of one key: so many As wait at any time, and each B is for one of them. */
function sameValue(scale: number, waiting: number): Row[] {
  const pattern: Pattern = {
    steps: [
      { kind: 'event', events: ['a'], contiguity: 'relaxed' },
      { kind: 'event', events: ['b'], contiguity: 'relaxed' },
    ],
    withinMs: durationMs(300_000),
  }
  const count = Math.round(1_000_000 * Math.max(scale, 0.2))
  const draw = (index: number): Drawn => {
    const pair = index >> 1
    const isEnd = (index & 1) === 1
    const value = isEnd ? pair - waiting : pair
    return { key: 'hot', event: eventAt(index >> 4, index + 1, { value }), mask: isEnd ? 2 : 1 }
  }
  const own = secondsOf(() => {
    const { matcher, counts } = matcherFor(
      { pattern, slots: ['a', 'b'], conditional: new Set([1]), afterMatch: { kind: 'no-skip' } },
      (_, event, taken) => valueIn(event) === valueIn(taken.taken(0)[0]),
      {
        mask: 2,
        offered: (_, event) => valueIn(event),
        awaited: (_, taken) => valueIn(taken.taken(0)[0]),
      },
    )
    run(matcher, draw, count)
    if (counts.matches !== (count >> 1) - waiting) throw new Error(`${counts.matches} matches`)
  }, 2)
  const hand = secondsOf(() => {
    const open = new Map<string, { byValue: Map<number, StreamEvent>; queue: StreamEvent[]; head: number }>()
    let matches = 0
    for (let index = 0; index < count; index++) {
      const { key, event, mask } = draw(index)
      let waits = open.get(key)
      if (waits === undefined) {
        waits = { byValue: new Map(), queue: [], head: 0 }
        open.set(key, waits)
      }
      const { byValue, queue } = waits
      for (
        let a = queue[waits.head];
        a !== undefined && a.time + 300_000 <= event.time;
        a = queue[waits.head]
      ) {
        if (byValue.get(valueIn(a)) === a) byValue.delete(valueIn(a))
        waits.head++
      }
      if (waits.head > 1_000 && waits.head * 2 > queue.length) {
        waits.queue = queue.slice(waits.head)
        waits.head = 0
      }
      if (mask === 1) {
        byValue.set(valueIn(event), event)
        waits.queue.push(event)
      } else if (byValue.delete(valueIn(event))) matches++
    }
    return void matches
  }, 2)
  return [row(`A -> B with the same value, one key, ${waiting} waiting`, count, own, hand)]
}

/** A then B of the same key with a higher value, within 5 minutes, 10,000 keys. */
function crossEvent(scale: number): Row[] {
  const pattern: Pattern = {
    steps: [
      { kind: 'event', events: ['a'], contiguity: 'relaxed' },
      { kind: 'event', events: ['b'], contiguity: 'relaxed' },
    ],
    withinMs: durationMs(300_000),
  }
  const count = Math.round(1_000_000 * Math.max(scale, 0.2))
  const draw = drawn(count, 10_000)
  const own = secondsOf(() => {
    const { matcher } = matcherFor(
      { pattern, slots: ['a', 'b'], conditional: new Set([1]) },
      (_, event, taken) => {
        return valueIn(event) > valueIn(taken.taken(0)[0])
      },
    )
    run(matcher, draw, count)
  }, 2)
  const hand = secondsOf(() => {
    const open = new Map<string, StreamEvent[]>()
    for (let index = 0; index < count; index++) {
      const { key, event, mask } = draw(index)
      const list = open.get(key)
      if (mask === 1) {
        if (list === undefined) open.set(key, [event])
        else list.push(event)
      } else if (list?.some((a) => valueIn(event) > valueIn(a) && a.time + 300_000 > event.time) === true)
        open.delete(key)
    }
  }, 2)
  return [row('A -> B with a higher value (cross-event), 10,000 keys', count, own, hand)]
}

/** At least 3 rising prices in a row per symbol, then a fall; 500 symbols. */
function stockKleene(scale: number): Row[] {
  const pattern: Pattern = {
    steps: [
      { kind: 'event', events: ['a'], contiguity: 'relaxed' },
      {
        kind: 'event',
        events: ['up'],
        contiguity: 'strict',
        quantifier: { min: 3, inner: 'strict', greedy: true },
      },
      { kind: 'event', events: ['down'], contiguity: 'strict' },
    ],
    withinMs: durationMs(60_000),
  }
  const count = Math.round(500_000 * Math.max(scale, 0.2))
  const draw = drawn(count, 500)
  const own = secondsOf(() => {
    const { matcher } = matcherFor(
      { pattern, slots: ['a', 'up', 'down'], conditional: new Set([1, 2]) },
      (slot, event, taken) => {
        const last = taken.taken(1).at(-1) ?? taken.taken(0)[0]
        return slot === 1 ? valueIn(event) > valueIn(last) : valueIn(event) < valueIn(last)
      },
    )
    run(matcher, (index) => ({ ...draw(index), mask: 7 }), count)
  }, 2)
  const hand = secondsOf(() => {
    const rising = new Map<string, StreamEvent[]>()
    let matches = 0
    for (let index = 0; index < count; index++) {
      const { key, event } = draw(index)
      const list = rising.get(key)
      const last = valueIn(list?.at(-1))
      if (list !== undefined && valueIn(event) > last) list.push(event)
      else {
        if (list !== undefined && list.length > 3 && valueIn(event) < last) matches++
        rising.set(key, [event])
      }
    }
    return void matches
  }, 2)
  return [row('rising price 3 times, then a fall (Kleene), 500 symbols', count, own, hand)]
}

/** At least one A, then a B above the sum of the As so far, which does not come: what an A and a B cost with so many As taken. */
function growingStep(taken: number): Row[] {
  const pattern: Pattern = {
    steps: [
      {
        kind: 'event',
        events: ['a'],
        contiguity: 'relaxed',
        quantifier: { min: 1, inner: 'relaxed', greedy: true },
      },
      { kind: 'event', events: ['b'], contiguity: 'relaxed' },
    ],
    withinMs: durationMs(3_600_000),
  }
  const scope = { steps: ['a', 'b'].map((name) => ({ name, counted: name === 'a' })) }
  const sum = expressionTools.compileExpression({ text: 'value > $sum($a.value)', pointer: '' }, scope)
  if (!sum.ok) throw new Error(sum.problems[0]?.message)
  const test = sum.value
  const frame = { key: null, lists: { has: () => false } }
  const count = 40_000
  const own = secondsOf(() => {
    const { matcher } = matcherFor(
      // One start only, so that there is one partial match.
      { pattern, slots: ['a', 'b'], conditional: new Set([0, 1]) },
      (slot, event, steps) =>
        slot === 0
          ? steps.count(0) > 0 || event.sequence === 1
          : test.test({ ...frame, event, steps, time: event.time }) === 1,
    )
    for (let index = 0; index < taken; index++)
      matcher.process('key', eventAt(index, index + 1, { value: 1 }), 1)
    for (let index = taken; index < taken + count; index++)
      matcher.process('key', eventAt(index, index + 1, { value: 1 }), 2)
  })
  const hand = secondsOf(() => {
    let sum = 0
    for (let index = 0; index < taken + count; index++) {
      const { data } = eventAt(index, index + 1, { value: 1 })
      if (index < taken) sum += Number(data['value'])
      else if (Number(data['value']) > sum) sum = 0
    }
  })
  return [row(`A{1,} -> B above $sum($a.value), ${taken} As taken`, taken + count, own, hand)]
}

interface Drawn {
  readonly key: string
  readonly event: StreamEvent
  readonly mask: number
}

function drawn(count: number, keys: number): (index: number) => Drawn {
  const next = randomNumbers(keys)
  const picks = Uint32Array.from({ length: count }, () => next() >>> 8)
  return (index) => {
    const pick = picks[index] ?? 0
    return {
      key: `key-${pick % keys}`,
      event: eventAt(Math.floor(index / 20), index + 1, { value: (pick >>> 4) % 1000 }),
      mask: 1 + ((pick >>> 16) & 1),
    }
  }
}

function run(
  matcher: ReturnType<typeof matcherFor>['matcher'],
  draw: (index: number) => Drawn,
  count: number,
): void {
  for (let index = 0; index < count; index++) {
    const { key, event, mask } = draw(index)
    if (matcher.nextDeadline <= event.time) matcher.advance(event.time as EventTime)
    matcher.process(key, event, mask)
    if (index % 100_000 === 0) checkpoint(matcher)
  }
}

const row = (name: string, count: number, own: number, hand: number): Row => ({
  name,
  value: perSecond(count, own),
  unit: 'events/s',
  ratio: hand / own,
  against: 'by hand',
})
