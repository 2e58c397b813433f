import { field, isMetadata } from '../values.ts'

/** Whether a plain property read could find what is not data. */
const isInherited = (name: string): boolean => name in Object.prototype

/** A field of one object; undefined for everything that is no object. Arrays are not answered: the caller asks first. */
export type Getter = (value: unknown) => unknown

export function getterOf(name: string): Getter {
  if (isInherited(name) || isMetadata(name))
    return (value) => (typeof value === 'object' && value !== null ? field(value, name) : undefined)
  return (value) =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

/** Marks a path that leads through an array: the general rules decide. */
export const THROUGH_ARRAY = Symbol('through an array')

/** The value at a path through objects. */
export function pathGetter(path: readonly string[]): Getter {
  const [first, second, ...rest] = path.map(getterOf)
  if (first === undefined) return (value) => value
  if (second === undefined) return (value) => (Array.isArray(value) ? THROUGH_ARRAY : first(value))
  if (rest.length === 0)
    return (value) => {
      if (Array.isArray(value)) return THROUGH_ARRAY
      const inner = first(value)
      return Array.isArray(inner) ? THROUGH_ARRAY : second(inner)
    }
  const getters = [first, second, ...rest]
  return (value) => {
    let current = value
    for (let i = 0; i < getters.length; i++) {
      if (Array.isArray(current)) return THROUGH_ARRAY
      current = getters[i]?.(current)
    }
    return current
  }
}
