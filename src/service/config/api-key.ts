import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ApiKeyConfig } from './config.ts'

/** 256 random bits need no slow hash: nobody guesses them. */
export const hashApiKey = (key: string): string => `sha256:${createHash('sha256').update(key).digest('hex')}`

/** A new key for `id`; it is shown once, the configuration keeps its hash. */
export function createApiKey(id: string): { readonly key: string; readonly hash: string } {
  const key = `sequitur_${id}_${randomBytes(32).toString('base64url')}`
  return { key, hash: hashApiKey(key) }
}

/** The configured key that `presented` is; undefined when it is none or has expired. Takes the same time for every wrong key. */
export function findApiKey(
  keys: readonly ApiKeyConfig[],
  presented: string,
  now: number,
): ApiKeyConfig | undefined {
  const hash = Buffer.from(hashApiKey(presented))
  let found: ApiKeyConfig | undefined
  for (const key of keys) {
    const expected = Buffer.from(key.hash)
    if (expected.length === hash.length && timingSafeEqual(expected, hash)) found = key
  }
  return found === undefined || (found.expiresAt !== undefined && found.expiresAt <= now) ? undefined : found
}
