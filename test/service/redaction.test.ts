import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstream } from '@nats-io/jetstream'
import { expect, onTestFinished, test } from 'vitest'
import { connectBroker } from '../../src/service/broker/index.ts'
import { createLog, serve } from '../../src/service/index.ts'
import { readStream } from '../../src/service/stream-page.ts'
import { defaultConfig } from '../support/api.ts'
import { startReceiver } from '../support/webhook-receiver.ts'

const CANARY = 'Canary-4711'
/** A number that JSON, messages and metrics would write as it stands. */
const PIN = 918_273_645
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const BASE = Date.parse('2026-03-01T10:00:00Z')

/** Every way that a rule has to say something. */
const RULES: Readonly<Record<string, string>> = {
  plain: `by: user
events: { A: events.a, B: events.b }
pattern: A followed by B within 1 hour
suppress: { for: 10 minutes, by: $A.email }
alert:
  message: "{{ $A.email }} {{ $uppercase($A.email) }} {{ $A }} {{ $string($A) }} {{ $A.* }} {{ $lookup($A, 'em' & 'ail') }} {{ $A.nested.list }}"
  evidence:
    who: $A.email
    upper: $uppercase($A.email)
    whole: $A
    text: $string($A)
    every: $A.**
    looked: $lookup($A, "em" & "ail")
    broken: $A.email + 1
    pin: $A.pin
    inside: $A.raw
    fine: $A.city
  includeEvents: true`,
  'by-email': `by: email
events: { A: events.a, B: events.b }
pattern: A followed by B within 1 hour
alert: { message: "key {{ $key }}", evidence: { k: $key } }`,
  errors: `by: user
events: { A: events.a where email > 5 and pin < "x" }
pattern: A`,
  counted: `by: user
events: { A: events.a }
pattern: at least 2 A within 1 hour
suppress: false
alert: { message: "{{ $count($A) }} of {{ $A.email }}", evidence: { all: $A, emails: "$distinct($A.email)[]" } }`,
  absent: `by: email
events: { A: events.a, C: events.c }
pattern: A followed by no C for 5 minutes
alert: { message: "{{ $key }} {{ $A.email }}" }`,
  shadowed: `by: user
events: { A: events.a }
pattern: A
alert: { evidence: { who: $A.email } }`,
  excepted: `by: user
events: { A: events.a }
pattern: A
except: [{ name: mine, why: because, when: $A.email != "x" }]
alert: { evidence: { who: $A.email } }`,
  waiting: `by: email
events: { A: events.a, D: events.d }
pattern: A followed by D within 30 days
alert: { message: "{{ $A.email }}" }`,
}

const event = (minute: number, rest: Readonly<Record<string, unknown>> = {}) => ({
  user: 'ada',
  email: CANARY,
  pin: PIN,
  city: 'Oslo',
  nested: { deeper: { email: CANARY }, list: [{ email: CANARY }, [{ pin: PIN }]] },
  raw: JSON.stringify({ email: CANARY, inner: JSON.stringify({ pin: PIN }) }),
  at: new Date(BASE + minute * 60_000).toISOString(),
  ...rest,
})

