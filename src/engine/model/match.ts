import type { StreamEvent } from './event.ts'
import type { StepAccess } from './expression.ts'
import type { EventTime } from './quantities.ts'

/** A complete match, or a partial match that ran out of time. Plain; the receiver may keep it. */
export interface Match extends StepAccess {
  /** Taken events by slot of the event definition, each in the order taken. */
  readonly events: ReadonlyArray<readonly StreamEvent[]>
  readonly first: StreamEvent
  /** The last event taken. */
  readonly last: StreamEvent
  /** Event time of completion: the last event's time, or the deadline for an absence or a timeout. */
  readonly completedAt: EventTime
  /** The event whose processing completed it; absent when time did. */
  readonly completedBy?: StreamEvent
}
