export interface TokenRate {
  readonly burst: number
  readonly perMinute: number
}

/** A rate limit in event time: the same history spends the same tokens on every replay. */
export interface TokenBucket {
  tokens: number
  /** Event time up to which tokens were added. */
  filledAt: number
}

export const tokenBucket = (rate: TokenRate): TokenBucket => ({ tokens: rate.burst, filledAt: 0 })

/** Takes one token at `time`; false when there is none. Whole tokens only, so that no rounding depends on how often it is asked. */
export function takeToken(bucket: TokenBucket, rate: TokenRate, time: number): boolean {
  const intervalMs = 60_000 / rate.perMinute
  if (bucket.tokens >= rate.burst) bucket.filledAt = Math.max(bucket.filledAt, time)
  const earned = Math.floor((time - bucket.filledAt) / intervalMs)
  if (earned > 0) {
    bucket.tokens = Math.min(rate.burst, bucket.tokens + earned)
    bucket.filledAt = bucket.tokens === rate.burst ? time : bucket.filledAt + earned * intervalMs
  }
  if (bucket.tokens < 1) return false
  bucket.tokens--
  return true
}
