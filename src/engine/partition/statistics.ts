import type { ExpressionError } from '../model/index.ts'

/** Errors of one kind in one step of a rule, with the first seen as a sample. */
export interface PredicateErrorCount {
  readonly step: string
  readonly code: string
  count: number
  readonly sample: { readonly message: string; readonly sequence: number; readonly position?: number }
}

/** What one rule did since it was first activated. Plain data. */
export interface RuleCounts {
  matches: number
  timeouts: number
  alerts: number
  shadowAlerts: number
  /** By reason: `suppressed`, `excepted`, `rate-limited`. */
  withheld: Record<string, number>
  /** Withheld alerts that were only counted. */
  withheldUnrecorded: number
  errors: PredicateErrorCount[]
  /** Events that satisfy a step but have no usable key, by fault. */
  withoutKey: Record<string, number>
  /** Partial matches dropped or not started because of a limit. */
  shed: number
  /** Partial matches dropped because the rule changed. */
  dropped: number
  /** Event time; undefined before the first. */
  lastAlertAt?: number
}

export const newCounts = (): RuleCounts => ({
  matches: 0,
  timeouts: 0,
  alerts: 0,
  shadowAlerts: 0,
  withheld: {},
  withheldUnrecorded: 0,
  errors: [],
  withoutKey: {},
  shed: 0,
  dropped: 0,
})

const ERROR_KINDS_MAX = 100

export function countError(counts: RuleCounts, step: string, error: ExpressionError, sequence: number): void {
  const known = counts.errors.find((entry) => entry.step === step && entry.code === error.code)
  if (known !== undefined) {
    known.count++
    return
  }
  if (counts.errors.length >= ERROR_KINDS_MAX) return
  const { code, message, position } = error
  const sample = { message, sequence, ...(position === undefined ? {} : { position }) }
  counts.errors.push({ step, code, count: 1, sample })
}

export function countIn(record: Record<string, number>, name: string): void {
  record[name] = (record[name] ?? 0) + 1
}
