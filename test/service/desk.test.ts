import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { expect, onTestFinished, test } from 'vitest'
import { startFakeApi } from '../support/api.ts'
import { type Service, sequitur, startService } from '../support/processes.ts'

const RULE = `rule: listed
status: live
by: user
events:
  A: events.a where $in_list("blocked", card)
  B: events.b
pattern: A followed by B within 5 minutes
suppress: false
alert: { message: "{{ $key }}" }
`

const json = (body: unknown, method = 'POST') => ({
  method,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
})

/** Waits until the log has so many entries of a kind: what comes later is behind them. */
async function inLog(service: Service, subject: string, count: number): Promise<void> {
  const connection = await connect({ servers: service.nats })
  onTestFinished(() => connection.close())
  const manager = await jetstreamManager(connection)
  await expect
    .poll(
      async () =>
        (await manager.streams.info('SEQUITUR_INPUT', { subjects_filter: subject })).state.subjects?.[
          subject
        ] ?? 0,
      { timeout: 20_000 },
    )
    .toBe(count)
}

async function pair(service: Service, user: string, card: string): Promise<void> {
  const send = (subject: string) =>
    fetch(`${service.url}/v1/events`, json({ subject, data: { user, card } })).then((answer) => answer.status)
  expect([await send('events.a'), await send('events.b')]).toEqual([200, 200])
}

interface Entry {
  readonly alert: { readonly subject: string; readonly data: { readonly withheld?: object } }
}
const alertsOf = async (service: Service, query = ''): Promise<readonly Entry[]> =>
  ((await (await fetch(`${service.url}/v1/alerts${query}`)).json()) as { alerts: Entry[] }).alerts
const keysOf = async (service: Service, query = ''): Promise<readonly string[]> =>
  (await alertsOf(service, query)).map(({ alert }) => alert.subject).sort()

test('a list changes what matches, a silence what is sent, each at its place in the log', async () => {
  const service = await startService()
  const run = (...args: string[]) => sequitur([...args, '--server', service.url])
  const put = await fetch(`${service.url}/v1/rules/listed`, {
    method: 'PUT',
    body: RULE,
    headers: { 'content-type': 'application/yaml' },
  })
  expect(put.status).toBe(201)
  await pair(service, 'before', 'c1')

  const file = join(service.folder, 'cards.csv')
  writeFileSync(file, 'value,until,why\nc1,,stolen\n"c,2",2020-01-01,long ago\n')
  const imported = await run('list', 'import', 'blocked', file)
  expect([imported.code, JSON.parse(imported.stdout)]).toMatchObject([0, { change: 'created', count: 2 }])
  await inLog(service, 'sequitur.log.list', 1)
  await pair(service, 'on', 'c1')
  await pair(service, 'expired', 'c,2')
  await expect.poll(() => keysOf(service), { timeout: 20_000 }).toEqual(['on'])

  const added = await run(
    'silence',
    'add',
    '--rule',
    'listed',
    '--key',
    'quiet',
    '--until',
    '2h',
    '--why',
    'x',
  )
  const { id } = JSON.parse(added.stdout) as { id: string }
  await inLog(service, 'sequitur.log.silence', 1)
  await pair(service, 'quiet', 'c1')
  await pair(service, 'loud', 'c1')
  await expect.poll(() => keysOf(service), { timeout: 20_000 }).toEqual(['loud', 'on'])
  expect(await alertsOf(service, '?withheld=true')).toMatchObject([
    { alert: { subject: 'quiet', data: { withheld: { reason: 'silenced', silence: id } } } },
  ])
  expect(await alertsOf(service, '?reason=suppressed')).toEqual([])
  const shown = await run('get', 'alerts', '--withheld', '-o', 'table')
  expect(shown.stdout).toContain(`silenced ${id}`)

  expect(JSON.parse((await run('silence', 'end', id)).stdout)).toMatchObject({ state: 'ended' })
  expect((await run('list', 'rm', 'blocked', 'c1')).code).toBe(0)
  await inLog(service, 'sequitur.log.silence', 2)
  await inLog(service, 'sequitur.log.list', 2)
  await pair(service, 'after', 'c1')
  await fetch(`${service.url}/v1/lists/blocked/values`, json([{ value: 'c3', why: 'w' }]))
  await inLog(service, 'sequitur.log.list', 3)
  await pair(service, 'quiet', 'c3')
  await expect.poll(() => keysOf(service), { timeout: 20_000 }).toEqual(['loud', 'on', 'quiet'])
}, 120_000)