test('values of redacted fields reach nobody', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sequitur-redaction-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const receiver = await startReceiver()
  const collector = await startReceiver(() => 200)
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${collector.port}`
  onTestFinished(() => void delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT'])
  const lines: string[] = []
  const service = await serve(
    defaultConfig({
      dataDir: join(folder, 'data'),
      nats: { embedded: { port: 0 } },
      http: { port: 0, workerPort: 0 },
      redact: ['email', 'pin'],
      sources: [{ subject: 'events.>', timestamp: 'at', lateness: '1m' }],
      limits: { payloadMax: '64KiB' },
      webhooks: {
        allow: ['http://127.0.0.1:*'],
        allowAddresses: ['127.0.0.1/32'],
        secrets: [{ name: 'main', secret: SECRET }],
      },
    }),
    { log: createLog({ level: 'debug', write: (line) => void lines.push(line) }) },
  )
  onTestFinished(() => service.stop())
  const outputs: string[] = []
  const call = async (path: string, init: RequestInit = {}): Promise<string> => {
    const answer = await fetch(service.url + path, init)
    const text = await answer.text()
    expect([path, answer.status < 300, text]).toEqual([path, true, text])
    outputs.push(`${init.method ?? 'GET'} ${path}\n${text}`)
    return text
  }
  const sendJson = (method: string, path: string, body: unknown): Promise<string> =>
    call(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

  const ended = new AbortController()
  const tails = ['/v1/events/stream', '/v1/alerts/stream?mode=all'].map(async (path) => {
    const answer = await fetch(service.url + path.replace('?mode=all', ''), { signal: ended.signal })
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const part = await reader?.read().catch(() => undefined)
      if (part?.value === undefined) return
      outputs.push(`${path}\n${part.value}`)
    }
  })
  await sendJson('PUT', '/v1/webhooks/crm', { url: receiver.url, secret: 'main' })
  for (const [id, text] of Object.entries(RULES)) {
    const status = id === 'shadowed' ? 'shadow' : 'live'
    await call(`/v1/rules/${id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/yaml' },
      body: `rule: ${id}\nstatus: ${status}\n${text}\n`,
    })
  }

  const broker = await connectBroker({ url: service.natsUrl, name: 'test' })
  onTestFinished(() => broker.close())
  const client = jetstream(broker.connection)
  const first = await client.publish('events.a', JSON.stringify(event(0)))
  for (const [kind, minute] of [
    ['b', 1],
    ['a', 2],
    ['b', 3],
  ] as const)
    await client.publish(`events.${kind}`, JSON.stringify(event(minute)))
  await client.publish('events.x', JSON.stringify({ at: new Date(BASE + 3_600_000).toISOString() }))
  // Late; no event; no JSON; too large to be looked through.
  await client.publish('events.a', JSON.stringify(event(-60)))
  await client.publish('events.a', JSON.stringify({ ...event(0), at: 'never' }))
  await client.publish('events.a', `{"email":"${CANARY}","pin":${PIN}`)
  await client.publish('events.a', JSON.stringify([event(0)]))
  await client.publish('events.a', JSON.stringify(event(-60, { long: 'x'.repeat(20_000) })))
  await client.publish('events.a', JSON.stringify(event(0, { long: 'x'.repeat(70_000) })))

  const emitted = async (): Promise<readonly string[]> => {
    const found: string[] = []
    await readStream(broker.connection, { stream: 'ALERTS', from: 1, max: 1_000 }, (message) => {
      found.push(`${message.subject} ${message.headers?.toString() ?? ''}\n${message.string()}`)
      return true
    })
    return found
  }
  const subjects = async () =>
    [...new Set((await emitted()).map((text) => /^[\w-]+\.?[\w-]*/.exec(text)?.[0] ?? ''))].sort()
  const of = (prefix: string, rules: readonly string[]) => rules.map((rule) => `${prefix}default.${rule}`)
  await expect
    .poll(async () => (await emitted()).filter((text) => text.startsWith('sequitur.dead-letter')).length, {
      timeout: 60_000,
    })
    .toBe(4)
  await expect
    .poll(subjects, { timeout: 60_000 })
    .toEqual([
      'alerts.default',
      'sequitur.dead-letter',
      'sequitur.late',
      'sequitur.marker',
      'shadow.alerts',
      'withheld.alerts',
    ])
  const log = (await emitted()).join('\n')
  for (const name of of('alerts.', ['plain', 'by-email', 'counted', 'absent'])) expect(log).toContain(name)
  expect(log).toContain('"fine":"Oslo"')
  expect(log).toContain('2 of [redacted]')
  outputs.push(log)
  await receiver.until(4)
  outputs.push(...receiver.requests.map(({ body, headers }) => body + JSON.stringify(headers)))

  for (const path of [
    '/v1/alerts?limit=100',
    '/v1/alerts?withheld=true&limit=100',
    '/v1/rules/waiting/matches',
    '/v1/rules/errors/stats',
    '/v1/status',
    '/v1/config',
    '/v1/audit',
    '/metrics',
    `/v1/events/${first.seq}/rules`,
  ])
    await call(path)
  for (const rule of Object.keys(RULES)) {
    await call(`/v1/rules/${rule}/stats`)
    const why = JSON.parse(
      await sendJson('POST', '/v1/why', { rule, event: first.seq, since: '2026-01-01T00:00:00Z' }),
    )
    expect([rule, why.events.length > 0]).toEqual([rule, true])
  }
  const replay = JSON.parse(
    await sendJson('POST', '/v1/replays', {
      rules: Object.keys(RULES).map((id) => ({ id })),
      against: 'live',
    }),
  )
  await expect
    .poll(async () => JSON.parse(await call(`/v1/replays/${replay.id}`)).state, { timeout: 60_000 })
    .toBe('done')
  await call(`/v1/replays/${replay.id}/alerts`)
  expect(outputs.some((text) => /T20(09|10)/.test(text))).toBe(true)
  ended.abort()
  await Promise.all(tails)
  expect(outputs.some((text) => text.startsWith('/v1/events/stream') && text.includes('[redacted]'))).toBe(
    true,
  )
  expect(outputs.some((text) => text.startsWith('/v1/alerts/stream') && text.includes('[redacted]'))).toBe(
    true,
  )

  await service.stop()
  const exported = collector.requests.map(({ body }) => body).join('')
  expect(exported).toContain('sequitur.rule')
  outputs.push(...lines, exported)
  expect(lines.length).toBeGreaterThan(5)
  const traces = [CANARY, CANARY.toUpperCase(), String(PIN)]
  expect(outputs.filter((text) => traces.some((trace) => text.includes(trace)))).toEqual([])
}, 240_000)
