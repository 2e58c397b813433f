import type { StreamEvent } from './event.ts'

/**
 * Writes one row of checkpointed state. Compact and append-only; numbers are written as varints where they fit. `event` stores the
 * event itself once per partition, however many rows refer to it.
 */
export interface StateWriter {
  uint(value: number): void
  /** Any finite double. */
  number(value: number): void
  text(value: string): void
  event(event: StreamEvent): void
}

/** Reads what a StateWriter wrote, in the same order. Throws only on corruption. */
export interface StateReader {
  uint(): number
  number(): number
  text(): string
  event(): StreamEvent
}
