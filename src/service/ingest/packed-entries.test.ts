import { expect, test } from 'vitest'
import { eventTime, type LogEntry, streamSequence } from '../../engine/index.ts'
import { packEntries, unpackEntries } from './packed-entries.ts'

test('entries come out as they went in, whatever their sequences', () => {
  const entries = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER].map(
    (sequence, index): LogEntry => ({
      sequence: streamSequence(sequence),
      subject: index % 2 === 0 ? 'demo.a' : 'demo.b',
      ingestedAt: eventTime(1_767_225_600_000 + index),
      payload: new TextEncoder().encode('x'.repeat(index)),
      ...(index === 3 ? { headers: { 'nats-msg-id': 'm' } } : {}),
    }),
  )
  expect(unpackEntries(packEntries(entries))).toEqual(entries)
})
