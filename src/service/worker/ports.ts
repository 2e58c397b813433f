import type { Effect, LogEntry, StateRow, Step } from '../../engine/index.ts'

/** What the input stream is, so that a recreated, rolled-back or truncated stream is noticed and never skipped in silence. */
export interface StreamIdentity {
  readonly stream: string
  /** ISO 8601, as the broker reports it. */
  readonly created: string
}

/** The input log from a position on, without gaps; ends only when closed. Throws a ServiceError on a gap or a foreign stream. */
export interface BatchSource {
  batches(): AsyncIterable<readonly LogEntry[]>
  /** Entries that were not handed out yet when the last one came. */
  readonly pending: number
  close(): Promise<void>
}

/** An effect that was committed, or the number of one that was erased since. */
export type OutboxRow = Effect | { readonly kind: 'erased'; readonly number: number }

export interface Restored {
  /** 0 when the store is new. */
  readonly position: number
  readonly identity: StreamIdentity | undefined
  /** Checksum and time of the entry at `position`, to recognise a rolled-back stream. */
  readonly positionProof: string | undefined
  readonly epoch: number
  /** Number of the last effect ever committed. */
  readonly effectNumber: number
}

/** One partition's durable state. A commit is one transaction: state, position and outbox together or not at all. */
export interface CheckpointStore {
  /** As of the opening, or of `nextEpoch` once that was called. */
  readonly restored: Restored
  rows(): AsyncIterable<StateRow>
  /** Committed effects with a number above `after`, in order. */
  outbox(after: number): Promise<readonly OutboxRow[]>
  /**
   * Blanks the effects that are meant, and leaves no bytes of what was ever deleted from the file; gives their number. Commits may go on
   * meanwhile.
   */
  scrub(isErased: (effect: Effect) => boolean): Promise<number>
  commit(
    step: Step,
    proof: { readonly identity: StreamIdentity; readonly positionProof: string },
  ): Promise<void>
  /** Records that effects up to `number` are in the alert log; rows older than the retention window are pruned with a later commit. */
  confirm(number: number): void
  /** Raises the fencing number, so that no earlier owner can commit any more; returns it. Read `restored` and `rows` after it. */
  nextEpoch(): Promise<number>
  close(): Promise<void>
}

/** The alert log as one fenced writer sees it. */
export interface AlertSink {
  /** Takes over from any earlier writer; returns the number of the last effect in the log. Throws `fenced` if a newer epoch exists. */
  claim(epoch: number): Promise<number>
  /** In order, exactly once. Resolves when all are stored. Throws `fenced` when somebody newer has claimed. */
  publish(effects: readonly Effect[]): Promise<void>
  close(): Promise<void>
}

/** The only clock of the worker; tests turn it by hand. */
export interface Clock {
  now(): number
  monotonicMs(): number
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
