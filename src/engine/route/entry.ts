import type { Scalar } from '../model/index.ts'
import type { Field } from './field.ts'
import type { Lane, Tap } from './lane.ts'
import { INTERVAL, type SharedPredicate, SINGLE } from './predicate.ts'

/** A tap where it stands in the index, with what is left to find out about it there. */
export interface Entry {
  readonly tap: Tap
  readonly lane: Lane
  readonly bits: number
  /** Conjuncts that were not looked up on the way; undefined: none. */
  readonly residual: readonly SharedPredicate[] | undefined
}

/** An entry that stands among others, its simple comparisons as numbers in the node's cells. */
export interface OpenEntry extends Entry {
  readonly id: number
  readonly told: readonly SharedPredicate[]
  /** What the cells do not say; undefined: nothing. */
  readonly asked: readonly SharedPredicate[] | undefined
}

/*
 * Cells of an entry: their number, its id, and for each comparison three, the field's slot times four plus the kind, and two operands:
 * the value's id; or the ends of an interval, both inside. Several values are as many comparisons behind each other, of which the
 * last is the one that fails.
 */
export const HEADER = 2
export const COMPARISON = 3
export const IS = 0
export const IS_OR = 1
export const WITHIN = 2

const VALUES_MAX = 8

/** Whether a conjunct is compared by cells. */
export const isTold = ({ form, field, ask }: SharedPredicate): boolean => {
  if (field === undefined) return false
  return ask === SINGLE || ask === INTERVAL || (form?.kind === 'one-of' && isShort(form.values))
}

const isShort = (values: readonly Scalar[]): boolean => values.length > 0 && values.length <= VALUES_MAX

const valuesOf = ({ form }: SharedPredicate): readonly Scalar[] =>
  form?.kind === 'one-of' ? form.values : []

/** The entry as cells; values get ids, which `releaseValues` gives back. */
export function cellsOf(entry: OpenEntry): number[] {
  const cells = [0, entry.id]
  // An equality fails more often than an interval.
  for (const predicate of entry.told) if (predicate.ask !== INTERVAL) pushValues(cells, predicate)
  for (const predicate of entry.told) {
    if (predicate.ask === INTERVAL)
      cells.push(((predicate.field as Field).slot << 2) | WITHIN, predicate.low, predicate.high)
  }
  cells[0] = cells.length
  return cells
}

function pushValues(cells: number[], predicate: SharedPredicate): void {
  const field = predicate.field as Field
  const ids = valuesOf(predicate).map((value) => field.values.acquire(value))
  ids.forEach((id, index) => {
    // Behind a value that matches, its alternatives are passed over.
    const left = ids.length - 1 - index
    cells.push((field.slot << 2) | (left === 0 ? IS : IS_OR), id, left)
  })
}

export function releaseValues(entry: OpenEntry): void {
  for (const predicate of entry.told) {
    for (const value of valuesOf(predicate)) predicate.field?.values.release(value)
  }
}
