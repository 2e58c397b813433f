import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiKey } from '../../src/service/config/index.ts'
import { claimDataFolder } from '../../src/service/data-folder.ts'
import { api, connectBroker, type RunningService, serve, silentLog, worker } from '../../src/service/index.ts'
import { defaultConfig, RULE } from '../support/api.ts'

const folder = mkdtempSync(join(tmpdir(), 'sequitur-serve-'))
const config = (over: Readonly<Record<string, unknown>> = {}) =>
  defaultConfig({
    dataDir: join(folder, 'data'),
    nats: { embedded: { port: 0 } },
    http: { port: 0, workerPort: 0 },
    input: { subjects: ['events.>', 'payments.>'] },
    ...over,
  })

const auth = { apiKeys: [{ id: 'root', hash: createApiKey('root').hash, role: 'operator' }] }

let service: RunningService
beforeAll(async () => {
  service = await serve(config(), { log: silentLog })
}, 400_000)
afterAll(async () => {
  await service.stop()
  rmSync(folder, { recursive: true, force: true })
})

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the tests that know them
const json = async (answer: Promise<Response>): Promise<any> => (await answer).json()
const call = (path: string, init: RequestInit = {}) => fetch(service.url + path, init)
const yaml = { 'content-type': 'application/yaml' }
const send = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  call(path, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })

