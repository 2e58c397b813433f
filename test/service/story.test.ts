import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Broker,
  connectBroker,
  engineOptions,
  type RunningService,
  serve,
  silentLog,
} from '../../src/service/index.ts'
import { judge, readAlerts, readInput } from '../kill/oracle.ts'
import { defaultConfig } from '../support/api.ts'
import { startTestNats, type TestNats } from '../support/nats.ts'

const folder = mkdtempSync(join(tmpdir(), 'sequitur-story-'))
const EVENTS_PER_ROUND = 50

/** Five small declines, then an approval; the limits of the versions differ. */
const rule = (limit: string, message: string): string => `
rule: card-testing
by: card
events:
  declines: payments.declined where amount <= 5
  approval: payments.approved where amount >= 100
pattern: at least 5 declines followed by approval within ${limit}
suppress: false
alert: { message: "${message}", evidence: { declines: "$count($declines)" } }
tests:
  - name: five, then an approval
    with: { card: c1 }
    events:
      - { at: 0s, subject: payments.declined, data: { amount: 1 }, times: 5, every: 1s }
      - { at: 8s, subject: payments.approved, data: { amount: 250 } }
    expect: { at: 8s }
  - name: four are not enough
    with: { card: c1 }
    events:
      - { at: 0s, subject: payments.declined, data: { amount: 1 }, times: 4, every: 1s }
      - { at: 8s, subject: payments.approved, data: { amount: 250 } }
    expect: none
`

let nats: TestNats
let config: ReturnType<typeof defaultConfig>
let service: RunningService
let broker: Broker
let published = 0
let timer: NodeJS.Timeout | undefined

beforeAll(async () => {
  nats = await startTestNats()
  config = defaultConfig({
    dataDir: join(folder, 'data'),
    nats: { url: nats.url },
    http: { port: 0, workerPort: 0 },
    input: { subjects: ['payments.>'] },
  })
  service = await serve(config, { log: silentLog })
  broker = await connectBroker({ url: nats.url, name: 'story' })
}, 400_000)
afterAll(async () => {
  clearInterval(timer)
  await broker.close()
  await service.stop()
  await nats.end()
  rmSync(folder, { recursive: true, force: true })
})

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the test that knows them
async function call(method: string, path: string, body?: unknown, headers = {}): Promise<any> {
  const isText = typeof body === 'string'
  const answer = await fetch(service.url + path, {
    method,
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    headers: {
      ...(body === undefined ? {} : { 'content-type': isText ? 'application/yaml' : 'application/json' }),
      ...headers,
    },
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return { ...JSON.parse(text), etag: answer.headers.get('etag') ?? '' }
}

const declined = (card: string, amount: number): void =>
  broker.connection.publish('payments.declined', JSON.stringify({ card, amount }))
const approved = (card: string): void =>
  broker.connection.publish('payments.approved', JSON.stringify({ card, amount: 250 }))

/** Five thousand events a second, six for a card; one card in a hundred is tested. As long as the story goes. */
function publish(): void {
  timer = setInterval(() => {
    for (let index = 0; index < EVENTS_PER_ROUND; index += 1, published += 1) {
      const card = Math.floor(published / 6)
      if (published % 6 === 5) approved(`card-${card}`)
      else declined(`card-${card}`, card % 100 === 0 ? 1 : 50)
    }
  }, 10)
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 1_200; tries += 1) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`never: ${what}`)
}

