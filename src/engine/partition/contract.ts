import type { EventTime, StreamSequence } from '../model/index.ts'

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
