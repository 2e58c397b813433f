import { describe, expect, test } from 'vitest'
import { EVENT, eventTime, streamSequence } from '../model/index.ts'
import type { LogEntry } from '../partition/contract.ts'
import { type DeadLetter, decodeEvent } from './decode.ts'
import type { LoggedEvent } from './logged-event.ts'
import { DEFAULT_PAYLOAD_LIMITS } from './payload-check.ts'
import { resolveSource, type TimestampField } from './source.ts'
import { readTimestamp } from './timestamp.ts'

const NOW = 1_767_225_600_000
const encoder = new TextEncoder()

function decode(
  payload: string | Uint8Array,
  options: { headers?: Record<string, string>; timestamp?: TimestampField; maxAheadMs?: number } = {},
): LoggedEvent | DeadLetter {
  const entry: LogEntry = {
    sequence: streamSequence(7),
    subject: 'demo.a',
    ingestedAt: eventTime(NOW),
    payload: typeof payload === 'string' ? encoder.encode(payload) : payload,
    ...(options.headers === undefined ? {} : { headers: options.headers }),
  }
  const source = resolveSource({ name: 'test', subjects: ['>'], ...options })
  return decodeEvent(entry, source, DEFAULT_PAYLOAD_LIMITS)
}

const reasonOf = (decoded: LoggedEvent | DeadLetter): string =>
  'reason' in decoded ? decoded.reason : 'event'

function eventOf(decoded: LoggedEvent | DeadLetter): LoggedEvent {
  if ('reason' in decoded) throw new Error(decoded.reason)
  return decoded
}

const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
const members = (count: number): string =>
  `{${Array.from({ length: count }, (_, index) => `"k${index}":0`).join(',')}}`

