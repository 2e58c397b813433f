import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openBucket, PROPOSALS_BUCKET } from '../../src/service/catalogue/index.ts'
import { createApiKey } from '../../src/service/config/index.ts'
import { api, type RunningService, silentLog, worker } from '../../src/service/index.ts'
import { defaultConfig, RULE } from '../support/api.ts'
import { type GuardedNats, type NatsUser, passwordOf, startGuardedNats } from '../support/guarded-nats.ts'

const LIVE = `${RULE}status: live\n`
const folder = mkdtempSync(join(tmpdir(), 'sequitur-nats-users-'))
let nats: GuardedNats
let running: RunningService
let working: RunningService

const { key, hash } = createApiKey('root')

const config = (user: 'api' | 'worker') =>
  defaultConfig({
    auth: { apiKeys: [{ id: 'root', hash, role: 'operator' }] },
    dataDir: join(folder, user),
    nats: {
      url: `nats://${nats.address}`,
      user,
      password: passwordOf(user),
      inboxPrefix: `_INBOX_${user}`,
    },
    http: { port: 0, workerPort: 0 },
    webhooks: {
      allow: ['http://127.0.0.1:*'],
      allowAddresses: ['127.0.0.1/32'],
      secrets: [{ name: 'main', secret: `whsec_${Buffer.alloc(24, 7).toString('base64')}` }],
    },
  })

const as = (user: NatsUser): Promise<NatsConnection> =>
  connect({
    servers: nats.address,
    user,
    pass: passwordOf(user),
    inboxPrefix: `_INBOX_${user}`,
    reconnect: false,
  })

