import type { EventData, JsonValue } from '../model/index.ts'

/** What stands in a field, as far as an index cares. */
export const ABSENT = 0
export const TEXT = 1
export const NUMBER = 2
/** Boolean or null. */
export const OTHER_SCALAR = 3
/** Object or array. */
export const STRUCTURE = 4
/** An array on the way: the expression language maps over it, so only the expression can tell. */
export const MAPPED = 5

/** A field of events, read once per event however many rules look at it. */
export interface Field {
  readonly path: readonly string[]
  /** Names that every object inherits something under are read with care. */
  readonly isRisky: boolean
  users: number
  stamp: number
  kind: number
  value: JsonValue | undefined
}

/** The distinct fields that the index looks at. */
export class FieldTable {
  readonly #fields = new Map<string, Field>()

  acquire(path: readonly string[]): Field {
    const id = JSON.stringify(path)
    let field = this.#fields.get(id)
    if (field === undefined) {
      const isRisky = path.some((name) => name in Object.prototype)
      field = { path, isRisky, users: 0, stamp: -1, kind: ABSENT, value: undefined }
      this.#fields.set(id, field)
    }
    field.users++
    return field
  }

  release(field: Field): void {
    if (--field.users === 0) this.#fields.delete(JSON.stringify(field.path))
  }
}

/** Reads the field of the event that `stamp` stands for. */
export function readField(field: Field, stamp: number, data: EventData): void {
  field.stamp = stamp
  const { path } = field
  let value: JsonValue | undefined = data
  for (let index = 0; index < path.length; index++) {
    if (typeof value !== 'object' || value === null) {
      value = undefined
      break
    }
    if (Array.isArray(value)) {
      field.kind = MAPPED
      field.value = undefined
      return
    }
    const name = path[index] as string
    value = field.isRisky && !Object.hasOwn(value, name) ? undefined : value[name]
  }
  field.value = value
  field.kind = kindOf(value)
}

function kindOf(value: JsonValue | undefined): number {
  switch (typeof value) {
    case 'undefined':
      return ABSENT
    case 'string':
      return TEXT
    case 'number':
      return NUMBER
    case 'object':
      return value === null ? OTHER_SCALAR : STRUCTURE
    default:
      return OTHER_SCALAR
  }
}
