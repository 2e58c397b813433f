import { type EventTime, eventTime, type RuleTest, streamSequence } from '../model/index.ts'
import type { LogEntry } from '../partition/index.ts'

const encoder = new TextEncoder()

/** The log entries of a test: its events in order of time, then a tick when the clock is to run on. */
export function testLog(test: RuleTest, start: EventTime): LogEntry[] {
  const events = test.events.flatMap((event) =>
    Array.from({ length: event.times }, (_, index) => ({
      ...event,
      atMs: event.atMs + index * event.everyMs,
    })),
  )
  // A stable sort: events of one instant stay in the order in which they are written.
  events.sort((a, b) => a.atMs - b.atMs)
  const entries = events.map(
    ({ atMs, subject, data }, index): LogEntry => ({
      sequence: streamSequence(index + 1),
      subject,
      ingestedAt: eventTime(start + atMs),
      payload: encoder.encode(JSON.stringify(data)),
    }),
  )
  if (test.untilMs === undefined) return entries
  return [
    ...entries,
    {
      sequence: streamSequence(entries.length + 1),
      subject: 'sequitur.log.tick',
      ingestedAt: eventTime(start + test.untilMs),
      payload: encoder.encode('{}'),
    },
  ]
}
