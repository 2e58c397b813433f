import type { Effect } from '../../engine/index.ts'
import { AlertSet, sampleOf } from './alert-set.ts'
import { ALERTS_KEPT_MAX, type ReplayResult, type ReplayRuleResult } from './contract.ts'

const HOUR_MS = 3_600_000
const HOURS_MAX = 10_000
const KEYS_MAX = 200_000
const TOP_KEYS = 10

/** What one run of the rules raised, counted as it comes. */
export class Tally {
  readonly #rules = new Map<string, { version: number; alerts: number; withheld: Record<string, number> }>()
  readonly #hours = new Map<number, number>()
  readonly #keys = new Map<string, number>()
  readonly #deadLetters: Record<string, number> = {}
  readonly #isCompared: boolean
  readonly #keptMax: number
  #kept: string[] = []
  #keptCount = 0
  alerts = 0
  /** Filled when the run is to be compared. */
  readonly set = new AlertSet()

  constructor(options: {
    readonly rules: ReadonlyArray<{ readonly rule: string; readonly version: number }>
    readonly isCompared: boolean
    readonly keptMax?: number
  }) {
    this.#isCompared = options.isCompared
    this.#keptMax = options.keptMax ?? ALERTS_KEPT_MAX
    for (const { rule, version } of options.rules) this.#rules.set(rule, { version, alerts: 0, withheld: {} })
  }

  take(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'alert') this.#alert(effect)
      else if (effect.kind === 'withheld-alert') this.#withheld(effect)
      else if (effect.kind === 'dead-letter') this.#deadLetter(effect)
    }
  }

  /** Alerts (CloudEvents as JSON text) kept since the last call. */
  takeKept(): readonly string[] {
    const kept = this.#kept
    this.#kept = []
    return kept
  }

  result(): Omit<
    ReplayResult,
    | 'firstSequence'
    | 'lastSequence'
    | 'entries'
    | 'events'
    | 'late'
    | 'deadLettered'
    | 'durationMs'
    | 'eventsPerSecond'
    | 'difference'
  > {
    const rules: ReplayRuleResult[] = [...this.#rules].map(([rule, counts]) => ({ rule, ...counts }))
    const withheld: Record<string, number> = {}
    for (const rule of rules)
      for (const [reason, count] of Object.entries(rule.withheld))
        withheld[reason] = (withheld[reason] ?? 0) + count
    return {
      alerts: this.alerts,
      alertsKept: this.#keptCount,
      withheld,
      deadLetters: this.#deadLetters,
      rules,
      alertsPerHour: [...this.#hours]
        .sort(([one], [other]) => one - other)
        .map(([hour, alerts]) => ({ hour: new Date(hour * HOUR_MS).toISOString(), alerts })),
      topKeys: [...this.#keys]
        .sort(([key, one], [other, two]) => two - one || (key < other ? -1 : 1))
        .slice(0, TOP_KEYS)
        .map(([key, alerts]) => ({ key, alerts })),
    }
  }

  #alert({ payload, time }: Effect): void {
    this.alerts += 1
    if (this.#keptCount < this.#keptMax) {
      this.#keptCount += 1
      this.#kept.push(payload)
    }
    const sample = sampleOf(JSON.parse(payload))
    if (sample === undefined) return
    const counts = this.#rules.get(sample.rule)
    if (counts !== undefined) counts.alerts += 1
    count(this.#hours, Math.floor(time / HOUR_MS), HOURS_MAX)
    count(this.#keys, sample.key, KEYS_MAX)
    if (this.#isCompared) this.set.add(sample)
  }

  #deadLetter({ payload }: Effect): void {
    const { reason } = JSON.parse(payload) as { readonly reason: string }
    this.#deadLetters[reason] = (this.#deadLetters[reason] ?? 0) + 1
  }

  #withheld({ payload }: Effect): void {
    const { data } = JSON.parse(payload) as {
      readonly data: { readonly rule: string; readonly withheld?: { readonly reason: string } }
    }
    const counts = this.#rules.get(data.rule)
    const reason = data.withheld?.reason
    if (counts !== undefined && reason !== undefined)
      counts.withheld[reason] = (counts.withheld[reason] ?? 0) + 1
  }
}

/** What comes after the limit is in no group of its own; the total has it. */
function count<K>(counts: Map<K, number>, key: K, max: number): void {
  const before = counts.get(key)
  if (before !== undefined || counts.size < max) counts.set(key, (before ?? 0) + 1)
}
