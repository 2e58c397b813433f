import http from 'node:http'
import https from 'node:https'
import type { WebhookCode } from './codes.ts'
import { signatureOf } from './signature.ts'
import { NOT_ALLOWED, type TargetPolicy } from './target.ts'

export interface Delivery {
  readonly url: string
  /** Of the alert: the same for every attempt. */
  readonly id: string
  readonly body: Uint8Array
  /** One, or two while a secret is replaced. */
  readonly keys: readonly Uint8Array[]
}

/** What came of one attempt. */
export type Attempt =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterMs?: number }
  | { readonly kind: 'failed'; readonly code: WebhookCode; readonly detail: string }
  /** The signal ended it; nothing is known of what the target did. */
  | { readonly kind: 'stopped' }

export type Sender = (delivery: Delivery, signal: AbortSignal) => Promise<Attempt>

export interface SenderOptions {
  readonly policy: TargetPolicy
  /** From the name of the host to the end of the answer. */
  readonly timeoutMs: number
  readonly now: () => number
}

/** Of an answer: what is in it is not looked at, and a target that says much is cut off. */
const ANSWER_BYTES_MAX = 65_536

/** Sends as Standard Webhooks asks for. Never follows a redirect, and never throws. */
export const createSender =
  ({ policy, timeoutMs, now }: SenderOptions): Sender =>
  async (delivery, stop) => {
    const refusal = policy.refusal(delivery.url)
    if (refusal !== undefined) return { kind: 'failed', code: 'webhook-target-not-allowed', detail: refusal }
    if (stop.aborted) return { kind: 'stopped' }
    const timeout = AbortSignal.timeout(timeoutMs)
    const { promise, resolve } = Promise.withResolvers<Attempt>()
    const url = new URL(delivery.url)
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      method: 'POST',
      headers: headersOf(delivery, Math.floor(now() / 1000)),
      // A connection of its own: the address is checked when it is made.
      agent: false,
      lookup: policy.lookup,
      signal: AbortSignal.any([stop, timeout]),
    })
    request.on('response', (response) => {
      const answer: Attempt = {
        kind: 'answered',
        status: response.statusCode ?? 0,
        ...waitOf(response, now()),
      }
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > ANSWER_BYTES_MAX) response.destroy()
      })
      // The status is the answer, however its body ends.
      response.on('error', () => resolve(answer))
      response.on('close', () => resolve(answer))
    })
    request.on('error', (error) =>
      resolve(
        stop.aborted
          ? { kind: 'stopped' }
          : timeout.aborted
            ? { kind: 'failed', code: 'webhook-target-too-slow', detail: `no answer within ${timeoutMs} ms` }
            : failureOf(error),
      ),
    )
    request.end(delivery.body)
    return promise
  }

function headersOf(delivery: Delivery, timestamp: number): Readonly<Record<string, string | number>> {
  const { id, body, keys } = delivery
  return {
    'content-type': 'application/cloudevents+json',
    'content-length': body.length,
    'user-agent': 'Sequitur',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatureOf({ id, timestamp, body }, keys),
  }
}

function failureOf(error: Error): Attempt {
  const { code } = error as NodeJS.ErrnoException
  return code === NOT_ALLOWED
    ? { kind: 'failed', code: 'webhook-address-not-allowed', detail: error.message }
    : { kind: 'failed', code: 'webhook-target-unreachable', detail: code ?? error.message }
}

/** `Retry-After`: seconds, or a date. */
function waitOf(response: http.IncomingMessage, now: number): { readonly retryAfterMs?: number } {
  const text = response.headers['retry-after']
  if (text === undefined) return {}
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isFinite(waitMs) && waitMs > 0 ? { retryAfterMs: waitMs } : {}
}
