import type { JsonValue, KeptOfKey } from '../../engine/index.ts'

/** What somebody asked for. The key is not in it. */
export interface ErasureRequest {
  readonly id: string
  /** HMAC-SHA-256 of the key, hexadecimal, under the installation's own secret. */
  readonly keyHash: string
  /** Ids; absent: the key of every rule. */
  readonly rules?: readonly string[]
  /** Says what there is, and erases nothing. */
  readonly dryRun: boolean
  readonly reason: string
  readonly who?: string
  /** ISO 8601. */
  readonly at: string
}

/** The key as it was asked for, in a message of its own: overwritten when the erasure is done. */
export interface ErasureKey {
  readonly key: JsonValue
}

/**
 * `marked`: its entry is in the input log. `listed`: all partitions have passed the entry, and what the key has in the log is known.
 * `done`: nothing of the key is left.
 */
export type ErasureState = 'requested' | 'marked' | 'listed' | 'done'

/** How far it is; written by the worker that has partition 0. */
export interface ErasureProgress {
  readonly state: Exclude<ErasureState, 'requested'>
  /** `logOf` the input log, and the sequence of the erasure's entry in it. */
  readonly log?: string
  readonly sequence?: number
  /** By partition: number of its last effect before that entry. */
  readonly effects?: Readonly<Record<number, number>>
  /** Found in the input log: events, and dead letters among its entries. */
  readonly events?: number
  /** Found in the alert log. */
  readonly alerts?: number
  /** Sayings of people about these alerts. */
  readonly alertStates?: number
  readonly webhookDeadLetters?: number
  /** ISO 8601; of the last change. */
  readonly at: string
  /** What it waits for: code and sentence. */
  readonly trouble?: { readonly code: string; readonly message: string }
}

/** How far a partition is; written by the worker that has it. */
export interface PartitionErasure extends KeptOfKey {
  /** `passed`: its state holds nothing of the key. `scrubbed`: neither do its outbox and its file. */
  readonly state: 'passed' | 'scrubbed'
  readonly effects: number
  readonly outboxEffects?: number
}

/** Everything that is known of an erasure. */
export interface Erasure {
  readonly request: ErasureRequest
  readonly progress: ErasureProgress | undefined
  readonly partitions: ReadonlyMap<number, PartitionErasure>
  /** Until it is done: the key, and the sequence of the message that holds it. */
  readonly key: (ErasureKey & { readonly sequence: number }) | undefined
}

export const stateOf = ({ progress }: Erasure): ErasureState => progress?.state ?? 'requested'
