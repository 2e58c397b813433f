import type { Tap } from './lane.ts'
import type { SharedPredicate } from './predicate.ts'

/** An event's payload is read, and a field of it looked up. */
const READING_FUEL = 4
/** A text is searched, or a condition evaluated. */
const EVALUATION_FUEL = 2
/** Characters of a regular expression that are run as fast as one evaluation of anything else. */
const PATTERN_CHARACTERS = 128

/**
 * What an event of the right subject costs before it is known whether the rule cares, as if the rule were alone: for guests, who pay for
 * everything. Told by the text, so it is an estimate: what is false ends the search, and what is looked up first depends on the others.
 */
export function readingFuel({ early, canStart }: Tap): number {
  if (!canStart) return READING_FUEL
  const asked = early.some(isLookedUp) ? 0 : sum(early.map(askingFuel))
  return READING_FUEL + Math.max(asked, early.some(isSearched) ? EVALUATION_FUEL : 0)
}

/** Found by a value or a number that an event must have. */
const isLookedUp = ({ form }: SharedPredicate): boolean => form?.kind === 'one-of' || form?.kind === 'range'

/** Found by a text that it must have somewhere. */
const isSearched = ({ form, needs }: SharedPredicate): boolean =>
  form?.kind === 'contains' || form?.kind === 'prefix' || needs !== undefined

function askingFuel(predicate: SharedPredicate): number {
  if (isSearched(predicate)) return EVALUATION_FUEL
  const { form } = predicate
  const pattern = form?.kind === 'matches' ? form.pattern.length : 0
  return EVALUATION_FUEL * (1 + pattern / PATTERN_CHARACTERS)
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
