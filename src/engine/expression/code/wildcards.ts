import { enter } from '../run.ts'
import { enterValue, isObject, leaveValue, Sequence } from '../values.ts'
import type { Code } from './compiler.ts'

function flattenInto(value: unknown, result: Sequence): void {
  if (!Array.isArray(value)) {
    result.add(value)
    return
  }
  enterValue()
  for (let i = 0; i < value.length; i++) flattenInto(value[i], result)
  leaveValue()
}

/** `*`: the values of all fields, arrays flattened. */
export const wildcard: Code = (input) => {
  const from = input instanceof Sequence && input.outer && input.length > 0 ? input[0] : input
  const result = new Sequence()
  if (isObject(from) || Array.isArray(from))
    for (const value of Object.values(from)) {
      if (Array.isArray(value)) flattenInto(value, result)
      else result.add(value)
    }
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
