import type { Classification, PatternInput } from './contract.ts'
import type { Plan } from './plan.ts'

/**
 * Bytes of one entry with its event, without the event's payload: rounded up from what `npm run bench:matcher` measures. A run stands
 * for itself and for the events that it alone has taken.
 */
const ENTRY_BYTES = { suffixes: 256, logs: 448, runs: 640 } as const

/** Says what is kept per key and what bounds it. */
export function classify(input: PatternInput, plan: Plan): Classification {
  const max = input.partialMatchesMax
  const bytesMax = max * ENTRY_BYTES[plan.kind]
  const atMost = `at most ${max} (${kibibytes(bytesMax)} beside the payloads of their events)`
  switch (plan.kind) {
    case 'suffixes':
      return {
        kind: 'suffixes',
        bytesMax,
        bound: `One list of ${input.slots[plan.firstSlots[0] ?? 0] ?? 'first'} events per key, ${atMost}; the oldest is shed beyond it. The cost of an event does not depend on their number.`,
      }
    case 'logs':
      return {
        kind: 'logs',
        bytesMax,
        bound: `One entry per event taken, step and key, ${atMost}; the oldest starts are shed beyond it. The cost of an event does not depend on their number, only on that of the matches it completes.`,
      }
    case 'runs':
      return {
        kind: 'runs',
        bytesMax,
        bound: `One entry per partial match and key, ${atMost}; the oldest is shed beyond it. An event costs as much as its key has partial matches that it can change.`,
      }
    default:
      return plan satisfies never
  }
}

const kibibytes = (bytes: number): string =>
  bytes < 1_048_576 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1_048_576).toFixed(1)} MiB`