test('apply takes lists along with rules, once, and removes those that are in no file', async () => {
  const service = await startService()
  const folder = join(service.folder, 'rules')
  mkdirSync(folder)
  const run = async (...args: string[]) => {
    const done = await sequitur([...args, '--server', service.url], { cwd: service.folder })
    const rows = done.stdout.trim().split('\n').filter(Boolean)
    return { ...done, rows: rows.map((row) => JSON.parse(row)) }
  }
  const list = 'list: blocked\nvalues: [c1, { value: 7, why: seven }]\n'
  writeFileSync(join(folder, 'both.yaml'), `${list}---\n${RULE}---\nlist: other\nvalues: []\n`)
  writeFileSync(join(folder, 'third.json'), JSON.stringify({ list: 'third', values: ['x'] }))
  expect((await run('apply', '-f', 'rules', '--dry-run')).stderr).toMatch(/1 rule and 3 lists would change/)
  expect((await run('list', 'show')).rows).toEqual([])

  const applied = await run('apply', '-f', 'rules')
  expect(applied.rows).toEqual([
    { kind: 'list', id: 'blocked', change: 'created', version: 1 },
    { kind: 'list', id: 'other', change: 'created', version: 1 },
    { kind: 'list', id: 'third', change: 'created', version: 1 },
    { kind: 'rule', id: 'listed', change: 'created', version: 1 },
  ])
  expect(applied.stderr).not.toContain('unknown-list')
  const again = await run('apply', '-f', 'rules', '--prune')
  expect(again.rows.map(({ change }) => change)).toEqual(Array(4).fill('unchanged'))
  await pair(service, 'on', 'c1')
  await expect.poll(() => keysOf(service), { timeout: 20_000 }).toEqual(['on'])

  // With one list in the files the others go; with none, none does.
  writeFileSync(join(folder, 'both.yaml'), RULE.replace('"blocked"', '"tird"'))
  const pruned = await run('apply', '-f', 'rules', '--prune')
  expect(pruned.stderr).toMatch(
    /both\.yaml:5:\d+ +warning unknown-list: There is no list `tird`[\s\S]*`third`/,
  )
  expect(pruned.rows.filter(({ change }) => change === 'removed')).toMatchObject([
    { kind: 'list', id: 'blocked' },
    { kind: 'list', id: 'other' },
  ])
  writeFileSync(join(folder, 'third.json'), '{"list": "third", "values": [], "value": 1}')
  expect(await run('apply', '-f', 'rules')).toMatchObject({ code: 2, rows: [] })
  expect((await run('apply', '-f', 'rules/both.yaml', '--prune')).code).toBe(0)
  expect((await run('list', 'show')).rows.map((head) => head.list)).toEqual(['third'])

  const made = await fetch(`${service.url}/v1/lists/third`, {
    ...json({ list: 'third', values: ['y'] }, 'PUT'),
    headers: { 'content-type': 'application/json', 'if-match': '*' },
  })
  expect(await made.json()).toMatchObject({ version: 2, activation: { state: 'active' } })
  const silence = { match: { rule: 'listed' }, until: '2h', why: 'w' }
  const silenced = await fetch(`${service.url}/v1/silences`, json(silence))
  const held = (await silenced.json()) as { readonly id: string }
  expect(held).toMatchObject({ activation: { state: 'active' } })
  const ended = await fetch(`${service.url}/v1/silences/${held.id}/end`, { method: 'POST' })
  expect(await ended.json()).toMatchObject({ state: 'ended', activation: { state: 'active' } })
}, 120_000)

