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

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']
const TYPES = [3, 5, 7, 9]
const WINDOWS = [50, 200, 1_000, 10_000]

/** CORE's workload: skip-till-any sequences over one key whose last type never occurs; a window counts events. */
export function coreCases(scale: number): Case[] {
  return TYPES.map((types) => ({
    name: `core ${types}`,
    run: (): Row[] => {
      const first = speed(types, WINDOWS[0] ?? 50, scale)
      return WINDOWS.flatMap((window, index) => {
        const { own, hand } = index === 0 ? first : speed(types, window, scale)
        const name = `skip-till-any, ${types} types, window ${window} events, no last`
        return [
          { name, value: own, unit: 'events/s', ratio: own / first.own, against: 'window 50' },
          { name, value: hand, unit: 'by hand', ratio: own / hand, against: 'by hand' },
        ]
      })
    },
  }))
}

/** What somebody would write: a queue of events per type, cleared from the front; sequences would be counted at the last type. */
function queuesByHand(masks: Uint32Array, types: number, window: number): number {
  const queues = Array.from({ length: types }, () => ({ events: [] as StreamEvent[], head: 0 }))
  let kept = 0
  for (let index = 0; index < masks.length; index++) {
    const event = eventAt(index, index + 1)
    for (const queue of queues) {
      while ((queue.events[queue.head]?.time ?? Number.POSITIVE_INFINITY) + window <= event.time) queue.head++
      if (queue.head > 1_000 && queue.head * 2 > queue.events.length) {
        queue.events = queue.events.slice(queue.head)
        queue.head = 0
      }
    }
    const type = 31 - Math.clz32(masks[index] ?? 1)
    // A sequence has begun, or nothing can follow.
    if (type === 0 || (queues[type - 1]?.events.length ?? 0) > (queues[type - 1]?.head ?? 0)) {
      queues[type]?.events.push(event)
      kept++
    }
  }
  return kept
}

function speed(
  types: number,
  window: number,
  scale: number,
): { readonly own: number; readonly hand: number } {
  const names = NAMES.slice(0, types)
  const pattern: Pattern = {
    steps: names.map((name) => ({ kind: 'event', events: [name], contiguity: 'non-deterministic-relaxed' })),
    withinMs: durationMs(window),
  }
  const count = Math.round(1_000_000 * Math.max(scale, 0.2))
  const next = randomNumbers(types)
  const masks = Uint32Array.from({ length: count }, () => 1 << ((next() >>> 8) % (types - 1)))
  const hand = secondsOf(() => void queuesByHand(masks, types, window), 2)
  const own = secondsOf(() => {
    const { matcher } = matcherFor({
      pattern,
      slots: names,
      afterMatch: { kind: 'no-skip' },
      partialMatchesMax: 1_000_000,
    })
    for (let index = 0; index < count; index++) {
      const event = eventAt(index, index + 1)
      if (matcher.nextDeadline <= index) matcher.advance(index as EventTime)
      matcher.process('key', event, masks[index] ?? 0)
      if (index % 100_000 === 0) checkpoint(matcher)
    }
  }, 2)
  return { own: perSecond(count, own), hand: perSecond(count, hand) }
}
