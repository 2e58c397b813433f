import { setTimeout as delay } from 'node:timers/promises'
import { type Consumer, type JsMsg, jetstream } from '@nats-io/jetstream'
import { ALERT_STREAM, isNotFound } from '../broker/index.ts'
import { storedAt } from '../stream-page.ts'
import type { DelivererOptions } from './deliverer-options.ts'
import { openPosition } from './position.ts'
import type { WebhookFilter } from './records.ts'
import { type Reason, verdictOf } from './verdict.ts'
import type { StoredWebhook } from './webhook-desk.ts'

/** Requests to one target at a time, from one process. */
const LANES = 4
const PULL_MS = 30_000
const AGAIN_MS = 500

/** The alerts of one webhook, a few at a time. A target that is slow or away holds up its own alerts only. */
export class Lanes {
  readonly #options: DelivererOptions
  /** Nothing new is taken. */
  readonly #end = new AbortController()
  /** What was begun is given up. */
  readonly #giveUp = new AbortController()
  readonly #done: Promise<unknown>
  #webhook: StoredWebhook

  constructor(webhook: StoredWebhook, options: DelivererOptions) {
    this.#webhook = webhook
    this.#options = options
    this.#done = Promise.all(Array.from({ length: LANES }, () => this.#run()))
  }

  get name(): string {
    return this.#webhook.record.webhook
  }

  /** Whatever is delivered from now on is delivered by this definition. */
  change(webhook: StoredWebhook): void {
    this.#webhook = webhook
  }

  /** What was begun may end in the time that is left; what does not is sent again by whoever comes next. */
  async close(graceMs: number): Promise<void> {
    this.#end.abort()
    const timer = setTimeout(() => this.#giveUp.abort(), graceMs)
    await this.#done
    clearTimeout(timer)
  }

  async #run(): Promise<void> {
    const { signal } = this.#end
    let consumer: Consumer | undefined
    while (!signal.aborted) {
      let received = 0
      try {
        consumer ??= await this.#open()
        const messages = await consumer.fetch({ max_messages: 1, expires: PULL_MS })
        const stop = (): void => messages.stop()
        signal.addEventListener('abort', stop, { once: true })
        // The end may have come while the consumer was opened.
        if (signal.aborted) stop()
        try {
          for await (const message of messages) {
            received += 1
            await this.#handle(message)
          }
        } finally {
          signal.removeEventListener('abort', stop)
        }
      } catch (error) {
        consumer = undefined
        if (!signal.aborted)
          this.#options.log.debug({ error, webhook: this.#webhook.record.webhook }, 'alerts cannot be read')
      }
      if (received > 0 || signal.aborted) continue
      // Nothing came, or the consumer is gone with its server: the next one goes on at the same place.
      consumer = undefined
      await delay(AGAIN_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  async #open(): Promise<Consumer> {
    const { broker } = this.#options
    const info = await openPosition(this.#options, this.#webhook)
    return jetstream(broker.connection).consumers.getConsumerFromInfo(info)
  }

  async #handle(message: JsMsg): Promise<void> {
    const { courier, config, metrics, log, now, random } = this.#options
    const webhook = this.#webhook
    const { record } = webhook
    if (this.#end.signal.aborted) return message.nak()
    const alert = alertOf(message)
    if (alert === undefined) {
      const reason = { code: 'webhook-not-an-alert', detail: 'somebody else wrote something else' } as const
      return this.#bury(message, String(message.seq), reason)
    }
    if (!(await this.#matches(record.filter, alert))) return message.ack()
    const begun = performance.now()
    const attempt = await courier.carry(record, { id: alert.id, body: message.data }, this.#giveUp.signal)
    const seconds = (performance.now() - begun) / 1000
    if (attempt.kind === 'stopped') return message.nak()
    const verdict = verdictOf(attempt, {
      attempts: message.info.deliveryCount,
      ageMs: now() - storedAt(message),
      retry: config.retry,
      chance: random(),
    })
    const fields = { webhook: record.webhook, alert: alert.id, attempts: message.info.deliveryCount }
    const counted = (outcome: 'delivered' | 'retried' | 'dead-lettered'): void =>
      metrics.attempted({ webhook: record.webhook, outcome, seconds })
    switch (verdict.kind) {
      case 'delivered':
        message.ack()
        counted('delivered')
        return log.debug({ ...fields, status: verdict.status }, 'alert delivered')
      case 'retry':
        message.nak(verdict.delayMs)
        counted('retried')
        return log.info({ ...fields, ...verdict }, 'alert not delivered; trying again')
      case 'dead':
        await this.#bury(message, alert.id, verdict.reason)
        return counted('dead-lettered')
      case 'disable':
        await this.#disable(webhook)
        // It stays where it is, for the day on which the webhook is enabled again.
        message.nak(config.retry.firstMs)
        return counted('retried')
      default:
        return verdict satisfies never
    }
  }

  async #matches(filter: WebhookFilter | undefined, alert: Alert): Promise<boolean> {
    const { rules, severities, namespaces } = filter ?? {}
    if (rules !== undefined && !rules.includes(alert.rule)) return false
    if (severities !== undefined && !severities.includes(alert.severity)) return false
    if (namespaces === undefined) return true
    const namespace = await this.#options.namespaceOf(alert.rule)
    return namespace !== undefined && namespaces.includes(namespace)
  }

  async #bury(message: JsMsg, alertId: string, reason: Reason): Promise<void> {
    const { courier, log, config } = this.#options
    const { webhook } = this.#webhook.record
    const attempts = message.info.deliveryCount
    const fields = { webhook, alert: alertId, attempts, reason }
    try {
      if (!(await this.#isThere(message))) return message.ack()
      await courier.deadLetters.add({
        webhook,
        alertId,
        alertSequence: message.seq,
        attempts,
        reason,
        body: message.data,
      })
    } catch (error) {
      log.error({ ...fields, error }, 'the dead letter cannot be stored; the alert waits')
      return message.nak(config.retry.maxMs)
    }
    message.ack()
    log.warn(fields, 'alert not delivered; it is a dead letter now')
  }

  /** An alert that was erased while it was being delivered must not come back as a dead letter. */
  async #isThere({ seq }: JsMsg): Promise<boolean> {
    try {
      return (await this.#options.broker.manager.streams.getMessage(ALERT_STREAM, { seq })) !== null
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }

  async #disable(webhook: StoredWebhook): Promise<void> {
    const because = 'the target answered 410: it is gone'
    if (!(await this.#options.desk.disable(webhook, because))) return
    this.#options.log.warn({ webhook: webhook.record.webhook, because }, 'webhook disabled')
    await this.#options.disabled(webhook, because)
  }
}

interface Alert {
  readonly id: string
  readonly rule: string
  readonly severity: string
}

function alertOf(message: JsMsg): Alert | undefined {
  try {
    const { id, data } = message.json<{ id?: unknown; data?: { rule?: unknown; severity?: unknown } }>()
    const { rule, severity } = data ?? {}
    // What stands in a header must fit into one.
    return typeof id === 'string' && /^[\x21-\x7e]{1,256}$/.test(id) && typeof rule === 'string'
      ? { id, rule, severity: String(severity) }
      : undefined
  } catch {
    return undefined
  }
}
