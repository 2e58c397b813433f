import { randomUUID } from 'node:crypto'
import type { Problem } from '../../engine/index.ts'
import { signingKeyOf, type WebhooksConfig } from '../config/index.ts'
import type { DeadLetter, DeadLetters } from './dead-letters.ts'
import type { WebhookRecord } from './records.ts'
import { type Attempt, createSender, type Delivery, type Sender } from './sender.ts'
import { type Resolve, targetPolicy } from './target.ts'
import { type Reason, reasonOf } from './verdict.ts'
import type { StoredWebhook, WebhookText } from './webhook-desk.ts'

export interface Trial {
  readonly delivered: boolean
  /** HTTP status, when there was an answer. */
  readonly status?: number
  /** Why it was not delivered. */
  readonly reason?: Reason
  readonly durationMs: number
}

export interface CourierOptions {
  readonly config: Pick<WebhooksConfig, 'allow' | 'allowAddresses' | 'secrets' | 'timeoutMs'>
  readonly deadLetters: DeadLetters
  readonly now: () => number
  /** Default: the system's. */
  readonly resolve?: Resolve
}

/** Carries one thing to the target of one webhook, signed; knows where targets may be and what the secrets are. */
export class Courier {
  readonly deadLetters: DeadLetters
  readonly #keys = new Map<string, Uint8Array[]>()
  readonly #policy: ReturnType<typeof targetPolicy>
  readonly #send: Sender
  readonly #now: () => number

  constructor({ config, deadLetters, now, resolve }: CourierOptions) {
    for (const { name, secret } of config.secrets) {
      const key = signingKeyOf(secret.reveal())
      if (key !== undefined) this.#keys.set(name, [...(this.#keys.get(name) ?? []), key])
    }
    this.#policy = targetPolicy({ ...config, ...(resolve === undefined ? {} : { resolve }) })
    this.#send = createSender({ policy: this.#policy, timeoutMs: config.timeoutMs, now })
    this.#now = now
    this.deadLetters = deadLetters
  }

  /** What stands against a webhook before it is stored. */
  check({ url, secret }: WebhookText): readonly Problem[] {
    const problems: Problem[] = []
    const refusal = this.#policy.refusal(url)
    if (refusal !== undefined)
      problems.push({
        code: 'webhook-target-not-allowed',
        severity: 'error',
        message: `alerts may not be sent there: ${refusal}`,
        hint: 'name an https address of a host in webhooks.allow, or have the host added there',
        at: { pointer: '/url' },
      })
    if (!this.#keys.has(secret))
      problems.push({
        code: 'webhook-secret-unknown',
        severity: 'error',
        message: `the configuration has no webhook secret ${secret}`,
        hint: 'add it to webhooks.secrets',
        at: { pointer: '/secret' },
      })
    return problems
  }

  async carry(
    { url, secret }: WebhookRecord,
    { id, body }: Pick<Delivery, 'id' | 'body'>,
    signal: AbortSignal,
  ): Promise<Attempt> {
    const keys = this.#keys.get(secret)
    if (keys === undefined)
      return {
        kind: 'failed',
        code: 'webhook-secret-unknown',
        detail: `this process has no webhook secret ${secret}`,
      }
    return this.#send({ url, id, body, keys }, signal)
  }

  /** Sends something that is no alert, so that the way there can be tried, also of a webhook that is disabled. */
  async test({ record }: StoredWebhook, signal: AbortSignal): Promise<Trial> {
    const id = `test.${randomUUID()}`
    const event = {
      specversion: '1.0',
      id,
      type: 'webhook.test.v1',
      source: `/webhooks/${record.webhook}`,
      time: new Date(this.#now()).toISOString(),
      datacontenttype: 'application/json',
      data: { webhook: record.webhook, message: 'This is a test; nothing happened.' },
    }
    return this.#try(record, { id, body: Buffer.from(JSON.stringify(event)) }, signal)
  }

  /** Sends a dead letter once more; one that arrives is none any longer. */
  async redeliver({ record }: StoredWebhook, letter: DeadLetter, signal: AbortSignal): Promise<Trial> {
    const trial = await this.#try(record, { id: letter.alertId, body: letter.body }, signal)
    if (trial.delivered) await this.deadLetters.remove(letter.sequence)
    return trial
  }

  async #try(
    record: WebhookRecord,
    content: Pick<Delivery, 'id' | 'body'>,
    signal: AbortSignal,
  ): Promise<Trial> {
    const begun = performance.now()
    const attempt = await this.carry(record, content, signal)
    const durationMs = Math.round(performance.now() - begun)
    if (attempt.kind === 'stopped')
      return {
        delivered: false,
        durationMs,
        reason: { code: 'webhook-target-unreachable', detail: 'it was given up' },
      }
    if (attempt.kind === 'answered' && attempt.status >= 200 && attempt.status < 300)
      return { delivered: true, status: attempt.status, durationMs }
    const reason = reasonOf(attempt)
    return {
      delivered: false,
      durationMs,
      reason,
      ...(reason.status === undefined ? {} : { status: reason.status }),
    }
  }
}
