import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'

export interface StreamPage {
  readonly stream: string
  readonly filter?: string
  /** Several that do not overlap. */
  readonly filters?: readonly string[]
  /** First sequence to read, or the time from which on; or the last message of every subject. */
  readonly from: number | 'last-per-subject' | { readonly time: number }
  /** Reading ends after this many messages. */
  readonly max: number
}

const NANOSECONDS = 1_000_000
const WAIT_MS = 2000
const FORGOTTEN_AFTER_MS = 10_000

/**
 * Reads stored messages in order until the end of the stream as it was when reading began, `max`, or until `visit` returns false.
 * Leaves nothing behind on the broker.
 */
export async function readStream(
  connection: NatsConnection,
  page: StreamPage,
  visit: (message: JsMsg) => boolean | undefined,
): Promise<void> {
  const manager = await jetstreamManager(connection, { checkAPI: false })
  const consumer = await manager.consumers.add(page.stream, {
    ack_policy: AckPolicy.None,
    mem_storage: true,
    inactive_threshold: FORGOTTEN_AFTER_MS * NANOSECONDS,
    ...(page.filter === undefined ? {} : { filter_subject: page.filter }),
    ...(page.filters === undefined ? {} : { filter_subjects: [...page.filters] }),
    ...startOf(page.from),
  })
  try {
    let left = Math.min(page.max, consumer.num_pending)
    const pull = jetstream(connection).consumers.getConsumerFromInfo(consumer)
    while (left > 0) {
      let received = 0
      for await (const message of await pull.fetch({
        max_messages: Math.min(left, 1000),
        expires: WAIT_MS,
      })) {
        received += 1
        left -= 1
        if (visit(message) === false) return
        if (message.info.pending === 0) return
      }
      // Retention may have taken what was pending when reading began.
      if (received === 0) return
    }
  } finally {
    await forget(manager, page.stream, consumer.name)
  }
}

function startOf(from: StreamPage['from']): Partial<ConsumerConfig> {
  if (from === 'last-per-subject') return { deliver_policy: DeliverPolicy.LastPerSubject }
  if (typeof from === 'object')
    return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(from.time).toISOString() }
  return from <= 1
    ? { deliver_policy: DeliverPolicy.All }
    : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from }
}

async function forget(manager: JetStreamManager, stream: string, consumer: string): Promise<void> {
  try {
    await manager.consumers.delete(stream, consumer)
  } catch {
    // The broker forgets it by itself after a while.
  }
}

/** When the broker stored the message; milliseconds since 1970. */
export const storedAt = (message: JsMsg): number => Number(message.timestampNanos / 1_000_000n)
