import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { jetstream } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { expect, onTestFinished, test } from 'vitest'
import {
  processesWith,
  type Service,
  sequitur,
  startProcess,
  startSequitur,
  startService,
  temporaryFolder,
} from '../support/processes.ts'

const hello = (within: string): string => `rule: hello
status: live
by: user
events:
  A: events.a
  B: events.b
pattern: A followed by B within ${within}
suppress: false
alert: { message: "{{ $key }} did A, then B" }
`

async function natsOf(service: Service): Promise<NatsConnection> {
  const connection = await connect({ servers: service.nats })
  onTestFinished(() => connection.close())
  return connection
}

/** Alerts as `nats sub 'alerts.>'` sees them. */
function subscribe(connection: NatsConnection) {
  const messages = connection.subscribe('alerts.>')[Symbol.asyncIterator]()
  return async () => {
    const { value } = await messages.next()
    return { subject: value.subject as string, alert: value.json() }
  }
}

const put = (service: Service, text: string, headers: Record<string, string> = {}) =>
  fetch(`${service.url}/v1/rules/hello`, {
    method: 'PUT',
    headers: { 'content-type': 'application/yaml', ...headers },
    body: text,
  })

interface Answer {
  readonly activation?: { readonly state: string }
  readonly errors?: readonly unknown[]
}
const bodyOf = (response: Response): Promise<Answer> => response.json() as Promise<Answer>

test('a rule sent by PUT alerts, changes and goes without a restart', async () => {
  const service = await startService()
  const connection = await natsOf(service)
  const client = jetstream(connection)
  const nextAlert = subscribe(connection)
  const send = (subject: string, user: string) => client.publish(subject, JSON.stringify({ user }))

  const created = await put(service, hello('5 minutes'))
  expect([created.status, (await bodyOf(created)).activation?.state]).toEqual([201, 'active'])
  await send('events.a', 'ada')
  await send('events.b', 'ada')
  const { subject, alert } = await nextAlert()
  expect(subject).toMatch(/^alerts\.[a-z]+\.hello\.[a-z]+$/)
  expect(alert).toMatchObject({
    specversion: '1.0',
    subject: 'ada',
    data: { rule: 'hello', version: 1, message: 'ada did A, then B' },
  })

  // A broken edit is refused with everything that is wrong in it, and what runs goes on running.
  const broken = await put(service, hello('5 minuts').replace('by: user', 'by: user\nstatsu: x'), {
    'if-match': created.headers.get('etag') ?? '',
  })
  const problem = await bodyOf(broken)
  expect(broken.status).toBe(422)
  expect(broken.headers.get('content-type')).toContain('application/problem+json')
  expect(problem.errors).toHaveLength(2)
  for (const error of problem.errors ?? [])
    expect(error).toMatchObject({
      code: expect.any(String),
      message: expect.any(String),
      hint: expect.any(String),
      line: expect.any(Number),
      column: expect.any(Number),
    })
  await send('events.a', 'bob')
  await send('events.b', 'bob')
  expect((await nextAlert()).alert).toMatchObject({ subject: 'bob', data: { version: 1 } })

  // An edit takes effect.
  const edited = await put(service, hello('5 minutes').replace('did A, then B', 'went from A to B'), {
    'if-match': created.headers.get('etag') ?? '',
  })
  expect([edited.status, (await bodyOf(edited)).activation?.state]).toEqual([200, 'active'])
  await send('events.a', 'cleo')
  await send('events.b', 'cleo')
  expect((await nextAlert()).alert).toMatchObject({ data: { version: 2, message: 'cleo went from A to B' } })

  // So does a delete: only the rule that is left alerts.
  const other = await fetch(`${service.url}/v1/rules/other`, {
    method: 'PUT',
    headers: { 'content-type': 'application/yaml' },
    body: hello('5 minutes').replace('rule: hello', 'rule: other'),
  })
  expect(other.status).toBe(201)
  expect((await sequitur(['delete', 'rule', 'hello', '--server', service.url])).code).toBe(0)
  await send('events.a', 'dan')
  await send('events.b', 'dan')
  expect((await nextAlert()).alert).toMatchObject({ data: { rule: 'other' } })

  const stopped = await service.running.stop('SIGINT')
  expect(stopped.code).toBe(0)
  expect(await processesWith(service.folder)).toEqual([])
}, 60_000)