test('check knows the lists of the files and of the tests', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sequitur-lists-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const check = async () => {
    const { stdout } = await sequitur(['check', folder])
    return [...stdout.matchAll(/"code":"unknown-list".*?"hint":"(.*?)"/g)].map(([, hint]) => hint)
  }
  writeFileSync(join(folder, 'rule.yaml'), RULE)
  expect(await check()).toEqual([])
  writeFileSync(join(folder, 'list.yaml'), 'list: bloked\nvalues: []\n')
  expect(await check()).toEqual(['did you mean `bloked`?'])
  writeFileSync(join(folder, 'list.yaml'), 'list: quite_another\nvalues: []\n')
  expect(await check()).toEqual([expect.stringContaining('list: blocked')])
  writeFileSync(join(folder, 'list.yaml'), 'list: blocked\nvalues: []\n')
  expect(await check()).toEqual([])
  writeFileSync(join(folder, 'more.yaml'), 'list: blocked\nvalues: []\n')
  expect(await sequitur(['check', folder])).toMatchObject({
    code: 2,
    stdout: expect.stringContaining('"duplicate-list"'),
  })
}, 60_000)

test('a rule that names a list which nobody made is stored with a warning, at its line', async () => {
  const { app } = await startFakeApi()
  onTestFinished(() => app.close())
  const headers = { 'content-type': 'application/yaml' }
  const payload = `${RULE.replace('rule: listed', 'rule: first')}---\n${RULE}`
  const validate = () => call(app, { method: 'POST', url: '/v1/rules:validate', headers, payload })
  const lists = (entries: ReadonlyArray<{ readonly code: string }>) =>
    entries.filter(({ code }) => code === 'unknown-list')
  const { body } = await validate()
  expect(body.valid).toBe(true)
  expect(lists(body.errors)).toMatchObject([
    { severity: 'warning', line: 5 },
    { severity: 'warning', line: 15, length: 7 },
  ])
  await call(app, {
    method: 'POST',
    url: '/v1/lists/bloked/values',
    headers: { 'content-type': 'text/plain' },
    payload: 'x',
  })
  const put = await call(app, { method: 'PUT', url: '/v1/rules/listed', headers, payload: RULE })
  expect(lists(put.body.warnings)).toMatchObject([{ hint: 'did you mean `bloked`?' }])
  await call(app, {
    method: 'PUT',
    url: '/v1/lists/blocked',
    headers,
    payload: 'list: blocked\nvalues: []\n',
  })
  expect(lists((await validate()).body.errors)).toEqual([])
})

const call = async (app: Awaited<ReturnType<typeof startFakeApi>>['app'], request: object) => {
  const answer = await app.inject(request)
  return { status: answer.statusCode, body: answer.json(), etag: String(answer.headers['etag']) }
}

test('lists are changed by revision; what cannot be read changes nothing', async () => {
  const { app } = await startFakeApi()
  onTestFinished(() => app.close())
  const url = '/v1/lists/blocked'
  const yaml = { 'content-type': 'application/yaml' }
  const text = 'list: blocked\nvalues: [a, { value: b, until: "2025-12-31", why: old }]\n'
  const made = await call(app, { method: 'PUT', url, headers: yaml, payload: text })
  expect(made).toMatchObject({ status: 200, body: { change: 'created', version: 1, count: 2 } })
  expect(await call(app, { method: 'PUT', url, headers: yaml, payload: text })).toMatchObject({ status: 428 })
  const same = { ...yaml, 'if-match': made.etag }
  expect((await call(app, { method: 'PUT', url, headers: same, payload: text })).body.change).toBe(
    'unchanged',
  )
  const other = text.replace('a,', 'z,')
  expect((await call(app, { method: 'PUT', url, headers: same, payload: other })).body.version).toBe(2)
  expect(await call(app, { method: 'PUT', url, headers: same, payload: text })).toMatchObject({
    status: 412,
    body: { code: 'changed-meanwhile' },
  })
  const values = `${url}/values`
  const lines = { 'content-type': 'application/x-ndjson' }
  const wrong = await call(app, {
    method: 'POST',
    url: values,
    headers: lines,
    payload: '"c"\n{"value":[]}\n7',
  })
  expect(wrong).toMatchObject({ status: 422, body: { errors: [{ code: 'import-not-readable', line: 2 }] } })
  const many = Array.from({ length: 10_001 }, (_, index) => `v${index}`).join('\n')
  const plain = { 'content-type': 'text/plain' }
  expect(await call(app, { method: 'POST', url: values, headers: plain, payload: many })).toMatchObject({
    status: 422,
    body: { errors: [{ code: 'list-too-large' }] },
  })
  const dry = await call(app, { method: 'POST', url: `${values}?dryRun=true`, headers: plain, payload: 'c' })
  expect(dry.body).toMatchObject({ count: 3, dryRun: true })
  expect((await call(app, { method: 'GET', url })).body).toMatchObject({
    version: 2,
    values: [{ value: 'z' }, { value: 'b', expired: true, why: 'old' }],
  })
  expect(await call(app, { method: 'DELETE', url: `${url}?force=true` })).toMatchObject({ status: 200 })
  expect(await call(app, { method: 'GET', url })).toMatchObject({
    status: 404,
    body: { code: 'list-not-found' },
  })
  const again = await call(app, { method: 'POST', url: values, headers: plain, payload: 'c' })
  expect(again.body).toMatchObject({ change: 'created', version: 4 })
})

