import { Native } from '../callable.ts'
import { Failure } from '../failure.ts'
import { textOf } from '../text.ts'
import { AGGREGATES, type Library } from './aggregates.ts'
import { COLLECTIONS } from './collections.ts'
import { ENCODING } from './encoding.ts'
import { EVENTS } from './events.ts'
import { HIGHER_ORDER } from './higher-order.ts'
import { MATCHING } from './matching.ts'
import { NUMBERS } from './numbers.ts'
import { PICTURES } from './pictures.ts'
import { STRINGS } from './strings.ts'

const OTHER: Library = {
  clone: ['<(oa)-:o>', 1, ([value]) => clone(value)],
}

/** A deep copy by way of JSON, as the language defines it: functions become texts, metadata is left behind. */
export function clone(value: unknown): unknown {
  const text = textOf(value)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new Failure('U1005')
  }
}

const functions = new Map<string, Native>()
for (const library of [
  AGGREGATES,
  COLLECTIONS,
  ENCODING,
  EVENTS,
  HIGHER_ORDER,
  MATCHING,
  NUMBERS,
  OTHER,
  PICTURES,
  STRINGS,
])
  for (const [name, [signature, parameters, body]] of Object.entries(library))
    functions.set(name, new Native(name, signature, parameters, body))

export const FUNCTIONS: ReadonlyMap<string, Native> = functions

/** They break replay, or cannot be bounded. */
export const REFUSED: ReadonlyMap<string, string> = new Map([
  ['now', 'use `_time`, the time of the event at hand, or `$seconds_since($step)`'],
  ['millis', 'use `$toMillis(_time)`, the time of the event at hand'],
  ['random', 'a replay must give the same answer; take a value from the event'],
  ['shuffle', 'a replay must give the same answer; use `$sort`'],
  ['eval', 'write the expression itself'],
])
