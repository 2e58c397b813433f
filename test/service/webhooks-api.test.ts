import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jetstream } from '@nats-io/jetstream'
import { expect, onTestFinished, test } from 'vitest'
import { connectBroker } from '../../src/service/broker/index.ts'
import { createApiKey, describeConfig, loadConfig } from '../../src/service/config/index.ts'
import { startFakeApi } from '../support/api.ts'
import { sequitur, startSequitur, startService, temporaryFolder } from '../support/processes.ts'
import { startReceiver } from '../support/webhook-receiver.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

async function startApi() {
  const [root, vic] = [createApiKey('root'), createApiKey('vic')]
  const fake = await startFakeApi({
    config: {
      auth: {
        apiKeys: [
          { id: 'root', hash: root.hash, role: 'operator' },
          { id: 'vic', hash: vic.hash, role: 'viewer' },
        ],
      },
      webhooks: {
        allow: ['http://127.0.0.1:*', 'hooks.example.com'],
        allowAddresses: ['127.0.0.1/32'],
        secrets: [{ name: 'main', secret: SECRET }],
      },
    },
  })
  onTestFinished(() => fake.app.close())
  const call = async (
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    url: string,
    { body, key = root.key, ...headers }: Record<string, unknown> = {},
  ) => {
    const answer = await fake.app.inject({
      method,
      url,
      headers: { authorization: `Bearer ${String(key)}`, ...(headers as Record<string, string>) },
      ...(body === undefined ? {} : { payload: body as object }),
    })
    expect(answer.body).not.toContain(SECRET.slice(6))
    return answer
  }
  return { ...fake, call, viewer: vic.key }
}

test('a webhook is written by revision, read without its secret, and removed', async () => {
  const { call, viewer } = await startApi()
  const body = { url: 'https://hooks.example.com/a', secret: 'main', filter: { severities: ['high'] } }
  const created = await call('PUT', '/v1/webhooks/crm', { body })
  expect([created.statusCode, created.headers['etag']]).toEqual([200, '"1"'])
  expect(created.json()).toMatchObject({ ...body, change: 'created', enabled: true, author: 'root' })
  expect((await call('PUT', '/v1/webhooks/crm', { body })).statusCode).toBe(428)
  const same = await call('PUT', '/v1/webhooks/crm', { body, 'if-match': '"1"' })
  expect(same.json()).toMatchObject({ change: 'unchanged', version: 1 })
  const changed = { ...body, enabled: false }
  expect(
    (await call('PUT', '/v1/webhooks/crm?dryRun=true', { body: changed, 'if-match': '"1"' })).json(),
  ).toMatchObject({ change: 'updated', dryRun: true, version: 2 })
  expect((await call('PUT', '/v1/webhooks/crm', { body: changed, 'if-match': '"1"' })).json()).toMatchObject({
    change: 'updated',
    version: 2,
    enabled: false,
  })
  expect((await call('PUT', '/v1/webhooks/crm', { body, 'if-match': '"1"' })).statusCode).toBe(412)
  const read = await call('GET', '/v1/webhooks/crm', { key: viewer })
  expect(read.json()).toEqual({
    ...changed,
    url: 'https://hooks.example.com/…',
    webhook: 'crm',
    version: 2,
    revision: 2,
    author: 'root',
    at: '2026-01-01T00:00:00.000Z',
    waiting: 0,
  })
  for (const [key, url] of [
    [viewer, 'https://hooks.example.com/…'],
    [undefined, body.url],
  ] as const)
    expect(
      (await call('GET', '/v1/webhooks', key === undefined ? {} : { key })).json().webhooks,
    ).toMatchObject([{ webhook: 'crm', url }])
  const removed = await call('DELETE', '/v1/webhooks/crm', { 'if-match': '"2"' })
  expect(removed.json()).toMatchObject({ change: 'removed', version: 3 })
  expect((await call('GET', '/v1/webhooks/crm')).statusCode).toBe(404)
  const records = (await call('GET', '/v1/audit')).json().records as readonly object[]
  expect(records).toMatchObject([
    { action: 'putWebhook', actor: 'root', object: '/v1/webhooks/crm', outcome: 'done', after: 1 },
    { action: 'putWebhook', outcome: 'failed', status: 428 },
    { action: 'putWebhook', outcome: 'done', after: 1 },
    { action: 'putWebhook', outcome: 'done', after: 2 },
    { action: 'putWebhook', outcome: 'failed', status: 412 },
    { action: 'deleteWebhook', outcome: 'done', after: 3 },
  ])
})

test('an address that is not allowed and a secret that is not there are refused, both at once', async () => {
  const { call } = await startApi()
  const answer = await call('PUT', '/v1/webhooks/crm', {
    body: { url: 'https://169.254.169.254/', secret: 'other' },
  })
  expect(answer.statusCode).toBe(422)
  expect(answer.json().errors).toMatchObject([
    { code: 'webhook-target-not-allowed', pointer: '/url', hint: expect.stringContaining('webhooks.allow') },
    { code: 'webhook-secret-unknown', pointer: '/secret' },
  ])
})

