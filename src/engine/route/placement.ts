import type { PredicateForm, Scalar } from '../model/index.ts'
import type { SharedPredicate } from './predicate.ts'
import { neededBy } from './required-text.ts'

const VALUES_MAX = 64
const EQUALITIES_MAX = 4
const PREFIX_LENGTH_MAX = 64
const PREFIX_COMMONNESS = 4
const TEXT_COMMONNESS = 8
const SHORT_TEXT = 4
/** A text of so many characters is rarer than a value. */
const RARE_TEXT = 6
const RARE_TEXT_COMMONNESS = 0.5

/** One thing to look up. What is looked up after it is looked up among the taps that share it. */
export type Hop =
  | { readonly kind: 'equality'; readonly path: readonly string[]; readonly values: readonly Scalar[] }
  | { readonly kind: 'prefix'; readonly path: readonly string[]; readonly text: string }
  | {
      readonly kind: 'text'
      readonly path: readonly string[]
      readonly text: string
      readonly ignoreCase: boolean
      /** Whether the text says all of the conjunct, or only something that it needs. */
      readonly isExact: boolean
    }
  | { readonly kind: 'presence'; readonly path: readonly string[] }

/** A number in an interval. */
export interface Band {
  readonly path: readonly string[]
  readonly low: number
  readonly lowOpen: boolean
  readonly high: number
  readonly highOpen: boolean
}

/** A hop and the conjunct that need not be evaluated once it is made. */
export interface PlannedHop {
  readonly hop: Hop
  readonly stands: SharedPredicate | undefined
}

/** Which conjuncts of a tap the index looks up, and which are left to be evaluated. */
export interface Witnesses {
  /** One inside the other, the rarest first. */
  readonly hops: readonly PlannedHop[]
  /** Looked up last. */
  readonly band: { readonly interval: Band; readonly stands: readonly SharedPredicate[] } | undefined
  readonly residual: readonly SharedPredicate[]
}

export const hasWitness = ({ hops, band }: Witnesses): boolean => hops.length > 0 || band !== undefined

/**
 * Chooses what to look a tap up by: every equality, one `in`, one text (its beginning, or something in it), one field's interval;
 * presence only for want of better. `isSearched`: every event's text in that field is looked through anyway.
 */
export function witnessesOf(
  conjuncts: readonly SharedPredicate[],
  isSearched: (path: readonly string[]) => boolean = () => false,
): Witnesses {
  const left = new Set(conjuncts)
  const hops: PlannedHop[] = [...takeEqualities(left), ...takeText(left)]
  const band = takeBand(left)
  if (hops.length === 0 && band === undefined) hops.push(...takePresence(left))
  hops.sort((a, b) => commonness(a, isSearched) - commonness(b, isSearched))
  return { hops, band, residual: [...left] }
}

/**
 * What tells most taps apart is looked up first. A value is as common as the rules that ask for it are many; texts are searched for
 * together in one go, so that all but the rarest values come after them; those too where that search is made anyway.
 */
function commonness({ hop, stands }: PlannedHop, isSearched: (path: readonly string[]) => boolean): number {
  switch (hop.kind) {
    case 'equality':
      return hop.values.length * (stands?.users ?? 1)
    case 'prefix':
      return PREFIX_COMMONNESS
    case 'text':
      if (hop.text.length >= RARE_TEXT && isSearched(hop.path)) return RARE_TEXT_COMMONNESS
      return hop.text.length < SHORT_TEXT ? Number.POSITIVE_INFINITY : TEXT_COMMONNESS
    case 'presence':
      return Number.POSITIVE_INFINITY
  }
}

function takeEqualities(left: Set<SharedPredicate>): PlannedHop[] {
  const single: PlannedHop[] = []
  let several: PlannedHop | undefined
  for (const predicate of left) {
    const form = predicate.form
    if (form?.kind !== 'one-of' || form.values.length === 0 || form.values.length > VALUES_MAX) continue
    const values = [...new Set(form.values)]
    const planned: PlannedHop = { hop: { kind: 'equality', path: form.path, values }, stands: predicate }
    if (values.length === 1) {
      if (single.length === EQUALITIES_MAX) continue
      single.push(planned)
    } else if (several === undefined) several = planned
    else continue
    left.delete(predicate)
  }
  return several === undefined ? single : [...single, several]
}

/** The longest text that an event must hold somewhere. */
function takeText(left: Set<SharedPredicate>): PlannedHop[] {
  let best: { readonly hop: Extract<Hop, { text: string }>; readonly predicate: SharedPredicate } | undefined
  for (const predicate of left) {
    const hop = textHop(predicate.form)
    if (hop !== undefined && hop.text.length > (best?.hop.text.length ?? 0)) best = { hop, predicate }
  }
  if (best === undefined) return []
  const { hop, predicate } = best
  if (hop.kind === 'text' && !hop.isExact) return [{ hop, stands: undefined }]
  left.delete(predicate)
  return [{ hop, stands: predicate }]
}

function textHop(form: PredicateForm | undefined): Extract<Hop, { text: string }> | undefined {
  switch (form?.kind) {
    case 'prefix': {
      const { path, text } = form
      return text.length > PREFIX_LENGTH_MAX ? undefined : { kind: 'prefix', path, text }
    }
    case 'contains': {
      const { path, text, ignoreCase } = form
      return { kind: 'text', path, text, ignoreCase, isExact: true }
    }
    case 'matches': {
      const { path, ignoreCase } = form
      const text = neededBy(form)
      return text === undefined ? undefined : { kind: 'text', path, text, ignoreCase, isExact: false }
    }
    default:
      return undefined
  }
}

/** All limits on the first field that has any, as one interval. */
function takeBand(left: Set<SharedPredicate>): Witnesses['band'] {
  let band: Band | undefined
  const stands: SharedPredicate[] = []
  for (const predicate of left) {
    const form = predicate.form
    if (form?.kind !== 'range') continue
    if (band !== undefined && !isSamePath(band.path, form.path)) continue
    band = band === undefined ? form : intersect(band, form)
    stands.push(predicate)
  }
  for (const predicate of stands) left.delete(predicate)
  return band === undefined ? undefined : { interval: band, stands }
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

function takePresence(left: Set<SharedPredicate>): PlannedHop[] {
  for (const predicate of left) {
    const form = predicate.form
    if (form?.kind !== 'present') continue
    left.delete(predicate)
    return [{ hop: { kind: 'presence', path: form.path }, stands: predicate }]
  }
  return []
}

export const isSamePath = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, index) => name === b[index])
