import type { WebhookCode } from './codes.ts'
import type { Attempt } from './sender.ts'

export interface RetryOptions {
  readonly firstMs: number
  readonly maxMs: number
  readonly attemptsMax: number
  /** An alert that is older is given up with its next failure. */
  readonly giveUpAfterMs: number
}

export interface Reason {
  readonly code: WebhookCode
  readonly detail: string
  /** HTTP status, when there was an answer. */
  readonly status?: number
}

/** What to do with an alert after an attempt. */
export type Verdict =
  | { readonly kind: 'delivered'; readonly status: number }
  | { readonly kind: 'retry'; readonly delayMs: number; readonly reason: Reason }
  | { readonly kind: 'dead'; readonly reason: Reason }
  /** The target is gone for good, by its own word. */
  | { readonly kind: 'disable'; readonly reason: Reason }

/** A target that refuses is asked so many times in all: it may just be in the middle of an update. */
const REFUSALS_MAX = 3
const ASKS_FOR_ANOTHER = [408, 425, 429]

export function verdictOf(
  attempt: Exclude<Attempt, { kind: 'stopped' }>,
  given: {
    /** Attempts so far, this one included. */
    readonly attempts: number
    readonly ageMs: number
    readonly retry: RetryOptions
    /** From 0 to below 1. */
    readonly chance: number
  },
): Verdict {
  if (attempt.kind === 'answered' && attempt.status >= 200 && attempt.status < 300)
    return { kind: 'delivered', status: attempt.status }
  const reason = reasonOf(attempt)
  if (reason.code === 'webhook-gone') return { kind: 'disable', reason }
  const { attempts, ageMs, retry, chance } = given
  const attemptsMax = isRefusal(reason) ? Math.min(REFUSALS_MAX, retry.attemptsMax) : retry.attemptsMax
  if (attempts >= attemptsMax || ageMs >= retry.giveUpAfterMs) return { kind: 'dead', reason }
  const backoffMs = Math.min(retry.maxMs, retry.firstMs * 2 ** Math.min(attempts - 1, 40))
  // Half of it is chance, so that alerts that failed together do not come back together.
  const jittered = backoffMs / 2 + (backoffMs / 2) * chance
  const asked = attempt.kind === 'answered' ? (attempt.retryAfterMs ?? 0) : 0
  return { kind: 'retry', delayMs: Math.round(Math.min(retry.maxMs, Math.max(jittered, asked))), reason }
}

export function reasonOf(attempt: Exclude<Attempt, { kind: 'stopped' }>): Reason {
  if (attempt.kind === 'failed') return { code: attempt.code, detail: attempt.detail }
  const { status } = attempt
  const said = (code: WebhookCode): Reason => ({ code, detail: `the target answered ${status}`, status })
  if (status === 410) return said('webhook-gone')
  if (status >= 500 || ASKS_FOR_ANOTHER.includes(status)) return said('webhook-target-failed')
  return said('webhook-target-refused')
}

const REFUSALS: readonly WebhookCode[] = [
  'webhook-target-refused',
  'webhook-target-not-allowed',
  'webhook-address-not-allowed',
]
const isRefusal = ({ code }: Reason): boolean => REFUSALS.includes(code)
