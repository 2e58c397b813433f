import { durationMs, type EventTime, type StreamEvent } from '../../src/engine/index.ts'
import { type Case, eventAt, heapBytes, matcherFor, type Row } from './measure.ts'

/** Bytes of heap that a live partial match costs, beside those of the event that it captured. */
export function memoryCases(scale: number): Case[] {
  return [{ name: 'memory', run: () => memory(Math.round(1_000_000 * scale)) }]
}

/** Times as they are today: no small integers. */
const START = 1_700_000_000_000

function capturedEvent(index: number): StreamEvent {
  // As a decoder makes it: fresh strings and an object of its own, about 170 bytes of JSON.
  const data = JSON.parse(
    `{"card":"card-${index}","amount":${index % 1000}.5,"merchant":"merchant-${index % 977}","country":"NO","channel":"pos","reference":"ref-${index}-0123456789","outcome":"declined","terminal":"t-${index % 313}"}`,
  )
  return { ...eventAt(START + index, index + 1, data), id: `event-${index}` }
}

function memory(count: number): Row[] {
  const start = heapBytes()
  const events: StreamEvent[] = []
  let raw = 0
  for (let index = 0; index < count; index++) {
    const event = capturedEvent(index)
    raw += JSON.stringify(event.data).length
    events.push(event)
  }
  const captured = (heapBytes() - start) / events.length
  events.length = 0
  const before = heapBytes()
  const { matcher } = matcherFor({
    pattern: {
      steps: [
        { kind: 'event', events: ['a'], contiguity: 'relaxed' },
        { kind: 'event', events: ['b'], contiguity: 'relaxed' },
      ],
      withinMs: durationMs(300_000_000),
    },
    slots: ['a', 'b'],
  })
  for (let index = 0; index < count; index++) {
    matcher.advance((START + index) as EventTime)
    matcher.process(`card-${index}`, capturedEvent(index), 1)
  }
  matcher.drainChanges(() => undefined)
  const bytes = (heapBytes() - before) / count
  return [
    {
      name: `bytes per live partial match, ${count} keys`,
      value: Math.round(bytes),
      unit: 'bytes',
      ratio: bytes / (raw / count),
      against: `the ${Math.round(raw / count)} bytes of JSON captured`,
      note: `${(bytes / captured).toFixed(2)} times the ${Math.round(captured)} bytes of the captured event object; ${matcher.partialMatches} live`,
    },
  ]
}
