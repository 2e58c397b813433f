import { expect, onTestFinished, test } from 'vitest'
import { openAlertStates, precisionOf, StateDesk } from '../../src/service/desk/index.ts'
import { NOW, startFakeApi } from '../support/api.ts'
import { startTestNats } from '../support/nats.ts'

const idOf = (number: number, version = 1): string => `pair.${version}.${'a'.repeat(25)}${'abcdefgh'[number]}`

const entryOf = (sequence: number, version = 1) => ({
  sequence,
  subject: 'alerts.default.pair.high',
  storedAt: new Date(NOW).toISOString(),
  alert: { id: idOf(sequence, version), subject: 'k', data: { rule: 'pair', severity: 'high' } },
})

async function startDesk() {
  const nats = await startTestNats()
  onTestFinished(() => nats.end())
  const open = async () =>
    new StateDesk({ store: await openAlertStates(await nats.connect()), now: () => NOW })
  const { app, alerts } = await startFakeApi({ services: { states: await open() } })
  onTestFinished(() => app.close())
  alerts.push(entryOf(1), entryOf(2), entryOf(3, 2))
  const call = async (method: 'GET' | 'POST', url: string, payload?: object, headers = {}) => {
    const answer = await app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
    return { status: answer.statusCode, body: answer.json(), etag: String(answer.headers['etag']) }
  }
  return { call, open }
}

test('an alert is acknowledged, closed with a verdict and reopened; all of it is kept', async () => {
  const { call, open } = await startDesk()
  const path = `/v1/alerts/${idOf(1)}`
  const fresh = await call('GET', path)
  expect([fresh.status, fresh.etag, fresh.body]).toMatchObject([
    200,
    '"0"',
    { sequence: 1, state: 'open', history: [] },
  ])
  expect(await call('POST', `${path}/reopen`)).toMatchObject({ status: 409 })
  const mine = await call('POST', `${path}/acknowledge`, { note: 'on it' }, { 'if-match': fresh.etag })
  expect(mine).toMatchObject({ status: 200, body: { state: 'acknowledged', note: 'on it' } })
  // Somebody else read it before.
  expect(await call('POST', `${path}/acknowledge`, {}, { 'if-match': fresh.etag })).toMatchObject({
    status: 412,
    body: { code: 'changed-meanwhile' },
  })
  expect((await call('POST', `${path}/acknowledge`)).etag).toBe(mine.etag)
  expect(await call('POST', `${path}/close`, {})).toMatchObject({ status: 400 })
  expect(await call('POST', '/v1/alerts/1/close?dryRun=true', { verdict: 'true' })).toMatchObject({
    status: 200,
  })
  expect((await call('GET', path)).body.state).toBe('acknowledged')
  // By its sequence.
  expect(await call('POST', '/v1/alerts/1/close', { verdict: 'false', note: 'test card' })).toMatchObject({
    body: { state: 'closed', verdict: 'false' },
  })
  expect(await call('POST', `${path}/acknowledge`)).toMatchObject({
    status: 409,
    body: { code: 'alert-state-not-fitting' },
  })
  expect(await call('POST', `${path}/reopen`)).toMatchObject({ body: { state: 'open' } })
  const { body } = await call('GET', path)
  expect(body.history.map(({ state }: { state: string }) => state)).toEqual([
    'acknowledged',
    'closed',
    'open',
  ])
  // Another process, which remembers nothing, sees the same.
  expect((await (await open()).get(idOf(1)))?.record).toMatchObject({ state: 'open', version: 3 })
  expect(await call('POST', `/v1/alerts/${idOf(7)}/acknowledge`)).toMatchObject({ status: 404 })
})

test('alerts are listed by state, and verdicts counted by version', async () => {
  const { call } = await startDesk()
  await call('POST', '/v1/alerts/1/close', { verdict: 'true' })
  await call('POST', '/v1/alerts/2/close', { verdict: 'unsure' })
  await call('POST', '/v1/alerts/3/acknowledge')
  const listed = async (state: string) =>
    (await call('GET', `/v1/alerts?state=${state}`)).body.alerts.map(
      ({ sequence }: { sequence: number }) => sequence,
    )
  expect([await listed('open'), await listed('acknowledged'), await listed('closed')]).toEqual([
    [],
    [3],
    [2, 1],
  ])
  await call('POST', '/v1/alerts/3/close', { verdict: 'false' })
  expect((await call('GET', '/v1/rules/pair/precision')).body).toMatchObject({
    rule: 'pair',
    total: { true: 1, false: 1, unsure: 1, precision: 0.5 },
    versions: [
      { version: 2, true: 0, false: 1, unsure: 0, precision: 0 },
      { version: 1, true: 1, false: 0, unsure: 1, precision: 1 },
    ],
  })
  await call('POST', '/v1/alerts/3/reopen')
  expect((await call('GET', '/v1/rules/pair/precision')).body.total.false).toBe(0)
})

// Wilson score intervals at 95 %, by hand.
test.each([
  [0, 0, undefined, undefined],
  [1, 0, 1, [0.2065, 1]],
  [8, 2, 0.8, [0.4902, 0.9433]],
  [50, 50, 0.5, [0.4038, 0.5962]],
])('%i true and %i false', (yes, no, precision, interval) => {
  expect(precisionOf({ true: yes, false: no, unsure: 3 })).toEqual({
    true: yes,
    false: no,
    unsure: 3,
    ...(precision === undefined ? {} : { precision, interval }),
  })
})
