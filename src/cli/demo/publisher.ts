import { setTimeout as sleep } from 'node:timers/promises'
import { type JetStreamClient, jetstream } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import type { DemoEvent, DemoWorld } from './generator.ts'

/** What became of the demo's events on their way to the broker. */
export interface PublisherCounts {
  published: number
  /** Of them: sent before with the same id, and dropped by the broker. */
  duplicates: number
  failed: number
}

export interface Publisher {
  readonly counts: Readonly<PublisherCounts>
  /** Brings open affairs to an end and resolves when the broker has everything. */
  stop(): Promise<void>
}

const WINDOW = 256
const STOP_MS_MAX = 5_000

/** Publishes a world at its own pace, over a connection like any other client's. */
export function startPublisher(connection: NatsConnection, world: DemoWorld): Publisher {
  const client = jetstream(connection, { timeout: 10_000 })
  const counts: PublisherCounts = { published: 0, duplicates: 0, failed: 0 }
  const stopping = new AbortController()
  const pending = new Set<Promise<void>>()
  const send = (event: DemoEvent): void => {
    const sent: Promise<void> = publish(client, event, counts).finally(() => pending.delete(sent))
    pending.add(sent)
  }
  const run = async (): Promise<void> => {
    const startedAt = performance.now()
    let due = startedAt
    while (!stopping.signal.aborted) {
      const event = world.next()
      due += event.delayMs
      const wait = due - performance.now()
      if (wait > 2) await sleep(wait, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (pending.size >= WINDOW) await Promise.race(pending)
      send(event)
    }
    for (const event of world.closing()) send(event)
    await Promise.race([Promise.all(pending), sleep(STOP_MS_MAX, undefined, { ref: false })])
  }
  const running = run()
  return {
    counts,
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

async function publish(client: JetStreamClient, event: DemoEvent, counts: PublisherCounts): Promise<void> {
  try {
    const stored = await client.publish(
      event.subject,
      event.data,
      event.id === undefined ? {} : { msgID: event.id },
    )
    counts.published += 1
    if (stored.duplicate) counts.duplicates += 1
  } catch {
    // A broker that is away for a moment: the demo's world goes on without this event.
    counts.failed += 1
  }
}
