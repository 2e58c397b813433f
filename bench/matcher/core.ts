import { durationMs, type Pattern, type StreamEvent } from '../../src/engine/index.ts'
import {
  type Case,
  checkpoint,
  eventAt,
  matcherFor,
  perSecond,
  type Row,
  randomNumbers,
  secondsOnce,
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
function queuesByHand(types: number, window: number) {
  const queues = Array.from({ length: types }, () => ({ events: [] as StreamEvent[], head: 0 }))
  return (event: StreamEvent, mask: number): void => {
    for (const queue of queues) {
      while ((queue.events[queue.head]?.time ?? Number.POSITIVE_INFINITY) + window <= event.time) queue.head++
      if (queue.head > 1_000 && queue.head * 2 > queue.events.length) {
        queue.events = queue.events.slice(queue.head)
        queue.head = 0
      }
    }
    const type = 31 - Math.clz32(mask)
    // A sequence has begun, or nothing can follow.
    if (type === 0 || (queues[type - 1]?.events.length ?? 0) > (queues[type - 1]?.head ?? 0))
      queues[type]?.events.push(event)
  }
}

function matcherOf(types: number, window: number) {
  const names = NAMES.slice(0, types)
  const pattern: Pattern = {
    steps: names.map((name) => ({ kind: 'event', events: [name], contiguity: 'non-deterministic-relaxed' })),
    withinMs: durationMs(window),
  }
  const { matcher } = matcherFor({
    pattern,
    slots: names,
    afterMatch: { kind: 'no-skip' },
    partialMatchesMax: 1_000_000,
  })
  return (event: StreamEvent, mask: number): void => {
    if (matcher.nextDeadline <= event.time) matcher.advance(event.time)
    matcher.process('key', event, mask)
    if (event.time % 100_000 === 0) checkpoint(matcher)
  }
}

function speed(
  types: number,
  window: number,
  scale: number,
): { readonly own: number; readonly hand: number } {
  const count = Math.round(1_000_000 * Math.max(scale, 0.2))
  const next = randomNumbers(types)
  const masks = Uint32Array.from({ length: count }, () => 1 << ((next() >>> 8) % (types - 1)))
  return {
    hand: steadySpeed(masks, queuesByHand(types, window)),
    own: steadySpeed(masks, matcherOf(types, window)),
  }
}

/** Events per second once the windows are full and the heap has the size that it will have: the first of three rounds does not count. */
function steadySpeed(masks: Uint32Array, process: (event: StreamEvent, mask: number) => void): number {
  let time = 0
  const round = (): void => {
    for (const mask of masks) {
      process(eventAt(time, time + 1), mask)
      time++
    }
  }
  round()
  return perSecond(masks.length, Math.min(secondsOnce(round), secondsOnce(round)))
}
