import type { Scalar } from '../model/index.ts'

/** Longer texts of events are made anew for each event, whatever is done here. */
const LENGTH_MAX = 10

/**
 * The same value; a short text is given as the one that a name of a property would be. A parser gives the short texts of events in
 * that form too, so that finding one among others compares where they are instead of what they say.
 */
export function interned(value: Scalar): Scalar {
  if (typeof value !== 'string' || value.length > LENGTH_MAX) return value
  return Object.keys({ [value]: 0 })[0] ?? value
}