describe('what becomes an event', () => {
  test.each([
    ['{}', 'event'],
    ['{"a":1}', 'event'],
    ['  {"a":1}\n', 'event'],
    ['', 'payload-empty'],
    ['{', 'payload-not-json'],
    ['{"a":1}x', 'payload-not-json'],
    ['\ufeff{}', 'payload-not-json'],
    ['\0', 'payload-not-json'],
    ['[1]', 'payload-not-an-object'],
    ['"text"', 'payload-not-an-object'],
    ['null', 'payload-not-an-object'],
    ['1e999', 'payload-not-an-object'],
    ['{"a":1e999}', 'number-not-finite'],
    ['{"a":[{"b":-1e999}]}', 'number-not-finite'],
    ['{"a":NaN}', 'payload-not-json'],
    ['{"a":-0,"b":9007199254740993}', 'event'],
    ['{"a":"\\ud800"}', 'event'],
    ['{"a":"\\u0000"}', 'event'],
    [nested(32), 'event'],
    [nested(33), 'payload-too-deep'],
    [nested(30_000), 'payload-too-deep'],
    [members(1000), 'event'],
    [members(1001), 'payload-too-many-members'],
    [`{"a":[${'0,'.repeat(1000)}0]}`, 'payload-too-many-members'],
    [`{"a":"${'x'.repeat(65_536)}"}`, 'payload-too-large'],
  ])('%.40s', (payload, reason) => {
    expect(reasonOf(decode(payload))).toBe(reason)
  })

  test('bytes that are not UTF-8', () => {
    expect(reasonOf(decode(Uint8Array.of(0x7b, 0xff, 0x7d)))).toBe('payload-not-utf8')
    expect(reasonOf(decode(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)))).toBe('payload-not-utf8')
  })

  test('names from the prototype are only names', () => {
    const { data } = eventOf(decode('{"__proto__":{"polluted":1},"constructor":1,"toString":2}'))
    expect(Object.keys(data)).toEqual(['__proto__', 'constructor', 'toString'])
    expect((data as { polluted?: unknown }).polluted).toBeUndefined()
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test('at rest, the data knows its event', () => {
    const event = eventOf(decode('{"a":1}'))
    event.rest()
    expect(event.data[EVENT]).toBe(event)
    expect(event).toMatchObject({ sequence: 7, time: NOW, ingestedAt: NOW, subject: 'demo.a', id: '7' })
  })

  test.each<[string, Record<string, string> | undefined]>([
    ['{"a":[1,{"b":2}]}', undefined],
    [
      '{"specversion":"1.0","id":"7","data":{"a":[1,{"b":2}]}}',
      { 'content-type': 'application/cloudevents+json' },
    ],
  ])('at rest, the bytes are the data: %s', (text, headers) => {
    const event = eventOf(decode(text, headers === undefined ? {} : { headers }))
    const payload = new TextEncoder().encode(`..${text}..`)
    Object.assign(event, { bytes: payload, start: 2, length: payload.length - 4 })
    const before = event.data
    event.rest()
    expect(JSON.stringify(event.data)).toBe('{"a":[1,{"b":2}]}')
    expect(event.data).not.toBe(before)
    expect(event.data[EVENT]).toBe(event)
  })
})

describe('event time', () => {
  const at = { path: 'meta.at' }
  test.each<[unknown, string | number]>([
    ['2026-01-01T00:00:00Z', NOW],
    ['2026-01-01T00:00:00.25Z', NOW + 250],
    ['2026-01-01T01:00:00.250+01:00', NOW + 250],
    ['2025-12-31T18:30:00-0530', NOW],
    [NOW - 1.5, NOW - 2],
    [NOW + 300_000, NOW + 300_000],
    [NOW + 300_001, 'time-ahead'],
    ['9999-12-31T23:59:59Z', 'time-ahead'],
    [-1, 'time-negative'],
    ['1969-12-31T23:59:59Z', 'time-negative'],
    [0, 0],
    ['yesterday', 'time-unreadable'],
    ['2026-02-30T00:00:00Z', 'time-unreadable'],
    ['2026-01-01T24:00:00Z', 'time-unreadable'],
    ['2026-01-01', 'time-unreadable'],
    ['2026-01-01T00:00:00', 'time-unreadable'],
    [`${NOW}`, 'time-unreadable'],
    [null, 'time-unreadable'],
    [true, 'time-unreadable'],
    [{}, 'time-unreadable'],
    [1e300, 'time-unreadable'],
    [undefined, 'time-unreadable'],
  ])('%s', (value, expected) => {
    const decoded = decode(JSON.stringify({ meta: { at: value } }), { timestamp: at })
    expect('reason' in decoded ? decoded.reason : decoded.time).toBe(expected)
  })

  test('in seconds, and from an attribute', () => {
    const seconds = { path: 'at', unit: 's' } as const
    expect(eventOf(decode(`{"at":${NOW / 1000 - 0.5}}`, { timestamp: seconds })).time).toBe(NOW - 500)
    const headers = { 'ce-specversion': '1.0', 'ce-time': '2025-12-31T23:59:59Z' }
    expect(eventOf(decode('{}', { timestamp: { path: '$event.time' }, headers })).time).toBe(NOW - 1000)
  })

  test('ISO 8601 is read as the platform reads it', () => {
    for (let year = 1970; year < 2105; year += 5) {
      for (const rest of ['01-01T00:00:00Z', '02-28T23:59:59.999Z', '03-01T12:30:15Z', '12-31T00:00:01.1Z']) {
        expect(readTimestamp(`${year}-${rest}`, 1)).toBe(Date.parse(`${year}-${rest}`))
      }
    }
    expect(readTimestamp('2024-02-29T00:00:00Z', 1)).toBe(Date.parse('2024-02-29T00:00:00Z'))
    expect(readTimestamp('2100-02-29T00:00:00Z', 1)).toBeUndefined()
  })
})

describe('CloudEvents and headers', () => {
  const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' }

  test('structured mode', () => {
    const envelope = { specversion: '1.0', id: 'e1', source: '/s', type: 't', data: { a: 1 } }
    const event = eventOf(decode(JSON.stringify(envelope), { headers: structured }))
    expect(JSON.stringify(event.data)).toBe('{"a":1}')
    expect(event.id).toBe('e1')
    expect(event.attributes).toEqual({ specversion: '1.0', id: 'e1', source: '/s', type: 't' })
    expect(reasonOf(decode('{"specversion":"1.0"}', { headers: structured }))).toBe('payload-not-an-object')
  })

  test('binary mode', () => {
    const headers = { 'ce-specversion': '1.0', 'ce-id': 'e2', traceparent: '00-x', 'nats-msg-id': 'm' }
    const event = eventOf(decode('{"a":1}', { headers }))
    expect(event.id).toBe('e2')
    expect(event.attributes).toEqual({ specversion: '1.0', id: 'e2', traceparent: '00-x' })
  })

  test('plain JSON with a message id', () => {
    expect(eventOf(decode('{}', { headers: { 'nats-msg-id': 'm1' } })).id).toBe('m1')
  })

  test('a thousand headers are too many', () => {
    const headers = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`h${index}`, 'x']))
    expect(Object.keys(eventOf(decode('{}', { headers })).attributes ?? {})).toHaveLength(64)
  })
})
