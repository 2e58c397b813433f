import { eventTime, type LogEntry, streamSequence } from '../../src/engine/index.ts'

/** A small seeded generator: the same traffic on every run. */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

export interface TrafficOptions {
  readonly events: number
  readonly seed?: number
  /** Cards, customers and accounts each. */
  readonly keys?: number
  /** How far behind its place in the log an event's `at` may be. */
  readonly disorderMs?: number
  readonly perSecond?: number
  /** Index of the first event, for traffic that is made in parts. */
  readonly start?: number
}

const START = 1_767_225_600_000
const encoder = new TextEncoder()

/** Payments, logins, transfers, orders, logs and heartbeats as the acceptance rules read them, 120 to 250 bytes each. */
export function traffic(options: TrafficOptions): LogEntry[] {
  const first = options.start ?? 0
  const below = random((options.seed ?? 1) + first)
  const keys = options.keys ?? 10_000
  const stepMs = 1000 / (options.perSecond ?? 2000)
  return Array.from({ length: options.events }, (_, index) => {
    const at = Math.floor(START + (first + index) * stepMs)
    const late = (options.disorderMs ?? 0) === 0 ? 0 : below(options.disorderMs ?? 0)
    const [subject, data] = event(below, keys)
    return {
      sequence: streamSequence(first + index + 1),
      subject,
      ingestedAt: eventTime(at),
      payload: encoder.encode(JSON.stringify({ ...data, at: at - late })),
    }
  })
}

type Draw = (below: number) => number

function event(below: Draw, keys: number): [string, Record<string, unknown>] {
  const kind = below(100)
  const id = (prefix: string): string => `${prefix}${below(keys)}`
  if (kind < 30) {
    const base = { card_id: id('card-'), merchant: `m${below(500)}`, currency: 'EUR', terminal: id('t') }
    if (kind < 6) return ['payments.card.declined', { ...base, amount: below(1000) / 10, code: '05' }]
    return ['payments.card.approved', { ...base, account_id: id('acc-'), amount: below(50_000) / 100 }]
  }
  if (kind < 50) {
    const customer = below(keys)
    // People stay where they are, nearly always.
    const home = below(2000) === 0 ? below(10_000) : customer
    const geo = { lat: (home % 120) - 60, lon: (home % 360) - 180 }
    const outcome = below(10) === 0 ? 'failure' : 'success'
    const device = { device_id: id('device-'), session_id: id('s-'), ip: `203.0.113.${below(256)}`, geo }
    return ['auth.login', { customer_id: `customer-${customer}`, outcome, city: 'Oslo', ...device }]
  }
  if (kind < 70) {
    const subject = kind < 60 ? 'payments.transfer.created' : 'payments.transfer.settled'
    const parties = { debtor: { account: id('acc-') }, creditor: { account: id('acc-') } }
    return [subject, { ...parties, amount: below(100_000) / 100, currency: 'EUR', reference: id('ref-') }]
  }
  if (kind < 75)
    return ['shop.order.paid', { customer_id: id('customer-'), order: id('o-'), amount: below(200) }]
  if (kind < 77) {
    const reason = ['not_received', 'damaged', 'other', 'size'][below(4)]
    return [
      'shop.order.refunded',
      { customer_id: id('customer-'), order: id('o-'), amount: below(200), reason },
    ]
  }
  if (kind < 87) {
    const pod = { service: `service-${below(20)}`, pod: `pod-${below(500)}` }
    return ['logs.app.error', { ...pod, code: `E${below(50)}`, message: 'upstream timed out after 3000 ms' }]
  }
  if (kind < 97) {
    const instance = { service: `service-${below(20)}`, instance: `i-${below(500)}` }
    return ['ops.heartbeat', { ...instance, version: '1.4.2', uptime_s: below(1_000_000) }]
  }
  const deposit = { customer_id: id('customer-'), branch: `b${below(50)}`, amount: below(15_000) }
  return ['payments.cash.deposited', deposit]
}
