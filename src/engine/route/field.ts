import type { EventData, JsonValue, Scalar } from '../model/index.ts'
import { UNASKED, ValueIds } from './value-ids.ts'

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
  /** Its place in the table; a field that nobody uses any more leaves it to another. */
  readonly slot: number
  readonly values: ValueIds
  users: number
  stamp: number
  kind: number
  value: JsonValue | undefined
  /** The text in lower case, when somebody asked for it. */
  lowered: string | undefined
  /** The event that `valueId` is about. */
  valueStamp: number
  valueId: number
}

/** The distinct fields that the index looks at. */
export class FieldTable {
  readonly slots: Field[] = []
  readonly #fields = new Map<string, Field>()
  readonly #free: number[] = []

  acquire(path: readonly string[]): Field {
    const id = JSON.stringify(path)
    let field = this.#fields.get(id)
    if (field === undefined) {
      const isRisky = path.some((name) => name in Object.prototype)
      field = {
        path,
        isRisky,
        slot: this.#free.pop() ?? this.slots.length,
        values: new ValueIds(),
        users: 0,
        stamp: -1,
        kind: ABSENT,
        value: undefined,
        lowered: undefined,
        valueStamp: -1,
        valueId: UNASKED,
      }
      this.slots[field.slot] = field
      this.#fields.set(id, field)
    }
    field.users++
    return field
  }

  release(field: Field): void {
    if (--field.users > 0) return
    this.#fields.delete(JSON.stringify(field.path))
    this.#free.push(field.slot)
  }
}

/** Of a field that holds a text. */
export function loweredText(field: Field): string {
  field.lowered ??= (field.value as string).toLowerCase()
  return field.lowered
}

/** Only the expression can tell whether the field is equal to something. */
export const UNTOLD = -2

/** The id of the field's value in the event that `stamp` stands for. */
export function readValueId(field: Field, stamp: number, data: EventData): number {
  if (field.stamp !== stamp) readField(field, stamp, data)
  field.valueStamp = stamp
  const { kind } = field
  if (kind === MAPPED) field.valueId = UNTOLD
  else if (kind === ABSENT || kind === STRUCTURE) field.valueId = UNASKED
  else field.valueId = field.values.idOf(field.value as Scalar)
  return field.valueId
}

/** Reads the field of the event that `stamp` stands for. */
export function readField(field: Field, stamp: number, data: EventData): void {
  field.stamp = stamp
  field.lowered = undefined
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
