import type { Classification, PatternInput } from './contract.ts'
import type { Plan } from './plan.ts'

/** Says what is kept per key and what bounds it. */
export function classify(input: PatternInput, plan: Plan): Classification {
  const max = input.partialMatchesMax
  switch (plan.kind) {
    case 'suffixes':
      return {
        kind: 'suffixes',
        bound: `One list of ${input.slots[plan.firstSlots[0] ?? 0] ?? 'first'} events per key, at most ${max}; the oldest is shed beyond it. The cost of an event does not depend on their number.`,
      }
    case 'logs':
      return {
        kind: 'logs',
        bound: `One entry per event taken, step and key, at most ${max}; the oldest starts are shed beyond it. The cost of an event does not depend on their number, only on that of the matches it completes.`,
      }
    case 'runs':
      return {
        kind: 'runs',
        bound: `One entry per partial match and key, at most ${max}; the oldest is shed beyond it. An event costs as much as its key has partial matches.`,
      }
    default:
      return plan satisfies never
  }
}
