import { setTimeout as delay } from 'node:timers/promises'
import { AckPolicy, type Consumer, DeliverPolicy, type JsMsg, jetstream } from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import type { Broker } from '../broker/index.ts'
import { storedAt } from '../stream-page.ts'

export interface TailOptions {
  readonly filter: string
  /** First sequence to see. */
  readonly from: number
  readonly signal: AbortSignal
}

export interface TailMessage {
  readonly seq: number
  readonly subject: string
  /** Milliseconds since 1970. */
  readonly storedAt: number
  readonly headers: Readonly<Record<string, string>>
  string(): string
}

/** A stream as it grows. */
export interface StreamTail {
  /** The sequence that the next message will have. */
  next(): Promise<number>
  /** Calls `visit` for each message, one after the other, until the signal is aborted. Survives a broker that goes and comes back. */
  follow(options: TailOptions, visit: (message: TailMessage) => Promise<void>): Promise<void>
}

/** Messages on their way at a time: what a slow reader can make us hold. */
const WINDOW = 64
const PULL_MS = 10_000
const RETRY_MS = 500
const FORGOTTEN_AFTER_MS = 30_000

export function natsStreamTail(broker: Broker, stream: string): StreamTail {
  return {
    next: async () => (await broker.manager.streams.info(stream)).state.last_seq + 1,
    follow: async (options, visit) => {
      const { signal } = options
      let next = options.from
      let consumer: Consumer | undefined
      while (!signal.aborted) {
        try {
          consumer ??= await open(broker, stream, options.filter, next)
          const messages = await consumer.fetch({ max_messages: WINDOW, expires: PULL_MS })
          const stop = (): void => messages.stop()
          signal.addEventListener('abort', stop, { once: true })
          // The end may have come while the consumer was opened.
          if (signal.aborted) stop()
          try {
            for await (const message of messages) {
              if (signal.aborted) break
              await visit(tailMessage(message))
              next = message.seq + 1
            }
          } finally {
            signal.removeEventListener('abort', stop)
          }
        } catch {
          // The consumer is gone with its server or by inactivity: the next one goes on at the same place.
          consumer = undefined
          await delay(RETRY_MS, undefined, { signal }).catch(() => undefined)
        }
      }
      await consumer?.delete().catch(() => undefined)
    },
  }
}

async function open(broker: Broker, stream: string, filter: string, from: number): Promise<Consumer> {
  const info = await broker.manager.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    mem_storage: true,
    inactive_threshold: nanos(FORGOTTEN_AFTER_MS),
    filter_subject: filter,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: Math.max(1, from),
  })
  return jetstream(broker.connection).consumers.getConsumerFromInfo(info)
}

function tailMessage(message: JsMsg): TailMessage {
  const headers: Record<string, string> = {}
  for (const name of message.headers?.keys() ?? [])
    headers[name.toLowerCase()] = message.headers?.get(name) ?? ''
  return {
    seq: message.seq,
    subject: message.subject,
    storedAt: storedAt(message),
    headers,
    string: () => message.string(),
  }
}
