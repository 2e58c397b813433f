import type { CreateKeyedMatcher } from './contract.ts'
import { LogMatcher } from './log-matcher.ts'
import { RunMatcher } from './run-matcher.ts'
import { SuffixMatcher } from './suffix-matcher.ts'

export type * from './contract.ts'

/** The matcher for the pattern's class. */
export const createKeyedMatcher: CreateKeyedMatcher = (automaton, host) => {
  const { plan } = automaton
  switch (plan.kind) {
    case 'suffixes':
      return new SuffixMatcher(automaton, plan, host)
    case 'logs':
      return new LogMatcher(automaton, host)
    case 'runs':
      return new RunMatcher(automaton, host)
    default:
      return plan satisfies never
  }
}
