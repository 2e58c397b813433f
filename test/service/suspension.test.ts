import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningService, serve, silentLog } from '../../src/service/index.ts'
import { defaultConfig } from '../support/api.ts'
import { sequitur } from '../support/processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'sequitur-suspension-'))
const rule = (id: string, where: string): string => `rule: ${id}
status: live
by: user
events:
  hit: events.a where ${where}
pattern: hit
suppress: false
`
const DEAR = '$sum([1..2900].($ * 2)) < 0'
let service: RunningService

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the tests that know them
const call = async (path: string, init: RequestInit = {}): Promise<any> =>
  (await fetch(service.url + path, init)).json()
const put = (id: string, where: string, query = '') =>
  call(`/v1/rules/${id}${query}`, {
    method: 'PUT',
    body: rule(id, where),
    headers: { 'content-type': 'application/yaml' },
  })
const send = (count: number) =>
  call('/v1/events', {
    method: 'POST',
    body: JSON.stringify(
      Array.from({ length: count }, (_, n) => ({ subject: 'events.a', data: { user: 'ada', n } })),
    ),
    headers: { 'content-type': 'application/json' },
  })
const totalOf = async (id: string) => (await call(`/v1/rules/${id}/stats`)).total

beforeAll(async () => {
  service = await serve(
    defaultConfig({
      dataDir: join(folder, 'data'),
      nats: { embedded: { port: 0 } },
      http: { port: 0, workerPort: 0 },
      input: { subjects: ['events.>'] },
      limits: { guestNamespaces: ['sandbox'], guestFuelPerSecondMax: 100 },
    }),
    { log: silentLog },
  )
}, 400_000)
afterAll(async () => {
  await service.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('a rule that uses too much is suspended, seen to be, and runs again as a new version; the other goes on', async () => {
  await put('plain', 'n >= 0')
  await put('dear', DEAR)
  expect(await send(100)).toMatchObject({ stored: 100 })
  await expect
    .poll(() => totalOf('plain'), { timeout: 20_000 })
    .toMatchObject({ alerts: 100, fuel: 0, suspensions: 0 })
  const total = await totalOf('dear')
  expect(total).toMatchObject({ status: 'suspended', suspensions: 1, suspendedUntil: expect.any(Number) })
  const metrics = await (await fetch(`${service.url}/metrics`)).text()
  expect(metrics).toMatch(/sequitur_rule_suspended\{rule="dear"[^}]*\} 1/)
  expect(metrics).toMatch(/sequitur_rule_suspensions_total\{rule="plain"[^}]*\} 0/)
  const shown = await sequitur(['matches', 'dear', '--server', service.url])
  expect(shown.stderr).toContain(
    `dear is suspended: it used too much fuel, and sees no events before entry ${total.suspendedUntil}`,
  )
  await put('dear', 'n >= 50', '?force=true')
  await send(100)
  await expect.poll(() => totalOf('dear'), { timeout: 20_000 }).toMatchObject({ status: 'live', alerts: 50 })
  expect((await totalOf('dear')).suspendedUntil).toBeUndefined()
}, 60_000)

test('a guest that uses its budget up is seen in the status and the metrics', async () => {
  const guestOf = async () => (await call('/v1/status')).partitions[0].guests
  expect(await guestOf()).toEqual([{ namespace: 'sandbox', used: 0, left: 1, suspensions: 0 }])
  const body = rule('storm', 'n >= 0').replace('status: live', 'status: live\nnamespace: sandbox')
  await call('/v1/rules/storm', { method: 'PUT', body, headers: { 'content-type': 'application/yaml' } })
  await send(100)
  await expect
    .poll(() => totalOf('storm'), { timeout: 20_000 })
    .toMatchObject({ status: 'suspended', suspensions: 1 })
  expect(await guestOf()).toEqual([
    { namespace: 'sandbox', used: expect.any(Number), left: expect.any(Number), suspensions: 1 },
  ])
  const metrics = await (await fetch(`${service.url}/metrics`)).text()
  const labels = 'partition="0",namespace="sandbox"'
  expect(metrics).toMatch(new RegExp(`sequitur_guest_suspensions_total\\{${labels}[^}]*\\} 1`))
  expect(metrics).toMatch(new RegExp(`sequitur_guest_fuel_total\\{${labels}[^}]*\\} \\d{3}`))
  expect(metrics).toMatch(new RegExp(`sequitur_guest_fuel_left_ratio\\{${labels}[^}]*\\} `))
}, 60_000)