test('a test and a dead letter are sent when asked for, and the answer says what came of it', async () => {
  const { call, services } = await startApi()
  const receiver = await startReceiver((n) => (n === 2 ? 500 : 202))
  await call('PUT', '/v1/webhooks/crm', { body: { url: receiver.url, secret: 'main', enabled: false } })
  expect((await call('POST', '/v1/webhooks/crm/test')).json()).toMatchObject({ delivered: true, status: 202 })
  expect(JSON.parse(receiver.requests[0]?.body ?? '')).toMatchObject({
    id: receiver.requests[0]?.headers['webhook-id'],
    type: 'webhook.test.v1',
    data: { webhook: 'crm' },
  })
  const letter = {
    alertSequence: 7,
    attempts: 3,
    reason: { code: 'webhook-target-refused', detail: 'the target answered 404', status: 404 },
  } as const
  for (const webhook of ['crm', 'other', 'crm'])
    await services.courier.deadLetters.add({
      ...letter,
      webhook,
      alertId: `${webhook}.1.x`,
      body: Buffer.from(`{"id":"${webhook}.1.x"}`),
    })
  const page = (await call('GET', '/v1/webhooks/crm/dead-letters?limit=1')).json()
  expect(page).toMatchObject({
    deadLetters: [{ sequence: 1, alertId: 'crm.1.x', failure: letter.reason, alert: { id: 'crm.1.x' } }],
    next: '1',
  })
  const rest = (await call('GET', '/v1/webhooks/crm/dead-letters?cursor=1')).json()
  expect(rest.deadLetters).toMatchObject([{ sequence: 3 }])
  const again = (sequence: number) => call('POST', `/v1/webhooks/crm/dead-letters/${sequence}/redeliver`)
  expect((await again(1)).json()).toMatchObject({
    delivered: false,
    status: 500,
    failure: { code: 'webhook-target-failed' },
  })
  expect((await again(1)).json()).toMatchObject({ delivered: true })
  expect(receiver.requests.at(-1)?.headers['webhook-id']).toBe('crm.1.x')
  expect((await again(1)).json()).toMatchObject({ status: 404, code: 'webhook-dead-letter-not-found' })
  expect((await again(2)).statusCode).toBe(404)
})

test.each([
  [
    { allow: ['https://hooks.example.com/path'] },
    'config-wrong-value',
    'webhooks.allow has https://hooks.example.com/path, which is no host',
    'for example hooks.example.com',
  ],
  [{ allow: ['*.10.0.0.1'] }, 'config-wrong-value', 'which is no host', 'for example'],
  [{ allow: ['*'] }, 'config-wrong-value', 'which is no host', 'for example'],
  [{ allowAddresses: ['10.0.0.0/33'] }, 'config-wrong-value', 'which is no network', '10.1.0.0/16'],
  [{ allowAddresses: ['10.0.0.1'] }, 'config-wrong-value', 'which is no network', '10.1.0.0/16'],
  [{ secrets: [{ name: 'a' }] }, 'config-conflict', 'needs either secret or secretFile', 'give one'],
  [{ secrets: [{ name: 'a', secret: 'hunter2' }] }, 'config-wrong-value', 'is not whsec_', 'openssl rand'],
  [{ secrets: [{ name: 'a', secretFile: 'gone' }] }, 'config-unreadable', 'cannot be read', 'check the path'],
  [
    { secrets: [1, 2, 3].map(() => ({ name: 'a', secret: SECRET })) },
    'config-conflict',
    'more than two webhook secrets are called a',
    'take out the oldest',
  ],
  [{ giveUpAfter: '31d' }, 'config-conflict', 'longer than alerts.retention', 'make it shorter'],
])('a configuration with %j is refused with %s', (webhooks, code, message, hint) => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'sequitur.yaml'), JSON.stringify({ webhooks }))
  const config = loadConfig({ environment: {}, workingFolder: folder })
  expect(config.ok ? [] : config.problems).toMatchObject([
    {
      code,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
      at: { file: join(folder, 'sequitur.yaml'), line: 1 },
    },
  ])
  expect(JSON.stringify(config)).not.toContain('hunter2')
})

test('the configuration in force does not show the secrets', () => {
  const config = loadConfig({
    environment: {},
    workingFolder: '/nowhere',
    overrides: { webhooks: { secrets: [{ name: 'main', secret: SECRET }] } },
  })
  const shown = config.ok ? describeConfig(config.value) : ''
  expect(shown).toContain('name: main')
  expect(shown).not.toContain(SECRET)
})

