import type { CreateKeyedMatcher } from './contract.ts'
import { RunMatcher } from './run-matcher.ts'

export type * from './contract.ts'

/** The matcher for the pattern's class. */
export const createKeyedMatcher: CreateKeyedMatcher = (automaton, host) => new RunMatcher(automaton, host)
