import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstream } from '@nats-io/jetstream'
import { expect, onTestFinished, test } from 'vitest'
import { connectBroker } from '../../src/service/broker/index.ts'
import { type RunningService, serve, silentLog } from '../../src/service/index.ts'
import { readStream } from '../../src/service/stream-page.ts'
import { defaultConfig } from '../support/api.ts'
import { sequitur } from '../support/processes.ts'
import { startReceiver } from '../support/webhook-receiver.ts'

const CANARY = 'canary-7f3a9'
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const BASE = Date.parse('2026-03-01T10:00:00Z')

/** One of every kind of matcher, of every kind of alert, and one that knows the events under another key. */
const RULES: Readonly<Record<string, string>> = {
  pair: `
events: { A: events.a, B: events.b where amount = $A.amount }
pattern: A followed by B within 30 minutes
alert: { message: "{{ $key }} did it", evidence: { who: $A.user, card: $A.card }, includeEvents: true }`,
  count: `
events: { A: events.a }
pattern: at least 3 A within 1 hour
suppress: { for: 10 hours, by: "$A.card[0]" }
alert: { evidence: { users: $A.user } }`,
  chain: `
events: { A: events.a, B: events.b, C: events.c }
pattern: A followed by B followed by C within 20 hours
suppress: false`,
  quiet: `
events: { A: events.a, C: events.c }
pattern: A followed by no C for 15 minutes
alert: { message: "nothing of {{ $key }}" }`,
  subject: `
events: { O: events.of.*, B: events.b }
pattern: O followed by B within 20 hours`,
  excepted: `
events: { B: events.b }
pattern: B
except: [{ name: always, why: to see one, when: "true" }]
alert: { message: "{{ $key }}" }`,
}

const ruleText = (id: string, by: string, status = 'live'): string =>
  `rule: ${id}\nby: ${by}\nstatus: ${status}\n${(RULES[id.replace(/-.*/, '')] ?? '').trim()}\n`

interface Instance {
  readonly service: RunningService
  readonly call: (path: string, init?: RequestInit) => Promise<Response>
  readonly send: (events: readonly unknown[]) => Promise<void>
  /** All partitions have passed what was sent, and what they made of it is in the alert log. */
  readonly settled: () => Promise<void>
  /** Everything in the alert log but markers: sequence, headers that number it, subject, body. */
  readonly log: () => Promise<readonly Emitted[]>
  /** The same with what `settled` sent. */
  readonly logged: () => Promise<readonly Emitted[]>
}

interface Emitted {
  readonly partition: string
  readonly number: string
  readonly subject: string
  readonly body: string
}

async function start(folder: string): Promise<Instance> {
  const service = await serve(
    defaultConfig({
      dataDir: join(folder, 'data'),
      nats: { embedded: { port: 0 } },
      http: { port: 0, workerPort: 0 },
      partitions: 2,
      sources: [{ subject: 'events.>', timestamp: 'at', lateness: '1h' }],
      webhooks: {
        allow: ['http://127.0.0.1:*'],
        allowAddresses: ['127.0.0.1/32'],
        secrets: [{ name: 'main', secret: SECRET }],
        retryFirst: '10ms',
        retryMax: '10ms',
        attemptsMax: 1,
      },
    }),
    { log: silentLog },
  )
  const call = (path: string, init: RequestInit = {}) => fetch(service.url + path, init)
  const post = async (event: unknown): Promise<void> => {
    const answer = await call('/v1/events', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
    })
    expect(answer.status, await answer.clone().text()).toBe(200)
  }
  const logged = async (): Promise<readonly Emitted[]> => {
    const broker = await connectBroker({ url: service.natsUrl, name: 'test' })
    const found: Emitted[] = []
    await readStream(broker.connection, { stream: 'ALERTS', from: 1, max: 100_000 }, (message) => {
      const number = message.headers?.get('Sequitur-Number') ?? ''
      const partition = message.headers?.get('Sequitur-Partition') ?? ''
      if (number !== '') found.push({ partition, number, subject: message.subject, body: message.string() })
      return true
    })
    await broker.close()
    return found
  }
  /** A late event comes out behind everything that its partition made before; which partition's it is, its place decides. */
  const settled = async (): Promise<void> => {
    const round = randomUUID()
    await expect
      .poll(
        async () => {
          await post({
            subject: 'events.z',
            data: { user: 'zed', round, at: new Date(BASE - 7_200_000).toISOString() },
          })
          const mine = (await logged()).filter(({ body }) => body.includes(round))
          return new Set(mine.map(({ partition }) => partition)).size
        },
        { timeout: 60_000 },
      )
      .toBe(2)
  }
  return {
    service,
    call,
    settled,
    send: async (events) => {
      for (const event of events) await post(event)
      await settled()
    },
    logged,
    log: async () => (await logged()).filter(({ body }) => !body.includes('zed')),
  }
}

