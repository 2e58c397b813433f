export { type Deadline, type DeadlineOwner, DeadlineQueue } from './deadline-queue.ts'
export { type ClockSource, EventClock, type SourceReading } from './event-clock.ts'
export { ReorderBuffer, type Timed } from './reorder-buffer.ts'
