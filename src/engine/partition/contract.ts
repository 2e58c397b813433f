import type {
  EventTime,
  JsonObject,
  JsonValue,
  Problem,
  RuleStatus,
  Severity,
  StreamSequence,
} from '../model/index.ts'
import type { SlotRouting } from '../route/index.ts'
import type { PartialMatchesChange, RuleCounts } from './statistics.ts'

/** One entry of the input log, as the broker stores it: an event, a tick, a rule activation, a list change, an erasure. */
export interface LogEntry {
  readonly sequence: StreamSequence
  readonly subject: string
  /** When the broker stored it. */
  readonly ingestedAt: EventTime
  /** Valid only during `process`: the engine copies what it keeps. */
  readonly payload: Uint8Array
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Something the engine wants the world to see, in order. One mechanism for alerts, withheld alerts, late events and dead letters. */
export interface Effect {
  /** Dense per partition, starts at 1. */
  readonly number: number
  readonly kind: 'alert' | 'shadow-alert' | 'withheld-alert' | 'late' | 'dead-letter' | 'notice'
  readonly subject: string
  /** Derived from content: the same on every replay. */
  readonly id: string
  /** JSON text. */
  readonly payload: string
  readonly headers?: Readonly<Record<string, string>>
  /** Event time of what it reports. */
  readonly time: EventTime
}

/** A row of checkpointed state: an opaque id and its bytes (`undefined`: deleted). */
export interface StateRow {
  readonly id: string
  readonly value: Uint8Array | undefined
}

/** What one checkpoint persists, in one transaction. */
export interface Step {
  /** The last entry processed. */
  readonly position: StreamSequence
  readonly ingestedAt: EventTime
  readonly effects: readonly Effect[]
  readonly rows: readonly StateRow[]
}

export interface PartitionCounters {
  /** Entries seen that are events (not control entries, not duplicates); = processed + late + deadLettered. */
  readonly events: number
  readonly processed: number
  readonly late: number
  readonly deadLettered: number
  /** Entries at or before the position, skipped. */
  readonly duplicates: number
}

/** Pure and synchronous: no I/O, no clock. The worker, `test`, `replay` and the browser run the same one. */
export interface Partition {
  /** In log order. Entries at or before the position are skipped and counted. */
  process(entries: readonly LogEntry[]): void
  /** Effects and changed state since the last call, for one transaction. Undefined when nothing was processed. */
  takeStep(): Step | undefined
  /** Effects emitted since the last `takeStep`, without taking it: the worker commits sooner when there is something to publish. */
  readonly pendingEffects: number
  readonly position: StreamSequence
  readonly watermark: EventTime
  readonly counters: PartitionCounters
}

/** What a version is to its rule. */
export type VersionRole = 'in-force' | 'candidate' | 'draining'

/** What one version of a rule does beside the others. Plain data. */
export interface VersionStatistics {
  readonly version: number
  readonly role: VersionRole
  /** Percent of the keys that it decides, of a candidate. */
  readonly share?: number
  /** Event time at which it ends in any case, of a version that drains. */
  readonly until?: EventTime
  /** Sequence of the entry with which it runs again, while it is suspended. */
  readonly suspendedUntil?: number
  /** While there is a candidate: since it came, of both. Of a version that drains: since it was replaced. Else since the rule was first activated. */
  readonly counts: RuleCounts
  readonly keys: number
  readonly partialMatches: number
}

/** What one rule does in one partition, all of its versions together. Plain data. */
export interface RuleStatistics extends RuleCounts {
  readonly id: string
  readonly version: number
  /** `quarantined`: a stored version does not compile; an older one may still run. `suspended`: it has used too much fuel. */
  readonly state: 'running' | 'suspended' | 'stopped' | 'quarantined'
  /** Sequence of the entry with which a suspended rule runs again. */
  readonly suspendedUntil: number | undefined
  readonly status: RuleStatus | undefined
  readonly keys: number
  readonly partialMatches: number
  readonly suppressedKeys: number
  /** Of the version that runs. */
  readonly severity: Severity | undefined
  /** The version whose text is in force; `version` is the last write. Undefined when none runs. */
  readonly inForce: number | undefined
  /** Those that run, the one in force first. */
  readonly versions: readonly VersionStatistics[]
  /** What the last change that concerned partial matches did to them. */
  readonly change: PartialMatchesChange | undefined
  readonly problems: readonly Problem[]
}

/** What the rules of a namespace that is a guest do together. Plain data. */
export interface GuestStatistics {
  readonly namespace: string
  /** Fuel, ever. */
  readonly used: number
  /** Part of what it can save up: 1 is a full budget; at 0 the rules that use most are suspended. */
  readonly left: number
  /** Times that one of its rules was suspended for what all of them used. */
  readonly suspensions: number
}

export interface PartitionStatistics {
  readonly position: StreamSequence
  readonly watermark: EventTime
  readonly counters: PartitionCounters
  /** Events that wait for the watermark. */
  readonly waitingEvents: number
  /** Events that stored state refers to. */
  readonly storedEvents: number
  readonly partialMatches: number
  /** Effects ever emitted. */
  readonly effects: number
  /** Rules known, also those that do not run. */
  readonly rules: number
  readonly guests: readonly GuestStatistics[]
  readonly sources: ReadonlyArray<{
    readonly name: string
    readonly newest: number
    readonly heardAt: number
  }>
}

/** A partial match, for people. */
export interface PartialMatchReport {
  /** Whose it is. */
  readonly version: number
  readonly role: VersionRole
  /** By name of the key part. */
  readonly key: JsonObject
  /** The same without values of redacted fields: what may leave. */
  readonly shownKey: JsonObject
  readonly events: ReadonlyArray<{
    readonly step: string
    readonly id: string
    readonly sequence: StreamSequence
    readonly time: EventTime
  }>
  /** Names of the steps that could take the next event. */
  readonly waitingFor: readonly string[]
  readonly startedAt: EventTime
  readonly deadline?: EventTime
}

/** Versions of what was activated beside rules, by name or id: what the log holds up to the position. */
export interface ActivatedVersions {
  readonly lists: ReadonlyMap<string, number>
  readonly silences: ReadonlyMap<string, number>
}

/** Whose data is to go: a key as callers write it, as that of some rules (by id) or of all. */
export interface ErasedKey {
  readonly key: JsonValue
  readonly rules?: readonly string[]
}

/** What an entry of the log is to a key that it belongs to. */
export type Belonging =
  | { readonly kind: 'event'; readonly time: EventTime }
  /** It is no event, but what can be read of it belongs to the key. */
  | { readonly kind: 'dead-letter' }

/** What a partition keeps that belongs to a key. */
export interface KeptOfKey {
  readonly partialMatches: number
  readonly suppressions: number
  readonly bufferedEvents: number
}

/** An erasure that a partition carried out, and what it took out. */
export interface DoneErasure extends KeptOfKey {
  /** Of its entry. */
  readonly sequence: StreamSequence
  /** Number of the last effect before it. */
  readonly effects: number
}

/** A partition that can be asked what it is doing. Asking changes nothing. */
export interface ObservablePartition extends Partition {
  /** Costs the same however many rules there are. */
  statistics(): PartitionStatistics
  /** Of every known rule, in order of id. */
  ruleStatistics(): readonly RuleStatistics[]
  /** Of one rule; undefined when it is not known. */
  statisticsOf(rule: string): RuleStatistics | undefined
  /** Version of every known rule, by id. */
  ruleVersions(): ReadonlyMap<string, number>
  activated(): ActivatedVersions
  /** The last 1,000, by id. */
  erasures(): ReadonlyMap<string, DoneErasure>
  /** A function that says what an entry of the log is to the key; undefined when the entry does not belong to it. Asks the rules that run now. */
  belonging(erased: ErasedKey): (entry: LogEntry) => Belonging | undefined
  /** What an erasure of the key would take out of the partition now. */
  kept(erased: ErasedKey): KeptOfKey
  /** The partial matches of a rule, version by version, of one canonical key or of all, oldest first per key; empty for an unknown rule. */
  inspect(rule: string, key?: string): Iterable<PartialMatchReport>
  /** How events find a running rule, by event definition: what is looked up, what is evaluated and shared. Empty for an unknown rule. */
  routing(rule: string): readonly SlotRouting[]
}
