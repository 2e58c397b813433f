import type { PredicateForm, Scalar } from '../model/index.ts'
import type { Tap } from './lane.ts'
import type { SharedPredicate } from './predicate.ts'

const VALUES_MAX = 64
const EQUALITIES_MAX = 4
/** These are properties of the event, not of its payload. */
const METADATA: readonly string[] = ['_time', '_id', '_subject']

export interface Equality {
  readonly path: readonly string[]
  readonly values: readonly Scalar[]
}

export interface Band {
  readonly path: readonly string[]
  readonly low: number
  readonly lowOpen: boolean
  readonly high: number
  readonly highOpen: boolean
}

/** Which conjuncts of a tap the index looks up, and which are left to be evaluated. */
export interface Witnesses {
  /** Looked up one inside the other; at most the last has several values. */
  readonly equalities: readonly Equality[]
  readonly prefix: Extract<PredicateForm, { kind: 'prefix' }> | undefined
  readonly present: Extract<PredicateForm, { kind: 'present' }> | undefined
  readonly band: Band | undefined
  readonly residual: readonly SharedPredicate[]
}

/** Chooses what to look a tap up by: every equality, one `in`, one prefix, one field's interval; presence only for want of better. */
export function witnessesOf(tap: Tap): Witnesses {
  const left = new Set(tap.shared)
  const equalities = takeEqualities(left)
  const prefix = takeFirst(left, 'prefix')
  const band = takeBand(left)
  const isFound = equalities.length > 0 || prefix !== undefined || band !== undefined
  const present = isFound ? undefined : takeFirst(left, 'present')
  return { equalities, prefix, present, band, residual: [...left] }
}

export const hasWitness = (witnesses: Witnesses): boolean =>
  witnesses.equalities.length > 0 ||
  witnesses.prefix !== undefined ||
  witnesses.present !== undefined ||
  witnesses.band !== undefined

function takeEqualities(left: Set<SharedPredicate>): Equality[] {
  const single: Equality[] = []
  let several: Equality | undefined
  for (const predicate of left) {
    const form = indexableForm(predicate)
    if (form?.kind !== 'one-of' || form.values.length === 0 || form.values.length > VALUES_MAX) continue
    const { path, values } = form
    if (values.length === 1) {
      if (single.length === EQUALITIES_MAX) continue
      single.push({ path, values })
    } else if (several === undefined) several = { path, values: [...new Set(values)] }
    else continue
    left.delete(predicate)
  }
  return several === undefined ? single : [...single, several]
}

/** All limits on the first field that has any, as one interval. */
function takeBand(left: Set<SharedPredicate>): Band | undefined {
  let band: Band | undefined
  for (const predicate of left) {
    const form = indexableForm(predicate)
    if (form?.kind !== 'range') continue
    if (band !== undefined && !isSamePath(band.path, form.path)) continue
    band = band === undefined ? form : intersect(band, form)
    left.delete(predicate)
  }
  return band
}

function intersect(a: Band, b: Band): Band {
  const isLower = b.low > a.low || (b.low === a.low && b.lowOpen)
  const isUpper = b.high < a.high || (b.high === a.high && b.highOpen)
  return {
    path: a.path,
    low: isLower ? b.low : a.low,
    lowOpen: isLower ? b.lowOpen : a.lowOpen,
    high: isUpper ? b.high : a.high,
    highOpen: isUpper ? b.highOpen : a.highOpen,
  }
}

function takeFirst<K extends 'prefix' | 'present'>(
  left: Set<SharedPredicate>,
  kind: K,
): Extract<PredicateForm, { kind: K }> | undefined {
  for (const predicate of left) {
    const form = indexableForm(predicate)
    if (form?.kind !== kind) continue
    left.delete(predicate)
    return form as Extract<PredicateForm, { kind: K }>
  }
  return undefined
}

function indexableForm(predicate: SharedPredicate): PredicateForm | undefined {
  const { form } = predicate
  return form === undefined || METADATA.includes(form.path[0] as string) ? undefined : form
}

const isSamePath = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, index) => name === b[index])
