import { expect, test } from 'vitest'
import { type LogEntry, streamSequence } from '../../src/engine/index.ts'
import { playLog, restoredEvery } from '../support/play-log.ts'

const RULE = `rule: unshipped
by: customer
events:
  order: shop.orders
  payment: shop.payments where order_id = $order.order_id and amount >= $order.amount
  shipment: shop.shipments where payment_ref = $payment.ref
pattern: order followed by payment followed by shipment within 1 day
afterMatch: no-skip
suppress: false
`
const ORDERS = 60
const OPTIONS = { index: 0, count: 1, stream: 'INPUT' }
const START = 1_767_225_600_000
const encoder = new TextEncoder()

function log(): readonly LogEntry[] {
  const entries: LogEntry[] = []
  const add = (subject: string, data: unknown): void => {
    const sequence = entries.length + 1
    entries.push({
      sequence: streamSequence(sequence),
      subject,
      ingestedAt: (START + sequence * 1000) as LogEntry['ingestedAt'],
      payload: encoder.encode(JSON.stringify(data)),
    })
  }
  add('sequitur.log.rule', {
    kind: 'put',
    id: 'unshipped',
    version: 1,
    status: 'live',
    format: 'yaml',
    source: RULE,
  })
  for (let number = 0; number < ORDERS; number++)
    add('shop.orders', { customer: 'c', order_id: `o${number}`, amount: 10 })
  // Nothing to compare with, another type, too little: nobody takes these.
  for (const data of [{ amount: 10 }, { order_id: 7, amount: 10 }, { order_id: 'o1', amount: 9 }])
    add('shop.payments', { customer: 'c', ...data })
  for (let number = ORDERS - 1; number >= 0; number--)
    add('shop.payments', { customer: 'c', order_id: `o${number}`, amount: 10, ref: `p${number}` })
  for (let number = 0; number < ORDERS; number += 2)
    add('shop.shipments', { customer: 'c', payment_ref: `p${number}` })
  return entries
}

/** Orders in the order in which they alerted; `every`: stored and restored after so many entries. */
function alertedOrders(every: number): readonly string[] {
  const { effects } = playLog(log(), OPTIONS, restoredEvery(every))
  return effects
    .filter(({ kind }) => kind === 'alert')
    .map(({ payload }) => JSON.parse(payload).data.events[0].seq - 2)
    .map((number) => `o${number}`)
}

test.each([10_000, 7])(
  'partial matches that are found by value alert as if each were asked, stored every %i entries',
  (every) => {
    const wanted = Array.from({ length: ORDERS / 2 }, (_, index) => `o${index * 2}`)
    expect(alertedOrders(every)).toEqual(wanted)
  },
)
