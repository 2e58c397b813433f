import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../src/service/config/index.ts'
import {
  api,
  type EmbeddedServer,
  obtainNatsServer,
  type RunningService,
  silentLog,
  startEmbeddedServer,
} from '../../src/service/index.ts'
import { defaultConfig, RULE } from '../support/api.ts'

const { key, hash } = createApiKey('root')
const folder = mkdtempSync(join(tmpdir(), 'sequitur-outage-'))
let broker: EmbeddedServer
let service: RunningService

const startBroker = async (port: number): Promise<EmbeddedServer> =>
  startEmbeddedServer({ server: await obtainNatsServer(), folder, host: '127.0.0.1', port })

beforeAll(async () => {
  broker = await startBroker(0)
  const auth = { apiKeys: [{ id: 'root', hash, role: 'operator' }] }
  service = await api(defaultConfig({ nats: { url: broker.url }, http: { port: 0 }, auth }), {
    log: silentLog,
  })
}, 400_000)
afterAll(async () => {
  await service.stop()
  await broker.stop()
  rmSync(folder, { recursive: true, force: true })
})

const call = (path: string, init: RequestInit = {}) =>
  fetch(service.url + path, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } })

test('while the broker is away the API says so, and goes on when it is back', async () => {
  const put = await call('/v1/rules/hello', {
    method: 'PUT',
    body: RULE,
    headers: { 'content-type': 'application/yaml' },
  })
  expect([put.status, ((await put.json()) as { activation: unknown }).activation]).toEqual([
    201,
    { state: 'unknown', partitions: 0 },
  ])
  const stop = new AbortController()
  const stream = await call('/v1/events/stream', { signal: stop.signal })

  const port = Number(new URL(broker.url).port)
  await broker.stop()
  expect((await call('/livez')).status).toBe(200)
  const [ready, rules, alerts, events] = await Promise.all([
    call('/readyz'),
    call('/v1/rules'),
    call('/v1/alerts'),
    call('/v1/events?subject=events.a', {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    }),
  ])
  expect(ready.status).toBe(503)
  expect(await ready.json()).toMatchObject({ status: 'unavailable', checks: [{ name: 'broker', ok: false }] })
  for (const answer of [rules, alerts, events]) {
    expect(answer.status).toBe(503)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(await answer.json()).toMatchObject({
      code: expect.stringMatching(/^(broker-unreachable|event-not-stored|request-timeout)$/),
    })
  }

  broker = await startBroker(port)
  await expect.poll(async () => (await call('/readyz')).status, { timeout: 15_000 }).toBe(200)
  expect((await call('/v1/rules/hello')).status).toBe(200)

  // The live stream of before goes on by itself.
  const decoder = new TextDecoder()
  let seen = ''
  const reading = (async () => {
    for await (const bytes of stream.body ?? []) {
      seen += decoder.decode(bytes as Uint8Array<ArrayBuffer>)
      if (seen.includes('events.back')) return
    }
  })()
  await call('/v1/events?subject=events.back', {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  })
  await reading
  stop.abort()
}, 60_000)
