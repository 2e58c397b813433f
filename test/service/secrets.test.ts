import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createApiKey, describeConfig, loadConfig } from '../../src/service/config/index.ts'
import { api, createLog, serve } from '../../src/service/index.ts'
import { describeError } from '../../src/service/service-error.ts'
import { startReceiver } from '../support/webhook-receiver.ts'

/** A text of its own for every secret, so that a finding says which. */
const CANARY = 'kanari'
const webhookSecret = (name: string): string =>
  `whsec_${Buffer.from(`${CANARY}-${name}-`.repeat(4)).toString('base64')}`
const SECRETS = {
  url: `${CANARY}-in-url`,
  password: `${CANARY}-password`,
  passwordFile: `${CANARY}-password-file`,
  token: `${CANARY}-token`,
  tokenFile: `${CANARY}-token-file`,
  webhook: webhookSecret('one'),
  webhookFile: webhookSecret('two'),
  creds: `${CANARY}-creds-seed`,
} as const

/** How a secret might show: as it is, without its prefix, and decoded. */
const shapes = (key: string, hash: string): readonly string[] => [
  CANARY,
  SECRETS.webhook.slice(6),
  SECRETS.webhookFile.slice(6),
  key,
  hash.slice('sha256:'.length),
]

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'sequitur-secrets-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  writeFileSync(join(made, 'password'), SECRETS.passwordFile)
  writeFileSync(join(made, 'token'), SECRETS.tokenFile)
  writeFileSync(join(made, 'hook'), SECRETS.webhookFile)
  writeFileSync(
    join(made, 'nats.creds'),
    `-----BEGIN NATS USER JWT-----\n${SECRETS.creds}\n------END NATS USER JWT------\n-----BEGIN USER NKEY SEED-----\n${SECRETS.creds}\n------END USER NKEY SEED------\n`,
  )
  return made
}

const webhooks = {
  allow: ['http://127.0.0.1:*'],
  allowAddresses: ['127.0.0.1/32'],
  secrets: [
    { name: 'one', secret: SECRETS.webhook },
    { name: 'two', secretFile: 'hook' },
  ],
}

test('a secret of the configuration shows in no answer, log line, metric or span', async () => {
  const at = folder()
  const { key, hash } = createApiKey('root')
  const receiver = await startReceiver((n) => (n % 2 === 0 ? 204 : 500))
  const collector = await startReceiver(() => 200)
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${collector.port}`
  onTestFinished(() => void delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT'])
  const loaded = loadConfig({
    environment: {},
    workingFolder: at,
    overrides: {
      dataDir: join(at, 'data'),
      nats: { embedded: { port: 0 }, password: SECRETS.password, token: SECRETS.token, user: 'u' },
      http: { port: 0, workerPort: 0 },
      auth: { apiKeys: [{ id: 'root', hash, role: 'operator' }] },
      webhooks,
      log: { level: 'debug' },
    },
  })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  const outputs: string[] = [describeConfig(loaded.value)]
  const service = await serve(loaded.value, {
    log: createLog({ level: 'debug', write: (line) => void outputs.push(line) }),
  })
  onTestFinished(() => service.stop())
  const call = async (path: string, init: RequestInit = {}, presented = key): Promise<void> => {
    const answer = await fetch(service.url + path, {
      ...init,
      headers: { authorization: `Bearer ${presented}`, 'content-type': 'application/json' },
    })
    outputs.push(`${JSON.stringify([...answer.headers])} ${await answer.text()}`)
  }
  const put = (path: string, body: unknown) => call(path, { method: 'PUT', body: JSON.stringify(body) })
  for (const name of ['one', 'two', 'three'])
    await put(`/v1/webhooks/${name}`, { url: `${receiver.url}?token=${CANARY.slice(0, 2)}`, secret: name })
  await call('/v1/webhooks/one/test', { method: 'POST' })
  await call('/v1/webhooks/two/test', { method: 'POST' })
  for (const path of [
    '/v1/config',
    '/v1/status',
    '/metrics',
    '/v1/audit',
    '/v1/webhooks',
    '/readyz',
    '/openapi.json',
    '/v1/nothing',
  ])
    await call(path)
  // Also a key that is nearly one, and one in the wrong place.
  await call('/v1/rules', {}, `${CANARY}-guess`)
  await call(`/v1/rules?key=${key}`)
  await call(`/v1/${key}`)
  await service.stop()
  outputs.push(...collector.requests.map(({ body }) => body), ...receiver.requests.map(({ body }) => body))
  expect(outputs.length).toBeGreaterThan(20)
  expect(receiver.requests.length).toBeGreaterThan(1)
  expect(outputs.filter((text) => shapes(key, hash).some((shape) => text.includes(shape)))).toEqual([])
}, 60_000)

test.each<readonly [string, Readonly<Record<string, unknown>>]>([
  ['in the address', { url: `nats://u:${SECRETS.url}@127.0.0.1:1` }],
  ['a password', { url: 'nats://127.0.0.1:1', user: 'u', password: SECRETS.password }],
  ['a password file', { url: 'nats://127.0.0.1:1', user: 'u', passwordFile: 'password' }],
  ['a token file', { url: 'nats://127.0.0.1:1', tokenFile: 'token' }],
  ['credentials', { url: 'nats://127.0.0.1:1', credsFile: 'nats.creds' }],
])(
  'a broker that cannot be reached with %s is told of without it',
  async (_name, nats) => {
    const at = folder()
    const { key, hash } = createApiKey('root')
    const auth = { apiKeys: [{ id: 'root', hash, role: 'operator' }] }
    const loaded = loadConfig({
      environment: {},
      workingFolder: at,
      overrides: { nats, auth, webhooks, http: { port: 0 } },
    })
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
    const lines: string[] = [describeConfig(loaded.value)]
    const failure = await api(loaded.value, {
      log: createLog({ level: 'debug', write: (line) => void lines.push(line) }),
    }).catch((error: unknown) => error)
    lines.push(describeError(failure), String((failure as Error).stack), JSON.stringify(failure))
    expect(lines.join('\n')).toContain('broker')
    expect(lines.filter((text) => shapes(key, hash).some((shape) => text.includes(shape)))).toEqual([])
  },
  60_000,
)

test.each([
  { nats: { password: [SECRETS.password] } },
  { nats: { token: { a: SECRETS.token } } },
  { nats: { url: `${SECRETS.url} not a url` } },
  { auth: { apiKeys: [{ id: 'a', role: 'viewer', hash: `${CANARY}-hash` }] } },
  { webhooks: { secrets: [{ name: 'a', secret: `${CANARY}-short` }] } },
  { webhooks: { secrets: [{ name: 'a', secret: SECRETS.webhook, secretFile: 'x' }] } },
  { nats: { password: SECRETS.password, passwordFile: 'password' } },
])('a configuration that is wrong is complained of without its secrets (%#)', (overrides) => {
  const loaded = loadConfig({ environment: {}, workingFolder: '/nowhere', overrides })
  if (loaded.ok) return
  const text = JSON.stringify(loaded.problems)
  for (const shape of shapes('no-key-here', 'sha256:no-hash-here')) expect(text).not.toContain(shape)
})
