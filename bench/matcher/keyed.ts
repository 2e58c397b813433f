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

const FIVE_MINUTES = durationMs(300_000)
const A = 1
const B = 2

interface Shape {
  readonly name: string
  readonly pattern: Pattern
  /** Of 8 events of a key, which are A (the others B). */
  readonly masks: readonly number[]
  readonly byHand: (keys: readonly string[], masks: Uint8Array) => number
}

const SHAPES: readonly Shape[] = [
  {
    name: 'A -> B within 5 min',
    pattern: {
      steps: [
        { kind: 'event', events: ['a'], contiguity: 'relaxed' },
        { kind: 'event', events: ['b'], contiguity: 'relaxed' },
      ],
      withinMs: FIVE_MINUTES,
    },
    masks: [A, B],
    byHand: sequenceByHand(1),
  },
  {
    name: 'A{3,} -> B within 5 min',
    pattern: {
      steps: [
        { kind: 'event', events: ['a'], contiguity: 'relaxed', quantifier: { min: 3, greedy: true } },
        { kind: 'event', events: ['b'], contiguity: 'relaxed' },
      ],
      withinMs: FIVE_MINUTES,
    },
    masks: [A, A, A, B],
    byHand: sequenceByHand(3),
  },
  {
    name: 'A not followed by B within 5 min',
    pattern: {
      steps: [
        { kind: 'event', events: ['a'], contiguity: 'relaxed' },
        { kind: 'absence', events: ['b'], contiguity: 'relaxed' },
      ],
      withinMs: FIVE_MINUTES,
    },
    masks: [A, B],
    byHand: sequenceByHand(1),
  },
]

/** What somebody would write for one rule: a list per key, dropped when old, matched at B. No state to store, no limits. */
function sequenceByHand(min: number) {
  return (keys: readonly string[], masks: Uint8Array): number => {
    const open = new Map<string, StreamEvent[]>()
    let matches = 0
    for (let index = 0; index < keys.length; index++) {
      const event = freshEvent(index)
      const key = `${keys[index]}.`
      const list = open.get(key)
      if (masks[index] === A) {
        if (list === undefined) open.set(key, [event])
        else list.push(event)
      } else if (list !== undefined) {
        while (list[0] !== undefined && list[0].time + FIVE_MINUTES <= event.time) list.shift()
        if (list.length >= min) {
          matches++
          open.delete(key)
        }
      }
    }
    return matches
  }
}

/** A plain Map that keeps the last event of each of the same fresh strings: the floor under everything that keeps events by key. */
function mapByHand(keys: readonly string[]): number {
  const last = new Map<string, StreamEvent>()
  let older = 0
  for (let index = 0; index < keys.length; index++) {
    const event = freshEvent(index)
    const key = `${keys[index]}.`
    const before = last.get(key)
    if (before !== undefined && before.time < event.time) older++
    last.set(key, event)
  }
  return older
}

/** Every loop makes its events as it goes, as a decoder does. */
const freshEvent = (index: number): StreamEvent =>
  eventAt(1_700_000_000_000 + Math.floor(index / 20), index + 1)

export function keyedCases(scale: number): Case[] {
  return [1_000, 100_000, 1_000_000].map((keyCount) => ({
    name: `keyed ${keyCount}`,
    run: () => SHAPES.flatMap((shape) => runShape(shape, keyCount, scale)),
  }))
}

function runShape(shape: Shape, keyCount: number, scale: number): Row[] {
  const count = Math.round((keyCount === 1_000_000 ? 4_000_000 : 2_000_000) * Math.max(scale, 0.25))
  const next = randomNumbers(7)
  const parts: string[] = []
  const masks = new Uint8Array(count)
  const step = new Uint8Array(keyCount)
  for (let index = 0; index < count; index++) {
    const key = next() % keyCount
    // A flat copy: every look-up makes and hashes a fresh string of it.
    parts.push(`card-${key.toString(36)}`)
    const at = step[key] ?? 0
    masks[index] = shape.masks[at % shape.masks.length] ?? A
    step[key] = (at + 1) % shape.masks.length
  }
  const map = secondsOf(() => void mapByHand(parts))
  const hand = secondsOf(() => void shape.byHand(parts, masks))
  let matches = 0
  const own = secondsOf(() => {
    const { matcher, counts } = matcherFor({
      pattern: shape.pattern,
      slots: ['a', 'b'],
      partialMatchesMax: 1000,
    })
    for (let index = 0; index < count; index++) {
      const event = freshEvent(index)
      if (matcher.nextDeadline <= event.time) matcher.advance(event.time as EventTime)
      matcher.process(`${parts[index]}.`, event, masks[index] ?? 0)
      if (index % 200_000 === 0) checkpoint(matcher)
    }
    matches = counts.matches
  })
  const name = `${shape.name}, ${keyCount} keys`
  return [
    {
      name,
      value: perSecond(count, own),
      unit: 'events/s',
      ratio: map / own,
      against: 'Map get+set',
      note: `${matches} matches`,
    },
    {
      name: `${name}`,
      value: perSecond(count, hand),
      unit: 'by hand',
      ratio: hand / own,
      against: 'by hand',
    },
  ]
}