test('the command line sends, shows and removes rules, and follows alerts', async () => {
  const service = await startService()
  const options = { cwd: service.folder, environment: { SEQUITUR_URL: service.url } }
  mkdirSync(join(service.folder, 'rules'))
  writeFileSync(join(service.folder, 'rules/hello.yaml'), `# kept\n${hello('5 minutes')}`)
  const other = {
    ...JSON.parse(JSON.stringify({ rule: 'other', by: 'user', events: { A: 'events.a', B: 'events.b' } })),
    pattern: 'A followed by B within 1 minute',
  }
  writeFileSync(join(service.folder, 'rules/other.json'), JSON.stringify(other, null, 2))
  const rowsOf = (text: string) =>
    text
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))

  const dry = await sequitur(['apply', '-f', 'rules', '--dry-run'], options)
  expect([dry.code, dry.stderr]).toEqual([
    0,
    expect.stringContaining('2 rules would change; nothing was stored'),
  ])
  expect(rowsOf((await sequitur(['get', 'rules'], options)).stdout)).toEqual([])
  const applied = await sequitur(['apply', '-f', 'rules'], options)
  expect(rowsOf(applied.stdout)).toMatchObject([
    { id: 'hello', change: 'created', version: 1 },
    { id: 'other', change: 'created', version: 1 },
  ])
  const again = await sequitur(['apply', '-f', 'rules'], options)
  expect(rowsOf(again.stdout).map(({ change }) => change)).toEqual(['unchanged', 'unchanged'])
  const listed = await sequitur(['get', 'rules', '-o', 'table'], options)
  expect(listed.stdout).toMatch(/^RULE +STATUS +SEVERITY +VERSION +TITLE\nhello +live/)
  // The text comes back as it was written.
  expect((await sequitur(['get', 'rule', 'hello'], options)).stdout).toBe(`# kept\n${hello('5 minutes')}`)
  expect(await sequitur(['get', 'rule', 'none'], options)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('rule-not-found'),
  })

  const tail = startSequitur(['tail', 'alerts', '-n', '1'], options)
  const events = startSequitur(['tail', 'events', '--subject', 'events.>', '-n', '2'], options)
  await Promise.all([tail.until(/Connected/), events.until(/Connected/)])
  const client = jetstream(await natsOf(service))
  // The stream has told where it begins before the first event goes in.
  let sent = 0
  const repeat = setInterval(() => {
    sent += 1
    void client.publish('events.a', JSON.stringify({ user: `u${sent}` }))
    void client.publish('events.b', JSON.stringify({ user: `u${sent}` }))
  }, 200)
  const tailed = await tail.ended
  const seen = await events.ended
  clearInterval(repeat)
  expect(tailed.code).toBe(0)
  expect(rowsOf(tailed.stdout)).toMatchObject([{ alert: { data: { rule: 'hello' } } }])
  expect(rowsOf(seen.stdout)).toMatchObject([{ data: { user: expect.any(String) } }, { data: {} }])
  const alerts = await sequitur(['get', 'alerts', '--rule', 'hello', '-n', '1'], options)
  expect(rowsOf(alerts.stdout)).toMatchObject([{ subject: expect.stringMatching(/^alerts\./) }])
  expect((await sequitur(['get', 'alerts', '-n', '1', '-o', 'table'], options)).stdout).toMatch(
    /did A, then B/,
  )

  const setStatus = await sequitur(['set', 'status', 'hello', 'disabled', '--reason', 'quiet'], options)
  expect([setStatus.code, rowsOf(setStatus.stdout)]).toMatchObject([
    0,
    [{ id: 'hello', change: 'updated', status: 'disabled', activation: 'active' }],
  ])
  const versions = rowsOf((await sequitur(['get', 'versions', 'hello'], options)).stdout)
  expect(versions[0]).toMatchObject({ status: 'disabled', reason: 'quiet' })
  const before = `hello@${String(versions[1]?.['version'])}`
  const restored = await sequitur(['restore', before, '-o', 'table'], options)
  expect([restored.code, restored.stderr]).toMatchObject([
    0,
    expect.stringMatching(/^hello: version \d+ in force$/m),
  ])
  expect(await sequitur(['restore', 'hello@99'], options)).toMatchObject({ code: 1 })
  expect(await sequitur(['restore', 'hello'], options)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('write RULE@VERSION'),
  })

  // A silence for a rule that is misspelt holds nothing back at night.
  const silence = await sequitur(['silence', 'add', '--rule', 'helo', '--until', '1h', '--why', 'w'], options)
  expect([silence.code, silence.stderr]).toEqual([
    0,
    expect.stringContaining('there is no rule helo (did you mean hello?)'),
  ])
  expect(await sequitur(['list', 'add', 'cards', 'c1'], options)).toMatchObject({ code: 0 })
  expect(rowsOf((await sequitur(['delete', 'list', 'cards'], options)).stdout)).toMatchObject([
    { list: 'cards', change: 'removed' },
  ])
  const wrong = await sequitur(['list', 'ls'], options)
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringContaining('(sequitur list --help lists the commands)'),
  ])

  // A subject that is misspelt alerts nobody, ever: only the service can tell, and only the file says where.
  const astray = hello('5 minutes').replace('events.b', 'event.b').replace('rule: hello', 'rule: astray')
  writeFileSync(join(service.folder, 'astray.yaml'), astray.replace('status: live', 'status: shadow'))
  const place = /^astray\.yaml:\d+:\d+ {2}warning subject-not-fed: astray reads event\.b, .*\n.*event\.b/m
  for (const words of [['apply'], ['candidate', 'set']])
    expect(await sequitur([...words, 'astray.yaml'], options)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(place),
    })
  expect(await sequitur(['delete', 'rule', 'astray'], options)).toMatchObject({ code: 0 })

  writeFileSync(join(service.folder, 'rules/hello.yaml'), 'rule: hello\n')
  const refused = await sequitur(['apply', '-f', 'rules'], options)
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('nothing was sent')])
  const pruned = await sequitur(['apply', '-f', 'rules/other.json', '--prune'], options)
  expect(rowsOf(pruned.stdout)).toMatchObject([{ id: 'other' }, { id: 'hello', change: 'removed' }])
  expect(await sequitur(['delete', 'rule', 'other'], options)).toMatchObject({ code: 0 })
  expect(await sequitur(['delete', 'rule', 'other'], options)).toMatchObject({ code: 1 })
  expect(rowsOf((await sequitur(['get', 'rules'], options)).stdout)).toEqual([])
}, 120_000)

