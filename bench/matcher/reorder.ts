import { ReorderBuffer } from '../../src/engine/time/index.ts'
import { type Case, perSecond, type Row, randomNumbers, secondsOf } from './measure.ts'

const LATENESS_MS = 2_000
const PER_SECOND = 4_000
const PAYLOAD = JSON.stringify({
  id: '01JQ2V5Z8K3M9N4P7R6S0T1W2X',
  card_id: 'card-4f2a91',
  account_id: 'acc-12345',
  merchant: 'm1042',
  amount: 12.5,
  currency: 'EUR',
  time: '2026-01-01T00:02:00.000Z',
})

/** Events up to 2 s out of order through the reorder buffer, beside a JSON.parse of each of them. */
export function reorderCases(scale: number): Case[] {
  return [{ name: 'reorder buffer', run: () => reorder(Math.round(2_000_000 * scale)) }]
}

function reorder(count: number): Row[] {
  const next = randomNumbers(11)
  const times = Float64Array.from(
    { length: count },
    (_, index) => Math.floor((index * 1000) / PER_SECOND) - (next() % LATENESS_MS),
  )
  let sum = 0
  const parse = secondsOf(() => {
    for (let index = 0; index < count; index++) sum += (JSON.parse(PAYLOAD) as { amount: number }).amount
  })
  let released = 0
  const own = secondsOf(() => {
    released = 0
    const buffer = new ReorderBuffer<{ readonly time: number; readonly sequence: number }>(LATENESS_MS)
    let newest = 0
    for (let index = 0; index < count; index++) {
      const time = times[index] ?? 0
      buffer.push({ time, sequence: index })
      if (time > newest) newest = time
      while (buffer.take(newest - LATENESS_MS) !== undefined) released++
    }
  })
  return [
    {
      name: `reorder buffer, up to ${LATENESS_MS / 1000} s out of order`,
      value: perSecond(count, own),
      unit: 'events/s',
      ratio: own / parse,
      against: 'the cost of a JSON.parse',
      note: `${released} released, ${sum > 0 ? PAYLOAD.length : 0} bytes of JSON`,
    },
  ]
}
