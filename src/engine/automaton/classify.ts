import type { Classification, PatternInput } from './contract.ts'
import type { Graph } from './graph.ts'

/** Chooses what is kept per key and says what bounds it. */
export function classify(input: PatternInput, _graph: Graph): Classification {
  return {
    kind: 'runs',
    bound: `One entry per partial match and key, at most ${input.partialMatchesMax}; the oldest is shed beyond it.`,
  }
}
