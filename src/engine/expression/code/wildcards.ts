import { Failure } from '../failure.ts'
import { chargeSize, enter, run } from '../run.ts'
import { enterValue, isObject, leaveValue, Sequence } from '../values.ts'
import type { Code } from './compiler.ts'

function flattenInto(value: unknown, result: unknown[]): void {
  if (!Array.isArray(value)) {
    chargeSize(1)
    result.push(value)
    return
  }
  enterValue()
  for (let i = 0; i < value.length; i++) flattenInto(value[i], result)
  leaveValue()
}

/** `*`: the values of all fields, arrays flattened. An array among them makes the whole an array: it is no sequence any more. */
export const wildcard: Code = (input) => {
  const from = input instanceof Sequence && input.outer && input.length > 0 ? input[0] : input
  if (!isObject(from) && !Array.isArray(from)) return undefined
  const values = Object.values(from)
  const result: unknown[] = values.some((value) => Array.isArray(value)) ? [] : new Sequence()
  for (const value of values) flattenInto(value, result)
  if (result.length > run.limits.sequence) throw new Failure('D2015', { value: run.limits.sequence })
  return result
}

function descend(value: unknown, result: Sequence): void {
  enter()
  if (Array.isArray(value)) for (let i = 0; i < value.length; i++) descend(value[i], result)
  else {
    result.add(value)
    if (isObject(value)) for (const member of Object.values(value)) descend(member, result)
  }
  leaveValue()
}

/** `**`: the value and everything in it. */
export const descendants: Code = (input) => {
  if (input === undefined) return undefined
  const result = new Sequence()
  descend(input, result)
  return result.length === 1 ? result[0] : result
}