const event = (kind: string, minute: number, user: string, rest: Readonly<Record<string, unknown>> = {}) => ({
  subject: `events.${kind}`,
  id: `${kind}-${minute}-${user}`,
  data: {
    user,
    card: `card-of-${user}`,
    amount: 5,
    at: new Date(BASE + minute * 60_000).toISOString(),
    ...rest,
  },
})

/** What a user does; `other` does the same. */
const story = (user: string) => [
  event('a', 0, user),
  event('b', 5, user),
  event('a', 6, user),
  event('a', 7, user),
  event('b', 8, user),
  event('a', 40, user),
]

async function setUp(instance: Instance): Promise<void> {
  const { call, send } = instance
  for (const [id, by, status] of [
    ['pair', 'user', 'live'],
    ['pair-card', 'card', 'live'],
    ['pair-shadow', 'user', 'shadow'],
    ['count', 'user', 'live'],
    ['chain', 'user', 'live'],
    ['chain-card', 'card', 'live'],
    ['quiet', 'user', 'live'],
    ['excepted', 'user', 'live'],
    ['subject', 'user', 'live'],
  ] as const) {
    const answer = await call(`/v1/rules/${id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/yaml' },
      body: ruleText(id, by, status),
    })
    expect(answer.status, await answer.text()).toBe(201)
  }
  const users = ['ada', CANARY, 'bob']
  await send(story('ada').flatMap((own, index) => [own, ...users.slice(1).map((user) => story(user)[index])]))
  // Lets everything before minute 60 through, and leaves what comes now waiting.
  await send([event('x', 120, 'ada'), event('c', 90, CANARY), event('c', 91, 'ada')])
  // Late, no event, and no JSON.
  await send([event('a', 1, CANARY, { at: new Date(BASE - 3_600_000).toISOString(), id: 'late' })])
  await send([{ subject: 'events.a', id: 'dead', data: { user: CANARY, at: 'never' } }])
  const broker = await connectBroker({ url: instance.service.natsUrl, name: 'test' })
  const client = jetstream(broker.connection)
  await client.publish('events.a', `{"user":"${CANARY}",`)
  await client.publish(`events.of.${CANARY}`, JSON.stringify(event('a', 95, CANARY).data))
  await broker.close()
  await instance.settled()
}

const filesWith = (folder: string, text: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((file) => readFileSync(file).includes(text))

const erase = async ({ call }: Instance, query = ''): Promise<ErasureView> => {
  const asked = await call(`/v1/erasures${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key: CANARY, reason: 'asked to be forgotten' }),
  })
  expect(asked.status, await asked.clone().text()).toBe(202)
  const location = asked.headers.get('location') ?? ''
  const read = async (): Promise<ErasureView> => (await call(location)).json() as Promise<ErasureView>
  await expect
    .poll(async () => (await read()).places.every(({ done }) => done), { timeout: 60_000 })
    .toBe(true)
  return read()
}

interface ErasureView {
  readonly id: string
  readonly state: string
  readonly keyHash: string
  readonly places: ReadonlyArray<{
    readonly place: string
    readonly done: boolean
    readonly found?: Readonly<Record<string, number>>
  }>
}

const found = ({ places }: ErasureView): Readonly<Record<string, number>> => {
  const sum: Record<string, number> = {}
  for (const place of places)
    for (const [name, count] of Object.entries(place.found ?? {})) sum[name] = (sum[name] ?? 0) + count
  return sum
}

const isOthers = ({ subject, body }: Emitted): boolean => !body.includes(CANARY) && subject !== ''

