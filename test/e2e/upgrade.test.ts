import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import sqlite3 from 'sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { FORMAT } from '../../src/service/checkpoint/schema.ts'
import { createApiKey } from '../../src/service/config/index.ts'
import { startTestNats } from '../support/nats.ts'
import { type Service, sequitur, startSequitur, startService, temporaryFolder } from '../support/processes.ts'

const RULE = `rule: hello
status: live
by: user
events:
  A: events.a
  B: events.b
pattern: A followed by B within 5 minutes
suppress: false
`

const { key, hash } = createApiKey('root')
/** For an API that stands alone; a service without keys does not look at it. */
const authorization = `Bearer ${key}`

const stored = (folder: string): string => join(folder, 'data/checkpoint/partition-0.sqlite')

const execute = (file: string, sql: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const database = new sqlite3.Database(file)
    database.exec(sql, (error) => database.close(() => (error === null ? resolve() : reject(error))))
  })

async function send(service: Service, subject: string, user: string): Promise<void> {
  const connection = await connect({ servers: service.nats })
  onTestFinished(() => connection.close())
  await jetstream(connection).publish(subject, JSON.stringify({ user }))
}

async function keysOf(service: Service): Promise<readonly string[]> {
  const answer = await fetch(`${service.url}/v1/alerts`, { headers: { authorization } })
  const { alerts } = (await answer.json()) as { alerts: ReadonlyArray<{ alert: { subject: string } }> }
  return alerts.map(({ alert }) => alert.subject).sort()
}

const waits = async (service: Service): Promise<number> =>
  (
    (await (await fetch(`${service.url}/v1/rules/hello/matches`, { headers: { authorization } })).json()) as {
      total: number
    }
  ).total

/** A service in which `ada` did the first of two steps, stopped. */
async function halfway(): Promise<string> {
  const service = await startService()
  const put = await fetch(`${service.url}/v1/rules/hello`, {
    method: 'PUT',
    body: RULE,
    headers: { 'content-type': 'application/yaml' },
  })
  expect(put.status).toBe(201)
  await send(service, 'events.a', 'ada')
  await expect.poll(() => waits(service), { timeout: 20_000 }).toBe(1)
  expect((await service.running.stop()).code).toBe(0)
  return service.folder
}

const serve = (folder: string) =>
  sequitur(['serve', '--port', '0', '--data-dir', join(folder, 'data')], {
    cwd: folder,
    environment: { SEQUITUR_NATS_EMBEDDED_PORT: '0' },
  })

test('a file of an older format is taken over, with its partial matches', async () => {
  const folder = await halfway()
  await execute(
    stored(folder),
    `DROP TRIGGER IF EXISTS fold_change; DROP VIEW folds;
     CREATE VIEW folds AS SELECT 0 AS epoch, 0 AS number, '' AS superseded;
     UPDATE meta SET format = 1;`,
  )
  const service = await startService({ folder })
  await send(service, 'events.b', 'ada')
  await expect.poll(() => keysOf(service), { timeout: 20_000 }).toEqual(['ada'])
}, 60_000)

test.each([
  [FORMAT + 1, 'data-folder-newer'],
  [0, 'checkpoint-unusable'],
])(
  'a file of format %d ends the service in one line and stays as it is',
  async (format, code) => {
    const folder = await halfway()
    await execute(stored(folder), `UPDATE meta SET format = ${format}`)
    const before = readFileSync(stored(folder))
    const ended = await serve(folder)
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain(code)
    expect(readFileSync(stored(folder)).equals(before)).toBe(true)
  },
  60_000,
)

test('a copy of the data folder goes on where it was, also twice', async () => {
  const folder = await halfway()
  const copy = temporaryFolder()
  cpSync(join(folder, 'data'), join(copy, 'data'), { recursive: true })
  for (const at of [folder, copy]) {
    const service = await startService({ folder: at })
    expect(await waits(service)).toBe(1)
    await send(service, 'events.b', 'ada')
    await expect.poll(() => keysOf(service), { timeout: 20_000 }).toEqual(['ada'])
    await service.running.stop()
  }
}, 60_000)

test('an older checkpoint over newer streams catches up and raises nothing twice', async () => {
  const folder = await halfway()
  const older = temporaryFolder()
  const checkpoint = join(folder, 'data/checkpoint')
  cpSync(checkpoint, older, { recursive: true })
  let service = await startService({ folder })
  await send(service, 'events.b', 'ada')
  await expect.poll(() => keysOf(service), { timeout: 20_000 }).toEqual(['ada'])
  await service.running.stop()
  rmSync(checkpoint, { recursive: true })
  cpSync(older, checkpoint, { recursive: true })
  service = await startService({ folder })
  await send(service, 'events.a', 'eve')
  await send(service, 'events.b', 'eve')
  await expect.poll(() => keysOf(service), { timeout: 20_000 }).toEqual(['ada', 'eve'])
}, 60_000)

test('workers are replaced one after the other while the API answers, and nothing is lost', async () => {
  const nats = await startTestNats()
  onTestFinished(() => nats.end())
  const folder = temporaryFolder()
  const environment = {
    SEQUITUR_NATS_URL: nats.url,
    SEQUITUR_HTTP_WORKER_PORT: '0',
    SEQUITUR_AUTH_API_KEYS: JSON.stringify([{ id: 'root', role: 'operator', hash }]),
  }
  const worker = () =>
    startSequitur(['worker', '--data-dir', join(folder, 'data')], { cwd: folder, environment })
  const first = worker()
  await first.until(/"msg":"ready"/)
  const running = startSequitur(['api', '--port', '0', '--data-dir', join(folder, 'api')], {
    cwd: folder,
    environment,
  })
  const [, url = ''] = await running.until(/"url":"(http:[^"]+)".*"msg":"ready"/)
  const service = { url, nats: nats.url, folder, running }
  const headers = { authorization, 'content-type': 'application/yaml' }
  await fetch(`${url}/v1/rules/hello`, { method: 'PUT', body: RULE, headers })
  await send(service, 'events.a', 'ada')
  await expect.poll(() => waits(service), { timeout: 20_000 }).toBe(1)

  expect((await first.stop()).code).toBe(0)
  expect((await fetch(`${url}/v1/rules/hello`, { headers })).status).toBe(200)
  await send(service, 'events.b', 'ada')
  await send(service, 'events.a', 'eve')
  const second = worker()
  await expect.poll(() => keysOf(service), { timeout: 20_000 }).toEqual(['ada'])
  // A second API beside the first, then the first goes.
  const next = startSequitur(['api', '--port', '0', '--data-dir', join(folder, 'next')], {
    cwd: folder,
    environment,
  })
  const [, nextUrl = ''] = await next.until(/"url":"(http:[^"]+)".*"msg":"ready"/)
  expect((await running.stop()).code).toBe(0)
  await send(service, 'events.b', 'eve')
  await expect.poll(() => keysOf({ ...service, url: nextUrl }), { timeout: 20_000 }).toEqual(['ada', 'eve'])
  expect((await second.stop()).code).toBe(0)
}, 60_000)
