import type { Scalar } from '../model/index.ts'
import type { Field } from './field.ts'
import type { Tap } from './lane.ts'
import { twice } from './numbers.ts'
import { INTERVAL, type SharedPredicate, SINGLE } from './predicate.ts'

/** A tap where it stands in the index, with what is left to find out about it there. */
export interface Entry {
  readonly tap: Tap
  /** Bits of the tap when nothing is left. */
  readonly bits: number
  /** Conjuncts that the cells compare. */
  readonly told: readonly SharedPredicate[]
  /** Conjuncts that nothing else says; undefined: none. */
  readonly asked: readonly SharedPredicate[] | undefined
}

/** Entries by number. What most events want of them stands apart in two arrays: the lane's number, and the bits. */
export class EntryTable {
  /** The lane's number; its complement when there is something to ask. */
  lanes = new Int32Array(64)
  bits = new Int32Array(64)
  readonly #entries: Entry[] = []
  readonly #free: number[] = []

  get(id: number): Entry {
    return this.#entries[id] as Entry
  }

  add(entry: Entry): number {
    const id = this.#free.pop() ?? this.#entries.length
    this.#entries[id] = entry
    if (id === this.lanes.length) {
      this.lanes = twice(this.lanes)
      this.bits = twice(this.bits)
    }
    const { number } = entry.tap.lane
    this.lanes[id] = entry.asked === undefined ? number : ~number
    this.bits[id] = entry.bits
    return id
  }

  /** The number may be given to another. */
  remove(id: number): void {
    this.#free.push(id)
  }
}

/*
 * Cells of an entry: how many they are, its number, and two for each comparison. The first says the field's slot, the kind, and how many
 * alternatives come behind it; the second is the id of the value or of the interval. Several values are as many comparisons behind
 * each other, of which the last is the one that fails.
 */
export const HEADER = 2
export const COMPARISON = 2
export const IS = 0
export const IS_OR = 1
export const WITHIN = 2

const KIND_BITS = 2
const ALTERNATIVE_BITS = 3
const VALUES_MAX = 1 << ALTERNATIVE_BITS

export const slotOf = (code: number): number => code >> (KIND_BITS + ALTERNATIVE_BITS)
export const kindOf = (code: number): number => code & 3
export const alternativesOf = (code: number): number => (code >> KIND_BITS) & (VALUES_MAX - 1)

/** One value and no other. */
export const isPlain = (code: number): boolean => (code & ((1 << (KIND_BITS + ALTERNATIVE_BITS)) - 1)) === IS

const codeOf = (slot: number, kind: number, alternatives = 0): number =>
  (slot << (KIND_BITS + ALTERNATIVE_BITS)) | (alternatives << KIND_BITS) | kind

/** Whether a conjunct is compared by cells. */
export const isTold = ({ form, field, ask }: SharedPredicate): boolean => {
  if (field === undefined) return false
  return ask === SINGLE || ask === INTERVAL || (form?.kind === 'one-of' && isShort(form.values))
}

const isShort = (values: readonly Scalar[]): boolean => values.length > 0 && values.length <= VALUES_MAX

const valuesOf = ({ form }: SharedPredicate): readonly Scalar[] =>
  form?.kind === 'one-of' ? form.values : []

/** The entry as cells; values and intervals get ids, which `releaseIds` gives back. */
export function cellsOf(id: number, { told }: Entry, intervals: IntervalIds): number[] {
  const cells = [0, id]
  // An equality fails more often than an interval.
  for (const predicate of told) if (predicate.ask !== INTERVAL) pushValues(cells, predicate)
  for (const predicate of told) {
    if (predicate.ask !== INTERVAL) continue
    cells.push(codeOf((predicate.field as Field).slot, WITHIN), intervals.acquire(predicate))
  }
  cells[0] = cells.length
  return cells
}

function pushValues(cells: number[], predicate: SharedPredicate): void {
  const field = predicate.field as Field
  const ids = valuesOf(predicate).map((value) => field.values.acquire(value))
  // Behind a value that matches, its alternatives are passed over.
  ids.forEach((id, index) => {
    const left = ids.length - 1 - index
    cells.push(codeOf(field.slot, left === 0 ? IS : IS_OR, left), id)
  })
}

export function releaseIds({ told }: Entry, intervals: IntervalIds): void {
  for (const predicate of told) {
    if (predicate.ask === INTERVAL) intervals.release(predicate)
    for (const value of valuesOf(predicate)) predicate.field?.values.release(value)
  }
}

/** Small numbers for intervals, and the ends of each: both inside. */
export class IntervalIds {
  /** By id, low and high. */
  readonly ends: number[] = []
  readonly #ids = new Map<SharedPredicate, { readonly id: number; users: number }>()
  readonly #free: number[] = []

  acquire(predicate: SharedPredicate): number {
    let known = this.#ids.get(predicate)
    if (known === undefined) {
      known = { id: this.#free.pop() ?? this.ends.length >> 1, users: 0 }
      this.#ids.set(predicate, known)
      this.ends[2 * known.id] = predicate.low
      this.ends[2 * known.id + 1] = predicate.high
    }
    known.users++
    return known.id
  }

  release(predicate: SharedPredicate): void {
    const known = this.#ids.get(predicate)
    if (known === undefined || --known.users > 0) return
    this.#ids.delete(predicate)
    this.#free.push(known.id)
  }
}