test('the data folder is kept over a restart', async () => {
  const first = await startService()
  expect((await put(first, hello('5 minutes'))).status).toBe(201)
  await jetstream(await natsOf(first)).publish('events.a', JSON.stringify({ user: 'ada' }))
  expect((await first.running.stop('SIGTERM')).code).toBe(0)
  const second = await startService({ folder: first.folder })
  const connection = await natsOf(second)
  const nextAlert = subscribe(connection)
  await jetstream(connection).publish('events.b', JSON.stringify({ user: 'ada' }))
  expect((await nextAlert()).alert).toMatchObject({ subject: 'ada', data: { rule: 'hello' } })
}, 60_000)

test('what keeps the service from starting is one clear line and an exit code', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as { readonly port: number }
  const data = join(temporaryFolder(), 'data')
  const lineOf = (text: string): readonly string[] =>
    text.split('\n').filter((line) => line.startsWith('sequitur: '))

  const inUse = await sequitur(['serve', '--port', String(port), '--data-dir', data])
  expect(inUse.code).toBe(1)
  expect(lineOf(inUse.stderr)).toEqual([
    expect.stringContaining(`another process listens on 127.0.0.1:${port}`),
  ])
  taken.close()

  const nowhere = await sequitur(['serve', '--port', '0', '--data-dir', data, '--nats', 'nats://127.0.0.1:1'])
  expect(nowhere.code).toBe(1)
  expect(lineOf(nowhere.stderr)).toEqual([expect.stringContaining('no NATS server answers at')])

  const api = await sequitur(['api', '--port', '0', '--data-dir', data])
  expect([api.code, lineOf(api.stderr).length]).toEqual([1, 1])
}, 60_000)

test('a NATS that refuses, and data of a newer version', async () => {
  const { findNatsServer } = await import('../../src/service/broker/index.ts')
  const server = findNatsServer()
  if (server === undefined) throw new Error('no nats-server')
  const folder = temporaryFolder()
  const broker = startProcess(server.path, [
    '-js',
    '-sd',
    join(folder, 'js'),
    '-p',
    '-1',
    '-a',
    '127.0.0.1',
    '--user',
    'u',
    '--pass',
    'p',
  ])
  const [, port] = await broker.until(/Listening for client connections on 127\.0\.0\.1:(\d+)/)
  const refused = await sequitur([
    'serve',
    '--port',
    '0',
    '--data-dir',
    join(folder, 'a'),
    '--nats',
    `nats://127.0.0.1:${port}`,
  ])
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('sequitur: broker-refused: ')])
  expect(refused.stderr).not.toMatch(/ {4}at .*\.[jt]s:\d/)

  const service = await startService()
  await service.running.stop()
  const { readdirSync } = await import('node:fs')
  const file = readdirSync(join(service.folder, 'data'), { recursive: true, encoding: 'utf8' }).find((name) =>
    /\.(db|sqlite3?)$/.test(name),
  )
  if (file === undefined) throw new Error('no checkpoint file')
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(join(service.folder, 'data', file))
  database.exec('UPDATE meta SET format = 99')
  database.close()
  const newer = await sequitur(['serve', '--port', '0', '--data-dir', join(service.folder, 'data')], {
    environment: { SEQUITUR_NATS_EMBEDDED_PORT: '0' },
  })
  expect([newer.code, newer.stderr]).toEqual([1, expect.stringContaining('sequitur: data-folder-newer: ')])
  expect(await processesWith(service.folder)).toEqual([])
}, 60_000)
