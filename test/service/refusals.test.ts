import { expect, onTestFinished, test } from 'vitest'
import { createApiKey, loadConfig } from '../../src/service/config/index.ts'
import { api, silentLog } from '../../src/service/index.ts'
import { defaultConfig, NOW, startFakeApi } from '../support/api.ts'

const PAGE = 'https://console.example.com'

async function start(http: Readonly<Record<string, unknown>>, now: { at: number } = { at: NOW }) {
  const { key, hash } = createApiKey('root')
  const fake = await startFakeApi({
    config: { auth: { apiKeys: [{ id: 'root', hash, role: 'operator' }] }, http },
    services: { now: () => now.at },
  })
  onTestFinished(() => fake.app.close())
  return { ...fake, key }
}

test('a page of a listed origin may ask, and read what it asked for, without credentials of the browser', async () => {
  const { app, key } = await start({ corsOrigins: [PAGE] })
  const asked = await app.inject({
    method: 'OPTIONS',
    url: '/v1/rules/hello',
    headers: {
      origin: PAGE,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization,if-match',
    },
  })
  expect(asked.statusCode).toBe(204)
  expect(asked.headers).toMatchObject({
    'access-control-allow-origin': PAGE,
    'access-control-allow-methods': 'GET, POST, PUT, DELETE',
    'access-control-allow-headers': expect.stringContaining('authorization, content-type, if-match'),
    'access-control-max-age': '600',
    vary: 'origin, access-control-request-method, access-control-request-headers',
  })
  for (const authorization of [`Bearer ${key}`, 'Bearer wrong']) {
    const answer = await app.inject({ url: '/v1/rules', headers: { origin: PAGE, authorization } })
    expect(answer.statusCode).toBe(authorization.includes('wrong') ? 401 : 200)
    expect(answer.headers['access-control-allow-origin']).toBe(PAGE)
    expect(answer.headers['access-control-expose-headers']).toContain('etag')
    expect(answer.headers['vary']).toBe('origin')
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined()
  }
  expect((await app.inject({ url: '/livez' })).headers['vary']).toBe('origin')
})

test.each([
  'https://evil.example',
  `${PAGE}.evil.example`,
  `${PAGE}:8443`,
  'http://console.example.com',
  'null',
  '*',
])('a page of %s may neither ask nor read', async (origin) => {
  const { app, key } = await start({ corsOrigins: [PAGE] })
  for (const [method, url] of [
    ['OPTIONS', '/v1/rules'],
    ['GET', '/v1/rules'],
  ] as const) {
    const answer = await app.inject({
      method,
      url,
      headers: { origin, authorization: `Bearer ${key}`, 'access-control-request-method': 'GET' },
    })
    expect([answer.statusCode, answer.json().code]).toEqual([403, 'origin-not-allowed'])
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  }
})

test.each([
  [['*'], 'config-wrong-value'],
  [['https://console.example.com/'], 'config-wrong-value'],
  [['console.example.com'], 'config-wrong-value'],
  [['HTTPS://console.example.com'], 'config-wrong-value'],
  [[PAGE], 'config-unsafe-listen'],
])('corsOrigins %j without keys: %s', (corsOrigins, code) => {
  const loaded = loadConfig({
    environment: {},
    workingFolder: '/nowhere',
    overrides: { http: { corsOrigins } },
  })
  expect(loaded.ok ? [] : loaded.problems.map((each) => each.code)).toContain(code)
})

test('who fails to say who they are is told to wait; a valid key from there is answered, and so are others', async () => {
  const now = { at: NOW }
  const { app, key, services } = await start({ failedLoginsPerMinute: 3 }, now)
  const from = (remoteAddress: string, presented: string) =>
    app.inject({ url: '/v1/rules', remoteAddress, headers: { authorization: `Bearer ${presented}` } })
  const codes: number[] = []
  for (let index = 0; index < 6; index += 1) codes.push((await from('10.0.0.1', `guess-${index}`)).statusCode)
  expect(codes).toEqual([401, 401, 401, 429, 429, 429])
  const refused = await from('10.0.0.1', 'again')
  expect([refused.headers['retry-after'], refused.json().code]).toEqual(['60', 'too-many-failed-logins'])
  expect((await from('10.0.0.1', key)).statusCode).toBe(200)
  expect((await from('10.0.0.2', 'guess')).statusCode).toBe(401)
  for (let index = 0; index < 3; index += 1) await from(`2001:db8::${index}:1`, 'guess')
  expect((await from('2001:db8:0:0:ffff::1', 'guess')).statusCode).toBe(429)
  expect((await from('2001:db8:0:1::1', 'guess')).statusCode).toBe(401)
  now.at += 60_000
  expect((await from('10.0.0.1', 'guess')).statusCode).toBe(401)

  const metrics = await services.prometheus()
  expect(metrics).toContain('sequitur_http_refusals_total{code="too-many-failed-logins"} 5')
  const { records } = await services.audit.page({ after: 0, limit: 100 })
  expect(
    records
      .filter(({ actor }) => actor === 'address:10.0.0.1')
      .map(({ status, repeated }) => [status, repeated]),
  ).toEqual([
    [401, undefined],
    [429, undefined],
    [401, 2],
  ])
})

test('what a caller sends beyond the rate is counted, and recorded once a minute with how often', async () => {
  const now = { at: NOW }
  const { app, key, services } = await start({ requestsPerSecond: 2 }, now)
  const call = () => app.inject({ url: '/v1/rules', headers: { authorization: `Bearer ${key}` } })
  for (let index = 0; index < 5; index += 1) await call()
  now.at += 60_000
  await call()
  expect(await services.prometheus()).toContain('sequitur_http_refusals_total{code="too-many-requests"} 4')
  const { records } = await services.audit.page({ after: 0, limit: 100 })
  expect(records).toMatchObject([
    { actor: 'root', action: 'listRules', outcome: 'refused', status: 429, code: 'too-many-requests' },
    { actor: 'root', status: 429, repeated: 2 },
  ])
})

test('an API beside the NATS of others does not start without keys', async () => {
  const started = api(defaultConfig({ nats: { url: 'nats://127.0.0.1:1' } }), { log: silentLog })
  await expect(started).rejects.toMatchObject({
    code: 'api-without-keys',
    hint: expect.stringContaining('sequitur key'),
  })
})