test('a rule from draft to live and back under load, nothing lost or doubled', {
  timeout: 400_000,
}, async () => {
  publish()
  const draft = await call('PUT', '/v1/rules/card-testing', rule('30 minutes', 'first'), {
    'if-none-match': '*',
  })
  expect(draft).toMatchObject({ version: 1, status: 'draft' })
  const tested = await call('POST', '/v1/rules:test', rule('30 minutes', 'first'))
  expect(JSON.stringify(tested)).not.toContain('"passed":false')
  await until('ten thousand events', async () => (published >= 10_000 ? true : undefined))

  // What would it have found?
  const started = await call('POST', '/v1/replays', {
    rules: [{ id: 'card-testing' }],
    since: '7d',
    share: 1,
  })
  const replay = await until('the replay', async () => {
    const now = await call('GET', `/v1/replays/${started.id}`)
    expect(['queued', 'running', 'done']).toContain(now.state)
    return now.state === 'done' ? now : undefined
  })
  expect(replay.result.alerts).toBeGreaterThan(0)

  // On live traffic, where nobody is woken; then for real.
  const alertsOf = async (mode: string): Promise<number> =>
    (await call('GET', `/v1/alerts?rule=card-testing&mode=${mode}&limit=5`)).alerts.length
  await call('POST', '/v1/rules/card-testing:status', { status: 'shadow' })
  await until('a shadow alert', async () => ((await alertsOf('shadow')) > 0 ? true : undefined))
  expect(await alertsOf('live')).toBe(0)
  const live = await call('POST', '/v1/rules/card-testing:status', { status: 'live' })
  await until('an alert', async () => ((await alertsOf('live')) > 0 ? true : undefined))

  // Another text for people: what has begun goes on.
  for (let index = 0; index < 4; index += 1) declined('near', 1)
  await until('what begins', async () => {
    const { matches } = await call('GET', '/v1/rules/card-testing/matches?key=near')
    return matches.length > 0 ? true : undefined
  })
  const other = rule('30 minutes', 'second').replace('by: card', 'status: live\nby: card')
  const dry = await call('PUT', '/v1/rules/card-testing?dryRun=true', other, { 'if-match': live.etag })
  expect(dry.partialMatches).toMatchObject({ dropped: 0 })
  expect(dry.partialMatches.kept).toBeGreaterThan(0)
  const edited = await call('PUT', '/v1/rules/card-testing', other, { 'if-match': live.etag })
  await until('an alert of the new version', async () => {
    const { alerts } = await call('GET', '/v1/alerts?rule=card-testing&limit=1')
    return alerts[0].alert.data.message === 'second' ? true : undefined
  })

  approved('near')

  // A card that was not tested often enough: why was nobody told? Its moment is asked about: the default span holds more than is read.
  const since = new Date().toISOString()
  const decline = ['payments.declined', { card: 'missed', amount: 1 }] as const
  const approval = ['payments.approved', { card: 'missed', amount: 250 }] as const
  // The broker answers each when it is stored.
  await Promise.all(
    [decline, decline, decline, decline, approval].map(([subject, data]) =>
      broker.connection.request(subject, JSON.stringify(data)),
    ),
  )
  const why = await call('POST', '/v1/why', { rule: 'card-testing', key: 'missed', since })
  expect(why.alerts).toEqual([])
  expect(why.nearestMiss).toMatchObject({ kind: 'count' })
  expect(why.nearestMiss.text).toContain('at least 4')

  const back = await call(
    'POST',
    '/v1/rules/card-testing:restore',
    { version: live.version },
    { 'if-match': edited.etag },
  )
  expect(back.version).toBe(edited.version + 1)
  await until('an alert of the first text again', async () => {
    const { alerts } = await call('GET', '/v1/alerts?rule=card-testing&limit=1')
    return alerts[0].alert.data.message === 'first' ? true : undefined
  })

  clearInterval(timer)
  await broker.connection.flush()
  const { state } = await broker.manager.streams.info('SEQUITUR_INPUT')
  const position = await until('the end of the log', async () => {
    const { partitions } = await call('GET', '/v1/status')
    const [{ position, outboxEffects }] = partitions
    return position >= state.last_seq && outboxEffects === 0 ? position : undefined
  })
  const input = (await readInput(broker, config.input.stream)).filter(({ sequence }) => sequence <= position)
  const options = { ...engineOptions(config), rules: [] }
  // What was processed last may still be committed and published; what is lost stays lost.
  const verdict = await until('the last alert', async () => {
    const seen = judge(input, await readAlerts(broker), [position], { options })
    return seen.lost === 0 ? seen : undefined
  })
  expect(published).toBeGreaterThan(10_000)
  expect(verdict).toMatchObject({ lost: 0, duplicated: 0, invented: 0, reordered: 0, unaccounted: 0 })
  expect(verdict.expected).toBeGreaterThan(20)
})
