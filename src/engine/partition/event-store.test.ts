import { expect, test } from 'vitest'
import { LoggedEvent } from '../decode/index.ts'
import { eventTime, streamSequence } from '../model/index.ts'
import { EventStore } from './event-store.ts'

const event = (sequence: number): LoggedEvent =>
  new LoggedEvent(
    { sequence: streamSequence(sequence), ingestedAt: eventTime(sequence), subject: 'demo.a' },
    eventTime(sequence),
    {
      id: `e${sequence}`,
      data: { sequence, text: 'x'.repeat(40) },
      attributes: { traceparent: 'x' },
      mode: 'plain',
    },
  )

/** The rows after all steps. */
function apply(rows: Map<string, Uint8Array>, store: EventStore): Map<string, Uint8Array> {
  for (const { id, value } of store.takeRows()) {
    if (value === undefined) rows.delete(id)
    else rows.set(id, value)
  }
  return rows
}

test('what is left of a mostly dead segment moves on, however large it was', () => {
  const store = new EventStore()
  const events = Array.from({ length: 6000 }, (_, index) => event(index + 1))
  for (const item of events) store.refer(item)
  const rows = apply(new Map(), store)
  const full = [...rows.values()].reduce((bytes, value) => bytes + value.length, 0)
  const kept = events.filter((_, index) => index % 3 === 0)
  for (const item of events) if (!kept.includes(item)) store.release(item)
  for (let step = 0; step < 4; step++) apply(rows, store)
  const left = [...rows.values()].reduce((bytes, value) => bytes + value.length, 0)
  expect(left).toBeLessThan(full * 0.4)

  const restored = new EventStore()
  restored.load([...rows].map(([id, value]) => ({ number: Number(id.slice(2)), value })))
  for (const { sequence, id, data } of kept) {
    const found = restored.find(sequence)
    expect({ id: found.id, data: { ...found.data } }).toMatchObject({
      id,
      data: { sequence: data['sequence'] },
    })
    expect(found.attributes).toEqual({ traceparent: 'x' })
  }
  restored.loaded()
  expect(restored.events).toBe(kept.length)
})

test('an event that is let go and wanted again is stored again', () => {
  const store = new EventStore()
  const item = event(1)
  store.refer(item)
  const rows = apply(new Map(), store)
  store.release(item)
  expect(apply(rows, store).size).toBe(0)
  store.refer(item)
  expect(apply(rows, store).size).toBe(1)
})
