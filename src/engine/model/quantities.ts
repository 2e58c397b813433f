declare const unit: unique symbol

/** Milliseconds since 1970-01-01T00:00:00Z, integral. The time an event says it happened. */
export type EventTime = number & { readonly [unit]: 'EventTime' }

/** A length of time in milliseconds, integral, never negative. */
export type DurationMs = number & { readonly [unit]: 'DurationMs' }

/** The position of an entry in the input log, starting at 1. Total order of everything the engine sees. */
export type StreamSequence = number & { readonly [unit]: 'StreamSequence' }

export const eventTime = (milliseconds: number): EventTime => milliseconds as EventTime
export const durationMs = (milliseconds: number): DurationMs => milliseconds as DurationMs
export const streamSequence = (sequence: number): StreamSequence => sequence as StreamSequence
