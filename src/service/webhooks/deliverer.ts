import { setTimeout as delay } from 'node:timers/promises'
import type { DelivererOptions } from './deliverer-options.ts'
import { Lanes } from './lanes.ts'
import { forgetPosition, waitingOf } from './position.ts'
import { consumerOf } from './records.ts'

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
  #watch: Promise<void> = Promise.resolve()
  #wake: () => void = () => undefined
  #loop: Promise<void> = Promise.resolve()

  constructor(options: DelivererOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { changes } = this.#options
    const from = await changes.next()
    this.#watch = changes.follow({ filter: '>', from, signal: this.#end.signal }, async () => this.#wake())
    this.#loop = this.#run()
  }

  /** Takes nothing new, and waits so long for what was begun. */
  async close(graceMs: number = GRACE_MS): Promise<void> {
    this.#end.abort()
    await Promise.all([this.#loop, this.#watch])
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
    for (const [consumer, lanes] of this.#lanes) {
      if (wanted.has(consumer)) continue
      // A record that is written while all are read may be missing among them.
      const now = await desk.get(lanes.name)
      const isSame = now !== undefined && consumerOf(now.record) === consumer
      if (isSame && now.record.enabled) continue
      this.#lanes.delete(consumer)
      await lanes.close(0)
      // A disabled one keeps its place; one that was removed has none.
      if (!isSame) await forgetPosition(this.#options.broker, consumer)
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
}
