import {
  EVENT,
  eventTime,
  type Frame,
  type JsonObject,
  type JsonValue,
  type StreamEvent,
  streamSequence,
} from '../../model/index.ts'

export const START = Date.parse('2026-01-01T00:00:00Z')

export function eventAt(data: JsonValue, seconds = 0, subject = 'test.event'): StreamEvent {
  const event: StreamEvent = {
    sequence: streamSequence(1),
    time: eventTime(START + seconds * 1_000),
    ingestedAt: eventTime(START + seconds * 1_000),
    subject,
    id: `id-${seconds}`,
    data: data as JsonObject,
    attributes: { source: 'terminal' },
  }
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) event.data[EVENT] = event
  return event
}

export interface FrameParts {
  readonly steps?: ReadonlyArray<readonly StreamEvent[]>
  readonly key?: JsonValue
  readonly lists?: Readonly<Record<string, readonly unknown[]>>
  readonly seconds?: number
}

export function frameOf(data: JsonValue | undefined, parts: FrameParts = {}): Frame {
  const seconds = parts.seconds ?? 0
  return {
    event: data === undefined ? undefined : eventAt(data, seconds),
    steps: {
      taken: (slot) => parts.steps?.[slot] ?? [],
      count: (slot) => parts.steps?.[slot]?.length ?? 0,
    },
    key: parts.key ?? null,
    lists: { has: (list, value) => parts.lists?.[list]?.includes(value) ?? false },
    time: eventTime(START + seconds * 1_000),
  }
}
