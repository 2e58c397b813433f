import { expect, test } from 'vitest'
import type { Attempt } from './sender.ts'
import { signatureOf } from './signature.ts'
import { verdictOf } from './verdict.ts'

const retry = { firstMs: 1_000, maxMs: 60_000, attemptsMax: 10, giveUpAfterMs: 3_600_000 }
const after = (attempt: Exclude<Attempt, { kind: 'stopped' }>, attempts: number, ageMs = 0, chance = 0.5) =>
  verdictOf(attempt, { attempts, ageMs, retry, chance })
const status = (code: number, retryAfterMs?: number) =>
  ({ kind: 'answered', status: code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }) as const

test.each([
  [200, 1, 'delivered'],
  [204, 1, 'delivered'],
  [299, 1, 'delivered'],
  [101, 1, 'retry'],
  [301, 3, 'dead'],
  [400, 2, 'retry'],
  [400, 3, 'dead'],
  [408, 3, 'retry'],
  [410, 1, 'disable'],
  [425, 3, 'retry'],
  [429, 3, 'retry'],
  [429, 10, 'dead'],
  [500, 9, 'retry'],
  [500, 10, 'dead'],
  [599, 1, 'retry'],
])('the answer %i to attempt %i: %s', (code, attempts, kind) => {
  expect(after(status(code), attempts).kind).toBe(kind)
})

test.each([
  [1, 0, 500],
  [1, 0.5, 750],
  [2, 0.5, 1_500],
  [5, 0.5, 12_000],
  [7, 0, 30_000],
  [9, 0.999_999, 60_000],
])('the pause after attempt %i with chance %d is %i ms', (attempts, chance, delayMs) => {
  expect(after(status(500), attempts, 0, chance)).toMatchObject({ kind: 'retry', delayMs })
})

test.each([
  [100, 750],
  [20_000, 20_000],
  [3_600_000, 60_000],
])('a target that asks for %i ms gets %i', (asked, delayMs) => {
  expect(after(status(503, asked), 1)).toMatchObject({ kind: 'retry', delayMs })
})

test('an alert that is too old is given up with its next failure, not before', () => {
  expect(after(status(500), 1, 3_599_999).kind).toBe('retry')
  expect(after(status(500), 1, 3_600_000).kind).toBe('dead')
  expect(after(status(200), 1, 3_600_000).kind).toBe('delivered')
})

test('the signature is that of the example in the specification', () => {
  // https://github.com/standard-webhooks/standard-webhooks, test vectors of its libraries.
  const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64')
  const content = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: 1614265330,
    body: Buffer.from('{"test": 2432232314}'),
  }
  expect(signatureOf(content, [key])).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  expect(signatureOf(content, [Buffer.alloc(32), key])).toMatch(/^v1,\S+ v1,g0hM9SsE\S+$/)
})