/** Who a webhook goes to; `hit` resolves when it was. */
async function startReceiver() {
  const { promise: hit, resolve } = Promise.withResolvers<void>()
  const server = createServer((_request, response) => {
    response.writeHead(204).end()
    resolve()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, hit }
}

beforeAll(async () => {
  nats = await startGuardedNats()
  working = await worker(config('worker'), { log: silentLog })
  running = await api(config('api'), { log: silentLog })
}, 400_000)

afterAll(async () => {
  await running?.stop()
  await working?.stop()
  await nats?.end()
  rmSync(folder, { recursive: true, force: true })
})

const call = async (
  method: string,
  path: string,
  body?: unknown,
  type = 'application/json',
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the tests that know them
): Promise<any> => {
  const answer = await fetch(running.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}

test('API and worker do everything with the shipped permissions, and are refused nothing', async () => {
  const receiver = await startReceiver()
  const subscriber = await as('subscriber')
  const alerts = subscriber.subscribe('alerts.>', { max: 1 })
  await subscriber.flush()
  expect(await call('PUT', '/v1/rules/hello', LIVE, 'application/yaml')).toMatchObject({
    version: 1,
    activation: { state: 'active' },
  })
  await call('PUT', '/v1/lists/known', { list: 'known', values: ['u1'] })
  const silence = { match: { rule: 'hello', key: 'nobody' }, until: '2h', why: 'a test' }
  const { id } = await call('POST', '/v1/silences', silence)
  await call('POST', `/v1/silences/${id}/end`)
  await call('PUT', '/v1/webhooks/hook', { url: receiver.url, secret: 'main' })
  await call('POST', '/v1/events', { subject: 'events.a', data: { user: 'u1' } })
  const producer = await as('producer')
  await jetstream(producer).publish('events.b', JSON.stringify({ user: 'u1' }))
  await producer.close()
  let raised: { readonly id: string } | undefined
  for await (const message of alerts) raised = message.json()
  await subscriber.close()
  expect(raised).toMatchObject({ subject: 'u1', data: { rule: 'hello' } })

  await expect.poll(async () => (await call('GET', '/v1/alerts')).alerts.length, { timeout: 10_000 }).toBe(1)
  const { alerts: listed } = await call('GET', '/v1/alerts')
  await receiver.hit
  await call('POST', `/v1/alerts/${listed[0].alert.id}/acknowledge`, {})
  expect(await call('GET', '/v1/rules/hello/matches')).toMatchObject({ total: 0 })
  expect((await call('POST', '/v1/why', { rule: 'hello', key: 'u1' })).alerts).toHaveLength(1)
  const replay = await call('POST', '/v1/replays', { rules: [{ id: 'hello' }], since: '1h', share: 1 })
  await expect
    .poll(async () => (await call('GET', `/v1/replays/${replay.id}`)).state, { timeout: 30_000 })
    .toBe('done')
  expect(await call('GET', `/v1/replays/${replay.id}`)).toMatchObject({
    state: 'done',
    result: { alerts: 1 },
  })
  const erasure = await call('POST', '/v1/erasures', { key: 'nobody', reason: 'a test' })
  await expect
    .poll(async () => (await call('GET', `/v1/erasures/${erasure.id}`)).state, { timeout: 30_000 })
    .toBe('done')
  const { records } = await call('GET', '/v1/audit')
  expect(records.length).toBeGreaterThanOrEqual(3)
  expect(await call('GET', '/v1/audit/verification')).toMatchObject({ valid: true })
  expect(await (await fetch(`${running.url}/readyz`)).json()).toMatchObject({ status: 'ok' })
  expect(nats.violations()).toEqual([])
}, 60_000)

/** What the server answers to an attempt: the refused subject, or nothing. */
async function refusedTo(user: NatsUser, attempt: (connection: NatsConnection) => unknown): Promise<string> {
  const connection = await as(user)
  let refused = ''
  const watch = (async () => {
    for await (const status of connection.status())
      if (status.type === 'error') refused = String(status.error.message)
  })()
  attempt(connection)
  // The server answers in order: what it has against the attempt comes before its pong.
  await connection.flush()
  await connection.close()
  await watch
  return refused
}

const publish = (subject: string) => (connection: NatsConnection) => connection.publish(subject, '{}')
const subscribe = (subject: string) => (connection: NatsConnection) =>
  void connection.subscribe(subject, { callback: () => undefined })

describe('what is not theirs is refused by the server', () => {
  test.each<readonly [NatsUser, string]>([
    ['api', 'alerts.default.hello.medium'],
    ['api', 'sequitur.marker.0'],
    ['api', 'sequitur.log.rule'],
    ['api', 'sequitur.late.0'],
    ['api', '$KV.SEQUITUR_OWNERS.partition-0'],
    ['api', '$JS.API.STREAM.DELETE.ALERTS'],
    ['api', '$JS.API.STREAM.PURGE.SEQUITUR_AUDIT'],
    ['api', '$JS.API.STREAM.DELETE.SEQUITUR_AUDIT'],
    ['api', '$JS.API.STREAM.UPDATE.SEQUITUR_AUDIT'],
    ['api', '$JS.API.STREAM.UPDATE.SEQUITUR_INPUT'],
    ['api', '$JS.API.STREAM.CREATE.OTHER'],
    ['api', 'sequitur.erasure.progress.er-1'],
    ['api', 'sequitur.erasure.tombstones.er-1.0'],
    ['api', '$JS.API.STREAM.MSG.DELETE.SEQUITUR_INPUT'],
    ['api', '$JS.API.STREAM.MSG.DELETE.ALERTS'],
    ['worker', 'sequitur.erasure.request.er-1'],
    ['worker', '$JS.API.STREAM.MSG.DELETE.SEQUITUR_AUDIT'],
    ['worker', 'sequitur.audit'],
    ['worker', 'events.a'],
    ['worker', '$KV.SEQUITUR_RULES.hello'],
    ['worker', '$KV.SEQUITUR_LISTS.known'],
    ['worker', '$JS.API.STREAM.MSG.GET.SEQUITUR_AUDIT'],
    ['worker', '$JS.API.CONSUMER.CREATE.SEQUITUR_AUDIT.x'],
    ['worker', '$JS.API.STREAM.DELETE.SEQUITUR_INPUT'],
    ['worker', '$JS.API.STREAM.PURGE.ALERTS'],
    ['producer', 'sequitur.log.rule'],
    ['producer', 'alerts.default.hello.medium'],
    ['producer', '$JS.API.STREAM.INFO.ALERTS'],
    ['subscriber', 'alerts.default.hello.medium'],
    ['subscriber', 'events.a'],
    ['subscriber', 'sequitur.log.erase'],
    ['subscriber', '$JS.API.DIRECT.GET.KV_SEQUITUR_RULES.$KV.SEQUITUR_RULES.hello'],
    ['subscriber', '$JS.API.STREAM.MSG.GET.KV_SEQUITUR_RULES'],
    ['subscriber', '$JS.API.CONSUMER.CREATE.KV_SEQUITUR_RULES.x'],
    ['subscriber', '$JS.API.CONSUMER.CREATE.ALERTS.x'],
    ['subscriber', '$JS.API.CONSUMER.DELETE.ALERTS.subscriber'],
    ['subscriber', 'sequitur.inspect.0'],
  ])('%s does not publish %s', async (user, subject) => {
    expect(await refusedTo(user, publish(subject))).toContain(`Publish to "${subject}"`)
  })

  test.each<readonly [NatsUser, string]>([
    ['api', 'events.>'],
    ['api', '_INBOX_worker.>'],
    ['api', '$KV.SEQUITUR_RULES.>'],
    ['worker', 'events.>'],
    ['worker', 'sequitur.audit'],
    ['worker', '_INBOX_api.>'],
    ['producer', 'events.>'],
    ['producer', 'alerts.>'],
    ['subscriber', '>'],
    ['subscriber', 'events.>'],
    ['subscriber', 'withheld.alerts.>'],
    ['subscriber', '$KV.SEQUITUR_RULES.>'],
    ['subscriber', '_INBOX.>'],
    ['subscriber', '_INBOX_api.>'],
  ])('%s does not subscribe to %s', async (user, subject) => {
    expect(await refusedTo(user, subscribe(subject))).toContain(`Subscription to "${subject}"`)
  })

  test('what is theirs is not', async () => {
    expect(await refusedTo('subscriber', subscribe('alerts.>'))).toBe('')
    expect(await refusedTo('producer', publish('events.a'))).toBe('')
  })
})

test('the API may keep proposals', async () => {
  const connection = await as('api')
  const bucket = await openBucket(connection, PROPOSALS_BUCKET)
  expect(await bucket.put('p-test', '{}', 0)).toBe(1)
  expect(await bucket.get('p-test')).toMatchObject({ value: '{}' })
  await connection.close()
})

test('a subscriber reads what it missed by the consumer that the admin made, and acknowledges it', async () => {
  const admin = await as('admin')
  await (await jetstreamManager(admin)).consumers.add('ALERTS', {
    durable_name: 'subscriber',
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    filter_subject: 'alerts.>',
  })
  const subscriber = await as('subscriber')
  const consumer = await jetstream(subscriber).consumers.get('ALERTS', 'subscriber')
  const message = await consumer.next()
  expect(message?.json()).toMatchObject({ data: { rule: 'hello' } })
  expect(await message?.ackAck()).toBe(true)
  expect((await consumer.info()).num_ack_pending).toBe(0)
  await subscriber.close()
  await admin.close()
})

test('an API that comes before every worker says what it waits for', async () => {
  const other = await startGuardedNats()
  onTestFinished(() => other.end())
  const early = { ...config('api'), nats: { ...config('api').nats, url: `nats://${other.address}` } }
  await expect(api(early, { log: silentLog })).rejects.toMatchObject({
    code: 'broker-permission',
    hint: expect.stringContaining('start a worker first'),
  })
})
