import type { ExpressionError } from '../model/index.ts'

const ERROR_KINDS_MAX = 100

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
  /** Fuel that costly expressions and large patterns have used. */
  fuel: number
  /** Times that the rule was suspended because it used too much. */
  suspensions: number
  /** Event time; undefined before the first. */
  lastAlertAt?: number
}

/** How many partial matches of the version in force a change kept, drains or dropped. */
export interface PartialMatchesChange {
  /** The version that made the change. */
  readonly version: number
  readonly kept: number
  readonly drained: number
  readonly dropped: number
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
  fuel: 0,
  suspensions: 0,
})

/** What a version did becomes part of what its rule did. */
export function addCounts(to: RuleCounts, counts: RuleCounts): void {
  to.matches += counts.matches
  to.timeouts += counts.timeouts
  to.alerts += counts.alerts
  to.shadowAlerts += counts.shadowAlerts
  to.withheldUnrecorded += counts.withheldUnrecorded
  to.shed += counts.shed
  to.dropped += counts.dropped
  to.fuel += counts.fuel
  to.suspensions += counts.suspensions
  for (const [reason, count] of Object.entries(counts.withheld)) countIn(to.withheld, reason, count)
  for (const [fault, count] of Object.entries(counts.withoutKey)) countIn(to.withoutKey, fault, count)
  for (const { step, code, count, sample } of counts.errors) {
    const known = to.errors.find((entry) => entry.step === step && entry.code === code)
    if (known !== undefined) known.count += count
    else if (to.errors.length < ERROR_KINDS_MAX) to.errors.push({ step, code, count, sample })
  }
  const { lastAlertAt } = counts
  if (lastAlertAt !== undefined) to.lastAlertAt = Math.max(to.lastAlertAt ?? lastAlertAt, lastAlertAt)
}

/** What came to the counts after they were `before`. */
export function countsSince(counts: RuleCounts, before: RuleCounts): RuleCounts {
  const left = (all: Readonly<Record<string, number>>, known: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      Object.entries(all)
        .map(([name, count]) => [name, count - (known[name] ?? 0)] as const)
        .filter(([, count]) => count > 0),
    )
  const errorsBefore = ({ step, code }: PredicateErrorCount): number =>
    before.errors.find((entry) => entry.step === step && entry.code === code)?.count ?? 0
  return {
    ...copyCounts(counts),
    matches: counts.matches - before.matches,
    timeouts: counts.timeouts - before.timeouts,
    alerts: counts.alerts - before.alerts,
    shadowAlerts: counts.shadowAlerts - before.shadowAlerts,
    withheldUnrecorded: counts.withheldUnrecorded - before.withheldUnrecorded,
    shed: counts.shed - before.shed,
    dropped: counts.dropped - before.dropped,
    fuel: counts.fuel - before.fuel,
    suspensions: counts.suspensions - before.suspensions,
    withheld: left(counts.withheld, before.withheld),
    withoutKey: left(counts.withoutKey, before.withoutKey),
    errors: counts.errors
      .map((entry) => ({ ...entry, count: entry.count - errorsBefore(entry) }))
      .filter(({ count }) => count > 0),
  }
}

/** The receiver may keep it while the counts go on. */
export const copyCounts = (counts: RuleCounts): RuleCounts => ({
  ...counts,
  withheld: { ...counts.withheld },
  withoutKey: { ...counts.withoutKey },
  errors: counts.errors.map((entry) => ({ ...entry })),
})

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

export function countIn(record: Record<string, number>, name: string, count = 1): void {
  record[name] = (record[name] ?? 0) + count
}