test('a key is erased from every file, and nobody else notices', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sequitur-erasure-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const receiver = await startReceiver(() => 500)
  let instance = await start(folder)
  onTestFinished(() => instance.service.stop())
  const { call } = instance
  const hook = await call('/v1/webhooks/crm', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: receiver.url, secret: 'main' }),
  })
  expect(hook.status, await hook.clone().text()).toBe(200)
  await setUp(instance)
  const before = await instance.log()
  const kinds = new Set(
    before
      .filter(({ body }) => body.includes(CANARY))
      .map(({ subject }) =>
        subject
          .replace(/\..*/, '')
          .concat(subject.startsWith('sequitur') ? subject.replace(/^sequitur|\.\d+$/g, '') : ''),
      ),
  )
  expect([...kinds].sort()).toEqual(['alerts', 'sequitur.dead-letter', 'sequitur.late', 'shadow', 'withheld'])
  const mine = (await (await call(`/v1/alerts?key=${CANARY}`)).json()) as {
    alerts: ReadonlyArray<{ sequence: number }>
  }
  for (const { sequence } of mine.alerts) {
    const answer = await call(`/v1/alerts/${sequence}/acknowledge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ note: `${CANARY} called` }),
    })
    expect(answer.status, await answer.text()).toBe(200)
  }
  await expect
    .poll(
      async () =>
        ((await (await call('/v1/webhooks/crm/dead-letters')).json()) as { deadLetters: unknown[] })
          .deadLetters.length,
      {
        timeout: 60_000,
      },
    )
    .toBe(before.filter(({ subject }) => subject.startsWith('alerts.')).length)

  const shown = await sequitur(
    ['erase', CANARY, '--reason', 'to see', '--dry-run', '-o', 'json', '--server', instance.service.url],
    { cwd: folder },
  )
  expect([shown.code, shown.stderr]).toEqual([0, expect.stringContaining('nothing was erased')])
  expect(JSON.parse(shown.stdout)).toContainEqual({
    place: 'input log',
    done: true,
    found: { events: expect.any(Number) },
  })
  const dry = await erase(instance, '?dryRun=true')
  expect(await instance.log()).toEqual(before)
  for (const [name, count] of Object.entries(found(dry))) expect([name, count > 0]).toEqual([name, true])
  const done = await erase(instance)
  const { outboxEffects = 0, ...rest } = found(done)
  expect(rest).toEqual(found(dry))
  expect(outboxEffects).toBeGreaterThan(0)
  expect(done.keyHash).toBe(dry.keyHash)
  expect(JSON.stringify(done)).not.toContain(CANARY)
  expect(await instance.log()).toEqual(before.filter((emitted) => isOthers(emitted)))
  const audit = await (await call('/v1/audit')).text()
  expect(audit).toContain(done.keyHash)
  expect(audit).not.toContain(CANARY)

  await instance.service.stop()
  expect(filesWith(folder, 'card-of-ada').length).toBeGreaterThan(0)
  expect(filesWith(folder, CANARY)).toEqual([])

  // The whole log is read again, without a checkpoint: what is out already stays out, and what comes next is numbered on.
  rmSync(join(folder, 'data/checkpoint'), { recursive: true })
  instance = await start(folder)
  await instance.send([event('y', 119, 'ada')])
  expect(await instance.log()).toEqual(before.filter((emitted) => isOthers(emitted)))
  await instance.send([event('x', 300, 'ada')])
  const after = (await instance.log()).slice(before.filter((emitted) => isOthers(emitted)).length)
  expect(after.map(({ body }) => JSON.parse(body).data.rule).sort()).toEqual(['chain', 'chain-card'])
  const last = new Map<string, number>()
  for (const { partition, number } of await instance.logged()) {
    expect(Number(number)).toBeGreaterThan(last.get(partition) ?? 0)
    last.set(partition, Number(number))
  }

  // A replay is given what stands for the erased events, too: time goes on as it went.
  const started = await instance.call('/v1/replays', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      rules: ['pair', 'pair-card', 'count', 'chain', 'chain-card', 'quiet'].map((id) => ({ id })),
      against: 'live',
      wholeLog: true,
    }),
  })
  expect(started.status, await started.clone().text()).toBe(202)
  const replay = async () =>
    (await (await instance.call(started.headers.get('location') ?? '')).json()) as {
      state: string
      result?: { difference?: unknown }
    }
  await expect.poll(async () => (await replay()).state, { timeout: 60_000 }).toBe('done')
  expect((await replay()).result?.difference).toMatchObject({ onlyOld: { count: 0 }, onlyNew: { count: 0 } })
  await instance.service.stop()
  expect(filesWith(folder, CANARY)).toEqual([])
}, 240_000)
