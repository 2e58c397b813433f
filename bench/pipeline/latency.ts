import type { Broker } from '../../src/service/broker/index.ts'
import { quantile } from './meter.ts'

export interface Latency {
  readonly eventsPerSecond: number
  readonly alerts: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

const TICK_MS = 5
const SECONDS_BEFORE = 2

/**
 * From the publish of the event that completes a match to its alert at a subscriber of core NATS. Events come at a steady pace, half
 * of them complete a match; the first seconds do not count.
 */
export async function measureLatency(
  publisher: Broker,
  subscriber: Broker,
  options: { readonly eventsPerSecond: number; readonly seconds: number },
): Promise<Latency> {
  const sentAt = new Map<string, number>()
  const latencies: number[] = []
  const subscription = subscriber.connection.subscribe('alerts.>', {
    callback: (_, message) => {
      const now = performance.now()
      const { data } = message.json<{ data: { key: { user: string } } }>()
      const at = sentAt.get(data.key.user)
      if (at !== undefined) latencies.push(now - at)
      sentAt.delete(data.key.user)
    },
  })
  await subscriber.connection.flush()
  const before = SECONDS_BEFORE * options.eventsPerSecond
  const total = before + options.seconds * options.eventsPerSecond
  const startedAt = performance.now()
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, ((performance.now() - startedAt) / 1000) * options.eventsPerSecond)
    for (; sent < due; sent += 1) {
      const user = `user-${sent >> 1}`
      if (sent % 2 === 0) publisher.connection.publish('demo.a', `{"user":"${user}"}`)
      else {
        if (sent > before) sentAt.set(user, performance.now())
        publisher.connection.publish('demo.b', `{"user":"${user}"}`)
      }
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
  for (let waits = 0; sentAt.size > 0 && waits < 200; waits += 1)
    await new Promise((resolve) => setTimeout(resolve, 10))
  subscription.unsubscribe()
  if (latencies.length === 0) throw new Error('none of the events that count raised an alert')
  const round = (value: number): number => Math.round(value * 10) / 10
  return {
    eventsPerSecond: options.eventsPerSecond,
    alerts: latencies.length,
    p50Ms: round(quantile(latencies, 0.5)),
    p99Ms: round(quantile(latencies, 0.99)),
    maxMs: round(Math.max(...latencies)),
  }
}
