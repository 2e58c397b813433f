import { setTimeout as delay } from 'node:timers/promises'
import type { Subscription } from '@nats-io/transport-node'
import { ALERT_STREAM, type Broker, isNotFound } from '../broker/index.ts'
import type { DelivererOptions } from './deliverer-options.ts'
import { Lanes } from './lanes.ts'
import { consumerOf, WEBHOOKS_BUCKET } from './records.ts'

/** The bucket is read again after so long even when nothing was heard of a change. */
const LOOK_MS = 10_000
const GRACE_MS = 5_000

/**
 * Sends alerts to the targets of all webhooks that are enabled. Several processes may run one: each alert is with one of them at a
 * time, because they share one durable consumer per webhook.
 */
export class WebhookDeliverer {
  readonly #options: DelivererOptions
  /** By consumer. */
  readonly #lanes = new Map<string, Lanes>()
  readonly #end = new AbortController()
  #changes: Subscription | undefined
  #wake: () => void = () => undefined
  #loop: Promise<void> = Promise.resolve()

  constructor(options: DelivererOptions) {
    this.#options = options
  }

  start(): void {
    this.#changes = this.#options.broker.connection.subscribe(`$KV.${WEBHOOKS_BUCKET}.>`, {
      callback: () => this.#wake(),
    })
    this.#loop = this.#run()
  }

  /** Takes nothing new, and waits so long for what was begun. */
  async close(graceMs: number = GRACE_MS): Promise<void> {
    this.#end.abort()
    this.#changes?.unsubscribe()
    await this.#loop
    await Promise.all([...this.#lanes.values()].map((lanes) => lanes.close(graceMs)))
    // The broker should know what was delivered before the connection goes.
    await this.#options.broker.connection.flush().catch(() => undefined)
  }

  async #run(): Promise<void> {
    const { signal } = this.#end
    while (!signal.aborted) {
      const { promise: woken, resolve } = Promise.withResolvers<void>()
      // Before the bucket is read: a change while it is read is read the next time.
      this.#wake = resolve
      try {
        await this.#follow()
      } catch (error) {
        if (!signal.aborted) this.#options.log.warn({ error }, 'webhooks cannot be read; trying again')
      }
      await Promise.race([woken, delay(LOOK_MS, undefined, { signal }).catch(() => undefined)])
    }
  }

  async #follow(): Promise<void> {
    const { desk, metrics } = this.#options
    const webhooks = await desk.list()
    const wanted = new Map(
      webhooks.filter(({ record }) => record.enabled).map((webhook) => [consumerOf(webhook.record), webhook]),
    )
    for (const [consumer, lanes] of this.#lanes)
      if (!wanted.has(consumer)) {
        this.#lanes.delete(consumer)
        await lanes.close(0)
        // A disabled one keeps its place; one that was removed has none.
        if (!webhooks.some(({ record }) => consumerOf(record) === consumer)) await this.#forget(consumer)
      }
    for (const [consumer, webhook] of wanted) {
      const lanes = this.#lanes.get(consumer)
      if (lanes === undefined) this.#lanes.set(consumer, new Lanes(webhook, this.#options))
      else lanes.change(webhook)
    }
    metrics.webhooks(
      await Promise.all(
        webhooks.map(async ({ record }) => ({
          webhook: record.webhook,
          enabled: record.enabled,
          waiting: await waitingOf(this.#options.broker, record),
        })),
      ),
    )
  }

  async #forget(consumer: string): Promise<void> {
    try {
      await this.#options.broker.manager.consumers.delete(ALERT_STREAM, consumer)
    } catch (error) {
      // Another process was first.
      if (!isNotFound(error)) throw error
    }
  }
}

/** Alerts that the webhook has not handled yet, also those that it will pass over. */
export async function waitingOf(broker: Broker, record: Parameters<typeof consumerOf>[0]): Promise<number> {
  try {
    const info = await broker.manager.consumers.info(ALERT_STREAM, consumerOf(record))
    return info.num_pending + info.num_ack_pending
  } catch (error) {
    if (isNotFound(error)) return 0
    throw error
  }
}
