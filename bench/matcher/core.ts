import { durationMs, type EventTime, type Pattern } from '../../src/engine/index.ts'
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
      return WINDOWS.map((window, index) => {
        const value = index === 0 ? first : speed(types, window, scale)
        return {
          name: `skip-till-any, ${types} types, window ${window} events, no last`,
          value,
          unit: 'events/s',
          ratio: value / first,
          against: 'window 50',
        }
      })
    },
  }))
}

function speed(types: number, window: number, scale: number): number {
  const names = NAMES.slice(0, types)
  const pattern: Pattern = {
    steps: names.map((name) => ({ kind: 'event', events: [name], contiguity: 'non-deterministic-relaxed' })),
    withinMs: durationMs(window),
  }
  const count = Math.round(1_000_000 * Math.max(scale, 0.2))
  const next = randomNumbers(types)
  const masks = Uint32Array.from({ length: count }, () => 1 << ((next() >>> 8) % (types - 1)))
  const seconds = secondsOf(() => {
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
  return perSecond(count, seconds)
}
