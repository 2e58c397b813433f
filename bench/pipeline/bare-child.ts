// What an event costs before anything is done with it: the client library's own consumer and JSON.parse.
import { AckPolicy, DeliverPolicy, jetstream } from '@nats-io/jetstream'
import { connectBroker } from '../../src/service/broker/index.ts'
import { measuredBetween, type Reading, readClocks, say, warmUpEvents } from './meter.ts'
import { STREAM } from './setup.ts'

const events = Number(process.env['BENCH_EVENTS'])
const broker = await connectBroker({ url: process.env['BENCH_URL'] ?? '', name: 'bench-bare' })
const name = `bare-${process.pid}`
await broker.manager.consumers.add(STREAM, {
  name,
  ack_policy: AckPolicy.None,
  deliver_policy: DeliverPolicy.All,
  mem_storage: true,
})
const consumer = await jetstream(broker.connection).consumers.get(STREAM, name)
const { promise, resolve } = Promise.withResolvers<void>()
let seen = 0
let sum = 0
let warm: Reading | undefined
const messages = await consumer.consume({
  max_messages: 5_000,
  callback: (message) => {
    try {
      const value = JSON.parse(message.string()) as { amount?: unknown } | null
      if (typeof value?.amount === 'number') sum += value.amount
    } catch {
      // A few of the demo's events are broken on purpose.
      sum += 1
    }
    seen += 1
    if (seen === warmUpEvents(events)) warm = readClocks(seen)
    if (seen === events) resolve()
  },
})
await promise
if (warm === undefined) throw new Error('too few events')
say({ ...measuredBetween(warm, readClocks(seen)), sum: Math.round(sum) })
messages.stop()
await broker.close()
