import type { BucketEntry } from '../catalogue/index.ts'
import type { AlertStateStore } from './alert-states.ts'
import { precisionOf, type VerdictCounts } from './precision.ts'
import { readRecordOf } from './records.ts'

export const VERDICTS = ['true', 'false', 'unsure'] as const
export type Verdict = (typeof VERDICTS)[number]
export type AlertStateName = 'open' | 'acknowledged' | 'closed'

/** One thing that somebody said of an alert. */
export interface AlertState {
  /** Of the alert. */
  readonly id: string
  /** Every change is the next one. */
  readonly version: number
  readonly sequence: number
  readonly state: AlertStateName
  /** Of a closed one. */
  readonly verdict?: Verdict
  readonly note?: string
  readonly who?: string
  readonly at: string
}

export interface StoredState {
  readonly record: AlertState
  readonly revision: number
}

export type StateChange =
  | { readonly kind: 'acknowledge' }
  | { readonly kind: 'close'; readonly verdict: Verdict }
  | { readonly kind: 'reopen' }

export type StateOutcome =
  | { readonly kind: 'stored'; readonly state: StoredState }
  | { readonly kind: 'not-fitting'; readonly state: AlertStateName }
  | { readonly kind: 'conflict' }

export interface RulePrecision extends VerdictCounts {
  /** Undefined: of all versions. */
  readonly version?: number
  /** Undefined until there is a verdict that is sure. */
  readonly precision?: number
  readonly interval?: readonly [number, number]
}

const NEXT = { acknowledge: 'acknowledged', close: 'closed', reopen: 'open' } as const
const ATTEMPTS_MAX = 5

/** Who works on which alert, and what came of it. An alert that nobody said anything of is open. */
export class StateDesk {
  readonly #store: AlertStateStore
  readonly #now: () => number

  constructor(options: { readonly store: AlertStateStore; readonly now: () => number }) {
    this.#store = options.store
    this.#now = options.now
  }

  async get(id: string): Promise<StoredState | undefined> {
    return storedOf(await this.#store.get(id))
  }

  async history(id: string): Promise<readonly AlertState[]> {
    return (await this.#store.history(id)).flatMap((entry) => storedOf(entry)?.record ?? [])
  }

  /** Of all alerts that somebody said something of, by id. */
  async states(): Promise<ReadonlyMap<string, AlertStateName>> {
    const entries = await this.#store.entries()
    return new Map(
      entries.flatMap((entry) => {
        const record = storedOf(entry)?.record
        return record === undefined ? [] : [[record.id, record.state] as const]
      }),
    )
  }

  async change(
    alert: { readonly id: string; readonly sequence: number },
    change: StateChange,
    by: {
      readonly who?: string
      readonly note?: string
      readonly revision?: number
      readonly dryRun: boolean
    },
  ): Promise<StateOutcome> {
    for (let attempt = 1; ; attempt += 1) {
      const current = await this.get(alert.id)
      if (by.revision !== undefined && by.revision !== (current?.revision ?? 0)) return { kind: 'conflict' }
      const state = current?.record.state ?? 'open'
      if (change.kind === 'acknowledge' && state === 'closed') return { kind: 'not-fitting', state }
      if (change.kind === 'reopen' && state === 'open') return { kind: 'not-fitting', state }
      const record: AlertState = {
        id: alert.id,
        version: (current?.record.version ?? 0) + 1,
        sequence: alert.sequence,
        state: NEXT[change.kind],
        ...(change.kind === 'close' ? { verdict: change.verdict } : {}),
        ...(by.note === undefined ? {} : { note: by.note }),
        ...(by.who === undefined ? {} : { who: by.who }),
        at: new Date(this.#now()).toISOString(),
      }
      if (current !== undefined && sameWord(current.record, record)) return { kind: 'stored', state: current }
      if (by.dryRun) return { kind: 'stored', state: { record, revision: current?.revision ?? 0 } }
      const revision = await this.#store.put(alert.id, JSON.stringify(record), current?.revision ?? 0)
      if (revision !== undefined) return { kind: 'stored', state: { record, revision } }
      if (by.revision !== undefined || attempt >= ATTEMPTS_MAX) return { kind: 'conflict' }
    }
  }

  /** Of all versions together, and of each, newest first. */
  async precision(
    rule: string,
  ): Promise<{ readonly total: RulePrecision; readonly versions: readonly RulePrecision[] }> {
    const byVersion = new Map<number, Record<Verdict, number>>()
    const all: Record<Verdict, number> = { true: 0, false: 0, unsure: 0 }
    for (const entry of await this.#store.entries(`${rule}.*.*`)) {
      const verdict = storedOf(entry)?.record.verdict
      if (verdict === undefined || !VERDICTS.includes(verdict)) continue
      const version = Number(entry.key.split('.')[1])
      const counts = byVersion.get(version) ?? { true: 0, false: 0, unsure: 0 }
      byVersion.set(version, counts)
      counts[verdict] += 1
      all[verdict] += 1
    }
    return {
      total: precisionOf(all),
      versions: [...byVersion]
        .sort(([left], [right]) => right - left)
        .map(([version, counts]) => ({ version, ...precisionOf(counts) })),
    }
  }
}

const storedOf = (entry: BucketEntry | undefined): StoredState | undefined => {
  const record = readRecordOf<AlertState>(entry?.value, 'id')
  return entry === undefined || record === undefined ? undefined : { record, revision: entry.revision }
}

/** Saying the same again is no change; a new note is. */
const sameWord = (before: AlertState, after: AlertState): boolean =>
  before.state === after.state &&
  before.verdict === after.verdict &&
  (after.note === undefined || before.note === after.note)
