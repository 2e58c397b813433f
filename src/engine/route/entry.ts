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

/** What most events want of an entry, as a row of numbers. */
export const HEAD = 4
/** The lane's number, or its complement when there is something to ask. */
export const LANE = 0
export const BITS = 1
/** Where the comparisons are that come behind the first; 0: there are none. */
export const REST = 2

/** Entries by number. */
export class EntryTable {
  /** A row each. */
  heads = new Int32Array(64 * HEAD)
  readonly #entries: Entry[] = []
  readonly #free: number[] = []

  get(id: number): Entry {
    return this.#entries[id] as Entry
  }

  /** @param rest where its further comparisons are. */
  add(entry: Entry, rest = 0): number {
    const id = this.#free.pop() ?? this.#entries.length
    this.#entries[id] = entry
    if (HEAD * id === this.heads.length) this.heads = twice(this.heads)
    const { number } = entry.tap.lane
    this.heads.set([entry.asked === undefined ? number : ~number, entry.bits, rest], HEAD * id)
    return id
  }

  /** The number may be given to another. */
  remove(id: number): void {
    this.#free.push(id)
  }
}

/*
 * A comparison is two cells. The first says the field's slot, the kind, and how many alternatives come behind it; the second is the id
 * of the value or of the interval. Several values are as many comparisons behind each other, of which the last is the one that fails.
 *
 * In a node, an entry is three cells: its first comparison, when that is with one value and nothing else, and its number. Nearly every
 * entry has one and most end there, so that an event passes over many entries in few cache lines. All other comparisons of an entry
 * stand elsewhere, behind their number of cells.
 */
export const COMPARISON = 2
export const ITEM = 3
/** The first cell of an entry that has no such comparison. */
export const NO_FIRST = -1
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

/** The entry's comparisons as cells, the first apart; values and intervals get ids, which `releaseIds` gives back. */
export function comparisonsOf(
  { told }: Entry,
  intervals: IntervalIds,
): { readonly first: readonly [number, number]; readonly rest: readonly number[] } {
  const cells: number[] = []
  // One value is asked for first, an equality fails more often than an interval.
  for (const predicate of told) if (predicate.ask === SINGLE) pushValues(cells, predicate)
  for (const predicate of told)
    if (predicate.ask !== SINGLE && predicate.ask !== INTERVAL) pushValues(cells, predicate)
  for (const predicate of told) {
    if (predicate.ask !== INTERVAL) continue
    cells.push(codeOf((predicate.field as Field).slot, WITHIN), intervals.acquire(predicate))
  }
  const [code = NO_FIRST, value = 0] = cells
  return isPlain(code)
    ? { first: [code, value], rest: cells.slice(COMPARISON) }
    : { first: [NO_FIRST, 0], rest: cells }
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