test('removing a list names the rules that look values up in it', async () => {
  const { app } = await startFakeApi()
  onTestFinished(() => app.close())
  const yaml = { 'content-type': 'application/yaml' }
  const put = (url: string, payload: string) => call(app, { method: 'PUT', url, headers: yaml, payload })
  const rule = (id: string, list: string) => `rule: ${id}
by: user
events: { A: 'events.a where $in_list("${list}", card)', B: events.blocked }
pattern: A followed by B within 5 minutes
`
  await put('/v1/lists/blocked', 'list: blocked\nvalues: [a]\n')
  await put('/v1/lists/other', 'list: other\nvalues: [a]\n')
  await put('/v1/rules/reads', rule('reads', 'blocked'))
  await put('/v1/rules/names-it-only', rule('names-it-only', 'other'))
  const warned = [
    { code: 'list-in-use', message: expect.stringMatching(/^the rule reads looks values up in /) },
  ]
  for (const query of ['force=true&dryRun=true', 'force=true'])
    expect(await call(app, { method: 'DELETE', url: `/v1/lists/blocked?${query}` })).toMatchObject({
      status: 200,
      body: { change: 'removed', warnings: warned },
    })
  expect((await put('/v1/lists/unused', 'list: unused\nvalues: [a]\n')).body.change).toBe('created')
  const quiet = await call(app, { method: 'DELETE', url: '/v1/lists/unused?force=true' })
  expect(quiet.body).not.toHaveProperty('warnings')
})

test('a silence needs something to match, an end, and a reason', async () => {
  const { app } = await startFakeApi()
  onTestFinished(() => app.close())
  const add = (body: object) => call(app, { method: 'POST', url: '/v1/silences', payload: body })
  const whole = { match: { rule: 'r' }, until: '2h', why: 'known' }
  expect(await add({ ...whole, match: {} })).toMatchObject({ status: 400 })
  expect(await add({ ...whole, until: 'soon' })).toMatchObject({ body: { code: 'time-not-readable' } })
  expect(await add({ ...whole, until: '2020-01-01' })).toMatchObject({
    status: 422,
    body: { code: 'silence-ends-before-it-begins' },
  })
  expect(await add({ ...whole, until: '400 days' })).toMatchObject({ body: { code: 'silence-too-long' } })
  const { status, body, etag } = await add(whole)
  expect([status, body]).toMatchObject([
    201,
    { state: 'active', from: '2026-01-01T00:00:00.000Z', until: '2026-01-01T02:00:00.000Z' },
  ])
  const end = (headers: object) => call(app, { method: 'POST', url: `/v1/silences/${body.id}/end`, headers })
  expect(await end({ 'if-match': '"77"' })).toMatchObject({ status: 412 })
  expect(await end({ 'if-match': etag })).toMatchObject({ status: 200, body: { state: 'ended' } })
  expect((await call(app, { method: 'GET', url: '/v1/silences?state=active' })).body).toEqual({
    silences: [],
  })
})
