import {
  createInbox,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  headers as newHeaders,
  type Subscription,
} from '@nats-io/transport-node'
import type { Effect } from '../../engine/index.ts'
import type { Broker } from '../broker/index.ts'

/** What JetStream answers to a publish. */
export interface PublishAnswer {
  readonly seq?: number
  readonly duplicate?: boolean
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string }
}

export interface OutgoingMessage {
  readonly subject: string
  readonly payload: string
  readonly headers: MsgHdrs
}

/**
 * Many publishes in flight over one inbox: a request of the client library costs ten times as much as the publish itself.
 * Answers come back by index; `undefined` is one that did not come in time, so its fate is unknown.
 */
export class PublishRequests {
  readonly #connection: NatsConnection
  readonly #inbox: string
  readonly #subscription: Subscription
  #next = 0
  readonly #forget: () => void
  readonly #waiting = new Map<number, (answer: PublishAnswer | undefined) => void>()

  constructor(broker: Broker) {
    const { connection } = broker
    this.#connection = connection
    this.#inbox = createInbox(broker.options.inboxPrefix)
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (_, message) => this.#answer(message),
    })
    // Answers to what was sent over the old connection do not come over the new one.
    this.#forget = broker.onReconnect(() => this.#giveUp())
  }

  publish(message: OutgoingMessage, timeoutMs: number): Promise<PublishAnswer | undefined> {
    this.#next += 1
    const index = this.#next
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(index, undefined), timeoutMs)
      this.#waiting.set(index, (answer) => {
        clearTimeout(timer)
        resolve(answer)
      })
      this.#connection.publish(message.subject, message.payload, {
        headers: message.headers,
        reply: `${this.#inbox}.${index}`,
      })
    })
  }

  /** Without asking for an answer: the members of an atomic batch but the last. */
  send(message: OutgoingMessage): void {
    this.#connection.publish(message.subject, message.payload, { headers: message.headers })
  }

  close(): void {
    this.#forget()
    this.#subscription.unsubscribe()
    this.#giveUp()
  }

  #giveUp(): void {
    for (const index of [...this.#waiting.keys()]) this.#settle(index, undefined)
  }

  #answer(message: Msg): void {
    const index = Number(message.subject.slice(message.subject.lastIndexOf('.') + 1))
    // An empty body with status 503: nobody took it, because the stream or its leader is away.
    this.#settle(index, message.data.length === 0 ? undefined : message.json<PublishAnswer>())
  }

  #settle(index: number, answer: PublishAnswer | undefined): void {
    const resolve = this.#waiting.get(index)
    this.#waiting.delete(index)
    resolve?.(answer)
  }
}

/**
 * The headers that subscribers may rely on: docs/spec/delivery.md. `isIdTaken`: the server knows the id from another effect, so that
 * it would drop this one; then the number makes the message id distinct. What is in the log is decided by numbers alone.
 */
export function effectHeaders(partition: number, effect: Effect, isIdTaken = false): MsgHdrs {
  const headers = newHeaders()
  headers.set('Nats-Msg-Id', messageId(effect, isIdTaken))
  headers.set('Sequitur-Partition', String(partition))
  headers.set('Sequitur-Number', String(effect.number))
  for (const [name, value] of Object.entries(effect.headers ?? {})) headers.set(name, value)
  return headers
}

export const messageId = (effect: Effect, isIdTaken: boolean): string =>
  isIdTaken ? `${effect.id}:${effect.number}` : effect.id