test('from the command line: set, test, list, an alert that fails, dead, redeliver, rm', async () => {
  const isWell = { now: false }
  const receiver = await startReceiver((_n, { body }) =>
    isWell.now || body.includes('webhook.test.v1') ? 200 : 404,
  )
  const folder = temporaryFolder()
  writeFileSync(
    join(folder, 'sequitur.yaml'),
    JSON.stringify({
      webhooks: {
        allow: [`http://127.0.0.1:${receiver.port}`],
        allowAddresses: ['127.0.0.1/32'],
        secrets: [{ name: 'main', secret: SECRET }],
        attemptsMax: 1,
      },
    }),
  )
  const service = await startService({ folder })
  const run = (...words: string[]) => sequitur([...words, '--server', service.url])
  const set = await run('webhook', 'set', 'crm', '--url', receiver.url, '--secret', 'main', '--rule', 'two')
  expect([set.code, JSON.parse(set.stdout)]).toMatchObject([
    0,
    { change: 'created', filter: { rules: ['two'] } },
  ])
  expect(await run('webhook', 'set', 'bad', '--url', 'https://[::1]/', '--secret', 'main')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('webhook-target-not-allowed'),
  })
  expect((await run('webhook', 'test', 'crm')).code).toBe(0)
  writeFileSync(
    join(folder, 'two.yaml'),
    'rule: two\nstatus: live\nby: user\nevents: { A: events.a, B: events.b }\npattern: A followed by B within 1 minute\n',
  )
  expect((await run('apply', '-f', join(folder, 'two.yaml'))).code).toBe(0)
  for (const name of ['a', 'b'])
    await fetch(`${service.url}/v1/events?subject=events.${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'u' }),
    })
  await receiver.until(2)
  // The dead letter is stored after the answer that makes it one.
  let dead = await run('webhook', 'dead', 'crm')
  while (dead.stdout === '') dead = await run('webhook', 'dead', 'crm')
  const { alertId, sequence } = JSON.parse(dead.stdout)
  expect(alertId).toMatch(/^two\.1\./)
  expect((await run('webhook', 'redeliver', 'crm')).code).toBe(1)
  isWell.now = true
  const again = await run('webhook', 'redeliver', 'crm', String(sequence), '-o', 'json')
  expect([again.code, JSON.parse(again.stdout)]).toMatchObject([0, [{ delivered: true, status: 200 }]])
  expect(receiver.requests.at(-1)?.headers['webhook-id']).toBe(alertId)
  const table = await run('webhook', 'list', '-o', 'table')
  expect(table.stdout).toMatch(/WEBHOOK +STATE[\s\S]*crm +enabled/)
  const metrics = await (await fetch(`${service.url}/metrics`)).text()
  expect(metrics).toContain('sequitur_webhook_deliveries_total{webhook="crm",outcome="dead-lettered"} 1')
  expect((await run('webhook', 'rm', 'crm')).code).toBe(0)
  expect((await run('webhook', 'list')).stdout).toBe('')
}, 60_000)

test('two processes share the alerts of a webhook, and one goes on alone when the other ends', async () => {
  const receiver = await startReceiver()
  const folder = temporaryFolder()
  const webhooks = {
    allow: [`http://127.0.0.1:${receiver.port}`],
    allowAddresses: ['127.0.0.1/32'],
    secrets: [{ name: 'main', secret: SECRET }],
  }
  writeFileSync(join(folder, 'sequitur.yaml'), JSON.stringify({ webhooks }))
  const service = await startService({ folder })
  const { key, hash } = createApiKey('root')
  const other = startSequitur(['api', '--port', '0'], {
    cwd: folder,
    environment: {
      SEQUITUR_NATS_URL: service.nats,
      SEQUITUR_AUTH_API_KEYS: JSON.stringify([{ id: 'root', role: 'operator', hash }]),
    },
  })
  const [, otherUrl = ''] = await other.until(/"url":"([^"]+)".*"msg":"ready"/)
  const set = await fetch(`${service.url}/v1/webhooks/crm`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: receiver.url, secret: 'main' }),
  })
  expect(set.status).toBe(200)
  const broker = await connectBroker({ url: service.nats, name: 'test' })
  onTestFinished(() => broker.close())
  const client = jetstream(broker.connection)
  const raise = (name: string, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        client.publish(
          'alerts.default.r.high',
          JSON.stringify({ id: `r.1.${name}${index}`, data: { rule: 'r', severity: 'high' } }),
        ),
      ),
    )
  const delivered = async (url: string): Promise<number> => {
    const metrics = await (
      await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } })
    ).text()
    return Number(/deliveries_total\{webhook="crm",outcome="delivered"\} (\d+)/.exec(metrics)?.[1] ?? 0)
  }
  // Both have heard of the webhook when both have delivered something.
  let raised = 0
  while (!(await Promise.all([service.url, otherUrl].map(delivered))).every((count) => count > 0)) {
    await raise(`a${raised}-`, 20)
    raised += 20
    await receiver.until(raised)
  }
  expect((await other.stop()).code).toBe(0)
  await raise('b', 20)
  await receiver.until(raised + 20)
  const ids = receiver.requests.map(({ headers }) => headers['webhook-id'])
  expect(ids).toHaveLength(raised + 20)
  expect(new Set(ids).size).toBe(raised + 20)
}, 60_000)
