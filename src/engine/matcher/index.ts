import type { Automaton } from '../automaton/index.ts'
import type { CreateKeyedMatcher, KeyedMatcher, MatcherHost } from './contract.ts'
import { LogMatcher } from './log-matcher.ts'
import type { RunObserver } from './observer.ts'
import { RunMatcher } from './run-matcher.ts'
import { SuffixMatcher } from './suffix-matcher.ts'

export type * from './contract.ts'
export { ExpiryWheel } from './expiry-wheel.ts'
export type { Closing, RunObserver, Taking } from './observer.ts'
export { edgeLimit, type Run } from './run.ts'
export { compareEvents, type Moment } from './taken.ts'

/** The matcher for the pattern's class. */
export const createKeyedMatcher: CreateKeyedMatcher = (automaton, host, options) => {
  const { plan } = automaton
  switch (plan.kind) {
    case 'suffixes':
      return new SuffixMatcher(automaton, plan, host)
    case 'logs':
      return new LogMatcher(automaton, host)
    case 'runs':
      return new RunMatcher(automaton, host, options)
    default:
      return plan satisfies never
  }
}

/** The general matcher with somebody watching; it takes what the matcher of the pattern's class takes. */
export const createObservedMatcher = (
  automaton: Automaton,
  host: MatcherHost,
  observer: RunObserver,
): KeyedMatcher => new RunMatcher(automaton, host, {}, observer)
