import { field, isMetadata } from '../values.ts'

/** A value inside another one. Never throws: what is no object has no fields. */
export type Getter = (value: unknown) => unknown

/** Marks a path that leads through an array: the general rules decide. */
export const THROUGH_ARRAY = Symbol('through an array')

/** Whether a plain property read of an object finds this field and nothing else. */
export const isPlainName = (name: string): boolean => !(name in Object.prototype) && !isMetadata(name)

type Fields = Record<string, unknown>

const isIndirect = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || Array.isArray(value)

/** What a path finds in something that is no plain object. */
const inOther = (value: unknown): unknown => (Array.isArray(value) ? THROUGH_ARRAY : undefined)

function one(name: string): Getter {
  return (value) => (isIndirect(value) ? inOther(value) : (value as Fields)[name])
}

function two(first: string, second: string): Getter {
  return (value) => {
    if (isIndirect(value)) return inOther(value)
    const inner = (value as Fields)[first]
    return isIndirect(inner) ? inOther(inner) : (inner as Fields)[second]
  }
}

function three(first: string, second: string, third: string): Getter {
  return (value) => {
    if (isIndirect(value)) return inOther(value)
    const inner = (value as Fields)[first]
    if (isIndirect(inner)) return inOther(inner)
    const innermost = (inner as Fields)[second]
    return isIndirect(innermost) ? inOther(innermost) : (innermost as Fields)[third]
  }
}

function many(path: readonly string[]): Getter {
  return (value) => {
    let current = value
    for (let i = 0; i < path.length; i++) {
      if (isIndirect(current)) return inOther(current)
      current = field(current as object, path[i] as string)
    }
    return current
  }
}

/** The value at a path through objects. */
export function pathGetter(path: readonly string[]): Getter {
  const [first, second, third] = path
  if (first === undefined) return (value) => value
  if (path.length > 3 || !path.every(isPlainName)) return many(path)
  if (second === undefined) return one(first)
  return third === undefined ? two(first, second) : three(first, second, third)
}
