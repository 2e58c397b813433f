import { Failure } from '../failure.ts'
import { chargeRounds, chargeSize, chargeSteps } from '../run.ts'
import {
  append,
  deepEqual,
  enterValue,
  isFunction,
  isNumber,
  isObject,
  leaveValue,
  lookup,
  Sequence,
  setOwn,
  truth,
} from '../values.ts'
import type { Library } from './aggregates.ts'

export function keysOf(value: unknown): Sequence {
  const result = new Sequence()
  if (Array.isArray(value)) {
    const names = new Set<string>()
    for (const member of value) for (const name of keysOf(member)) names.add(name as string)
    for (const name of names) result.add(name)
  } else if (isObject(value)) for (const name of Object.keys(value)) result.add(name)
  return result
}

function spread(value: unknown): unknown {
  if (Array.isArray(value)) {
    if (value.length === 0) return new Sequence()
    const result: unknown[] = []
    for (const member of value) {
      enterValue()
      const parts = spread(member)
      leaveValue()
      if (Array.isArray(parts)) for (const part of parts) result.push(part)
      else if (parts !== undefined) result.push(parts)
    }
    chargeSize(result.length)
    return result
  }
  if (!isObject(value)) return value
  const result = new Sequence()
  for (const [name, member] of Object.entries(value)) {
    const object: Record<string, unknown> = {}
    setOwn(object, name, member)
    result.add(object)
  }
  return result
}

/** A field of an object costs about as much as four slots of an array. */
const FIELD_COST = 4

function merge(objects: readonly unknown[]): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const object of objects) {
    if (typeof object !== 'object' || object === null || isFunction(object)) continue
    const entries = Object.entries(object)
    chargeSize(entries.length * FIELD_COST)
    for (const [name, member] of entries) setOwn(result, name, member)
  }
  return result
}

/** Scalars by a set; the rest by comparison, which is counted. */
function distinct(value: unknown): unknown {
  if (!Array.isArray(value) || value.length <= 1) return value
  const result: unknown[] = value instanceof Sequence ? new Sequence() : []
  const scalars = new Set<unknown>()
  const others: unknown[] = []
  chargeRounds(value.length)
  for (const member of value) {
    if (typeof member !== 'object' || member === null) {
      // The set says NaN is equal to itself; the language does not. Neither can come out of JSON.
      if (scalars.has(member)) continue
      scalars.add(member)
    } else {
      chargeSteps(others.length)
      if (others.some((other) => deepEqual(member, other))) continue
      others.push(member)
    }
    chargeSize(1)
    result.push(member)
  }
  return result
}

export function typeOf(value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (value === null) return 'null'
  if (isNumber(value)) return 'number'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'boolean'
  if (Array.isArray(value)) return 'array'
  return isFunction(value) ? 'function' : 'object'
}

function zip(arrays: readonly unknown[]): unknown {
  let length = Number.POSITIVE_INFINITY
  for (const array of arrays) length = Math.min(length, Array.isArray(array) ? array.length : 0)
  if (!Number.isFinite(length)) return []
  chargeSize(length * (arrays.length + 1))
  const result: unknown[] = []
  for (let i = 0; i < length; i++) result.push(arrays.map((array) => (array as readonly unknown[])[i]))
  return result
}

function reverse(value: unknown): unknown {
  if (value === undefined || (value as readonly unknown[]).length <= 1) return value
  chargeSize((value as readonly unknown[]).length)
  return Array.from(value as readonly unknown[]).reverse()
}

export const COLLECTIONS: Library = {
  boolean: ['<x-:b>', 1, ([value]) => truth(value)],
  not: ['<x-:b>', 1, ([value]) => (value === undefined ? undefined : truth(value) !== true)],
  exists: ['<x:b>', 1, ([value]) => value !== undefined],
  type: ['<x:s>', 1, ([value]) => typeOf(value)],
  keys: ['<x-:a<s>>', 1, ([value]) => keysOf(value)],
  lookup: ['<x-s:x>', 2, ([value, name]) => lookup(value, String(name))],
  append: ['<xx:a>', 2, ([left, right]) => append(left, right)],
  spread: ['<x-:a<o>>', 1, ([value]) => spread(value)],
  merge: ['<a<o>:o>', 1, ([objects]) => (objects === undefined ? undefined : merge(objects as unknown[]))],
  reverse: ['<a:a>', 1, ([value]) => reverse(value)],
  distinct: ['<x:x>', 1, ([value]) => distinct(value)],
  zip: ['<a+>', 1, (arrays) => zip(arrays)],
  error: [
    '<s?:x>',
    1,
    ([message]) => {
      throw new Failure('D3137', { text: (message as string | undefined) || '$error() function evaluated' })
    },
  ],
  assert: [
    '<bs?:x>',
    2,
    ([condition, message]) => {
      if (condition !== true)
        throw new Failure('D3141', { text: (message as string | undefined) || '$assert() statement failed' })
      return undefined
    },
  ],
}