describe('a running service', () => {
  test('lives, is ready and says what it is', async () => {
    expect(await json(call('/livez'))).toEqual({ status: 'ok', checks: [] })
    const ready = await call('/readyz')
    expect([ready.status, await ready.json()]).toEqual([
      200,
      {
        status: 'ok',
        checks: [
          { name: 'broker', ok: true },
          { name: 'partition 0', ok: true },
        ],
      },
    ])
    const status = await json(call('/v1/status'))
    expect(status).toMatchObject({
      roles: ['api', 'worker', 'broker'],
      broker: { connected: true },
      partitions: [{ partition: 0, running: true }],
      unreachable: [],
    })
    expect(await (await call('/metrics')).text()).toContain('sequitur_partition_running{partition="0"} 1')
  })

  test('shows its configuration so that it can be put into a file', async () => {
    const shown = await json(call('/v1/config'))
    expect(shown).toMatchObject({ commitInterval: '1s', http: { port: 0, bodyMax: '256KiB' } })
    expect(defaultConfig(shown)).toEqual(config())
  })

  test('keeps rules in NATS and carries them to the worker', async () => {
    const put = await call('/v1/rules/hello', { method: 'PUT', body: RULE, headers: yaml })
    expect(put.status).toBe(201)
    expect(await put.json()).toMatchObject({ version: 1, activation: { state: 'active', partitions: 1 } })
    const etag = put.headers.get('etag') ?? ''
    const changed = RULE.replace('5 minutes', '6 minutes')
    const second = await call('/v1/rules/hello', {
      method: 'PUT',
      body: changed,
      headers: { ...yaml, 'if-match': etag },
    })
    expect(await second.json()).toMatchObject({ version: 2, activation: { state: 'active' } })
    const stale = await call('/v1/rules/hello', {
      method: 'PUT',
      body: RULE,
      headers: { ...yaml, 'if-match': etag },
    })
    expect(stale.status).toBe(412)
    const stats = await json(call('/v1/rules/hello/stats'))
    expect(stats).toMatchObject({ rule: 'hello', partitions: [{ partition: 0, version: 2 }] })
    expect(await json(call('/v1/rules/hello/matches'))).toMatchObject({ total: 0, matches: [] })
    const removed = await call('/v1/rules/hello?force=true', { method: 'DELETE' })
    expect(await removed.json()).toMatchObject({ version: 3, activation: { state: 'active' } })
    const versions = await json(call('/v1/rules/hello/versions'))
    expect(
      versions.versions.map(({ version, kind }: { version: number; kind: string }) => [version, kind]),
    ).toEqual([
      [3, 'remove'],
      [2, 'put'],
      [1, 'put'],
    ])
  })

  test('stores events once by their id', async () => {
    const event = { subject: 'events.a', id: 'once', data: { user: 'u' } }
    const first = await json(send('/v1/events', event))
    expect(first).toMatchObject({ stored: 1, duplicates: 0, results: [{ duplicate: false }] })
    const again = await json(send('/v1/events', event))
    expect(again).toMatchObject({
      stored: 0,
      duplicates: 1,
      results: [{ sequence: first.results[0].sequence }],
    })
    const refused = await json(send('/v1/events', { subject: 'orders.a', data: {} }))
    expect([refused.status, refused.errors[0].code]).toEqual([422, 'event-subject-not-fed'])
  })

  test('shows events as they come in', async () => {
    const stop = new AbortController()
    const stream = await call('/v1/events/stream?subject=events.%3E', { signal: stop.signal })
    expect(stream.headers.get('content-type')).toContain('text/event-stream')
    const frames = framesOf(stream)
    await send('/v1/events?subject=events.tail', { user: 'tail' })
    for await (const frame of frames)
      if (frame.includes('"events.tail"')) {
        expect(frame).toMatch(/^id: \d+\nevent: event\ndata: \{/)
        break
      }
    stop.abort()
  })

  test('raises an alert for a rule that came over HTTP, on events that came over HTTP', async () => {
    const live = RULE.replace('hello', 'e2e').replace('by: user', 'by: user\nstatus: live')
    const put = await json(call('/v1/rules/e2e', { method: 'PUT', body: live, headers: yaml }))
    expect(put).toMatchObject({ status: 'live', activation: { state: 'active' } })
    const stop = new AbortController()
    const stream = await call('/v1/alerts/stream?rule=e2e', { signal: stop.signal })
    const lines = ['a', 'b'].map((name) =>
      JSON.stringify({ subject: `events.${name}`, data: { user: 'u9' } }),
    )
    const stored = await send('/v1/events', lines.join('\n'), { 'content-type': 'application/x-ndjson' })
    expect(stored.status).toBe(200)
    for await (const frame of framesOf(stream))
      if (frame.includes('event: alert')) {
        const entry = JSON.parse(frame.slice(frame.indexOf('data: ') + 6))
        expect(entry).toMatchObject({
          subject: 'alerts.default.e2e.medium',
          alert: { type: 'alert.raised.v1', data: { rule: 'e2e', version: 1, key: { user: 'u9' } } },
        })
        break
      }
    stop.abort()
    expect(await json(call('/v1/rules/e2e/stats'))).toMatchObject({ total: { matches: 1, alerts: 1 } })
    expect(await (await call('/metrics')).text()).toContain(
      'sequitur_alerts_total{rule="e2e",severity="medium",mode="live"} 1',
    )
    await call('/v1/rules/e2e?force=true', { method: 'DELETE' })
  })

  test('lists and streams what stands in the alert log', async () => {
    const broker = await connectBroker({ url: service.natsUrl, name: 'test' })
    const publish = (rule: string, severity: string, mode = '') =>
      broker.connection.publish(
        `${mode}alerts.default.${rule}.${severity}`,
        JSON.stringify({
          specversion: '1.0',
          id: `${rule}-${severity}`,
          subject: 'k1',
          data: { rule, severity },
        }),
      )
    const stop = new AbortController()
    const stream = await call('/v1/alerts/stream?severity=high', { signal: stop.signal })
    for (let index = 0; index < 30; index += 1)
      publish(index % 3 === 0 ? 'a' : 'b', index % 2 === 0 ? 'high' : 'low')
    publish('a', 'high', 'shadow.')
    await broker.connection.flush()

    const seen: string[] = []
    for await (const frame of framesOf(stream)) {
      if (!frame.includes('event: alert')) continue
      seen.push(frame)
      if (seen.length === 15) break
    }
    stop.abort()
    const third = Number(/^id: (\d+)/.exec(seen[2] ?? '')?.[1])
    const resumed = new AbortController()
    const rest = await call('/v1/alerts/stream?severity=high', {
      signal: resumed.signal,
      headers: { 'last-event-id': String(third) },
    })
    for await (const frame of framesOf(rest))
      if (frame.includes('event: alert')) {
        expect(frame).toBe(seen[3])
        break
      }
    resumed.abort()

    const sequences: number[] = []
    let next: string | undefined = ''
    while (next !== undefined) {
      const page: { alerts: { sequence: number; alert: { data: { rule: string } } }[]; next?: string } =
        await json(call(`/v1/alerts?rule=a&limit=4${next === '' ? '' : `&cursor=${next}`}`))
      for (const { sequence, alert } of page.alerts) {
        expect(alert.data.rule).toBe('a')
        sequences.push(sequence)
      }
      next = page.next
    }
    expect(sequences).toHaveLength(10)
    expect(sequences).toEqual([...new Set(sequences)].sort((left, right) => right - left))
    const oldest = await json(call('/v1/alerts?order=asc&limit=1&rule=a'))
    expect(oldest.alerts[0].sequence).toBe(sequences.at(-1))
    expect((await json(call(`/v1/alerts/${sequences[0]}`))).sequence).toBe(sequences[0])
    expect((await json(call('/v1/alerts?mode=shadow'))).alerts).toHaveLength(1)
    expect((await json(call('/v1/alerts?since=1h&key=k1&limit=500'))).alerts).toHaveLength(30)
    expect((await json(call('/v1/alerts?until=1h'))).alerts).toHaveLength(0)
    expect((await json(call('/v1/alerts?key=k2'))).alerts).toHaveLength(0)
    await broker.close()
  })

  test('runs as API and worker apart, too', async () => {
    const nats = { url: service.natsUrl }
    const alone = await api(config({ nats, auth, dataDir: join(folder, 'api') }), { log: silentLog })
    const standby = await worker(config({ nats, dataDir: join(folder, 'second') }), { log: silentLog })
    expect((await fetch(`${alone.url}/readyz`)).status).toBe(200)
    const ready = await json(fetch(`${standby.url}/readyz`))
    expect(ready.checks).toContainEqual(expect.objectContaining({ name: 'partition 0', ok: true }))
    expect((await fetch(`${standby.url}/v1/rules`)).status).toBe(404)
    expect(await (await fetch(`${standby.url}/metrics`)).text()).toContain('sequitur_process_resident_bytes')
    await standby.stop()
    await alone.stop()
    await Promise.all([standby.done, alone.done])
  })
})

describe('a service that cannot start says why', () => {
  let taken: Server
  let port: number
  beforeAll(async () => {
    taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    port = (taken.address() as { port: number }).port
  })
  afterAll(() => taken.close())

  test.each([
    ['address-in-use', () => ({ http: { port } })],
    ['address-in-use', () => ({ nats: { embedded: { port } }, dataDir: join(folder, 'other') })],
    ['broker-unreachable', () => ({ nats: { url: 'nats://127.0.0.1:1' }, dataDir: join(folder, 'other') })],
    ['data-folder-unusable', () => ({ dataDir: '/dev/null/nowhere' })],
    ['data-folder-unusable', () => ({ dataDir: '/proc/nowhere/data' })],
  ])('%s', async (code, over) => {
    await expect(serve(config(over()), { log: silentLog })).rejects.toMatchObject({ code })
  })

  test('a data folder that cannot be used says why', () =>
    expect(serve(config({ dataDir: '/dev/null/nowhere' }), { log: silentLog })).rejects.toThrow(
      /cannot be used \(ENOTDIR: not a directory/,
    ))

  test('data-folder-in-use', async () => {
    const other = spawn('sleep', ['60'])
    const dataDir = join(folder, 'taken')
    mkdirSync(dataDir)
    const stat = readFileSync(`/proc/${other.pid}/stat`, 'utf8')
    const began = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    writeFileSync(join(dataDir, 'sequitur.pid'), `${other.pid} ${began}`)
    await expect(serve(config({ dataDir }), { log: silentLog })).rejects.toMatchObject({
      code: 'data-folder-in-use',
    })
    other.kill()
    writeFileSync(join(dataDir, 'sequitur.pid'), `${process.ppid} 1`)
    // The number of a dead process that somebody else has by now holds nobody up.
    claimDataFolder(dataDir)()
  })

  test('an API without a broker', () =>
    expect(api(config({ auth }), { log: silentLog })).rejects.toMatchObject({ code: 'broker-unreachable' }))
})

/** The frames of an event stream, one by one. */
async function* framesOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const bytes of response.body ?? []) {
      text += decoder.decode(bytes as Uint8Array<ArrayBuffer>)
      const frames = text.split('\n\n')
      text = frames.pop() ?? ''
      yield* frames
    }
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error
  }
}
