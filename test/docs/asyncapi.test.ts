import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { ALERT_SUBJECTS } from '../../src/service/broker/index.ts'
import { subjectMatches } from '../../src/service/subjects.ts'
import { WEBHOOK_DEAD_LETTER_SUBJECTS } from '../../src/service/webhooks/index.ts'
import { startService } from '../support/processes.ts'

const folder = join(import.meta.dirname, '../../docs/reference')
const document = parse(readFileSync(join(folder, 'asyncapi.yaml'), 'utf8'))

interface Channel {
  readonly address: string
  readonly 'x-stream'?: string
}
const channels = Object.values<Channel>(document.channels)
const addresses = channels.map(({ address }) => address).filter((address) => address !== '{subject}')
/** An address with every parameter filled in. */
const filled = (address: string): string => address.replace(/\{\w+\}/g, 'x')
/** The addresses as filters; an alert's id is three tokens. */
const filters = addresses.map((address) =>
  address
    .replace('{id}', '*.*.*')
    .replace(/partition-\{\w+\}/, '*')
    .replace(/\{\w+\}/g, '*'),
)

test('every subject of the alert log has its channel, and every channel of it stands in it', () => {
  const subjects = [...ALERT_SUBJECTS, ...WEBHOOK_DEAD_LETTER_SUBJECTS]
  const written = addresses.map(filled)
  for (const filter of subjects)
    expect(
      written.some((subject) => subjectMatches(filter, subject)),
      filter,
    ).toBe(true)
  const ofLogs = channels.filter(({ 'x-stream': stream }) => stream === 'ALERTS' || /DEAD/.test(stream ?? ''))
  expect(ofLogs.length).toBeGreaterThan(7)
  for (const { address } of ofLogs)
    expect(
      subjects.some((filter) => subjectMatches(filter, filled(address))),
      address,
    ).toBe(true)
})

test('the guide to operating names every stream and every bucket', () => {
  const guide = readFileSync(join(folder, '../guides/operating.md'), 'utf8')
  for (const { 'x-stream': stream } of channels)
    if (stream !== undefined) expect(guide).toContain(`\`${stream.replace('KV_', '')}\``)
})

/** What is no subject: attributes of spans, and names of files. */
const NO_SUBJECT = /^sequitur\.(rule|severity|mode|partition|ya?ml|json|pid|event)$|^sequitur\.rule\.version$/

test('every subject and every bucket in the sources has its channel, and every channel is in the sources', () => {
  const sources = ['engine', 'service'].flatMap((part) => {
    const root = join(import.meta.dirname, '../../src', part)
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => readFileSync(join(root, file), 'utf8'))
  })
  const found = (pattern: RegExp): readonly string[] => [
    ...new Set(sources.flatMap((text) => [...text.matchAll(pattern)].map(([, name = '']) => name))),
  ]
  const subjects = found(/['`](sequitur\.[a-z][a-z0-9.$>*{}-]*)/g).filter((name) => !NO_SUBJECT.test(name))
  expect(subjects.length).toBeGreaterThan(10)
  // `sequitur.late.${…}`, `sequitur.late.>` and `sequitur.late.` are one.
  const stems = subjects.map((subject) => subject.replace(/(\$\{.*|[>*])$/, ''))
  const stemsOfAddresses = addresses.map((address) => address.replace(/\{.*$/, ''))
  for (const stem of stems)
    expect(
      stemsOfAddresses.some(
        (address) => address === stem || (stem.endsWith('.') && address.startsWith(stem)),
      ),
      stem,
    ).toBe(true)
  for (const stem of stemsOfAddresses.filter((address) => address.startsWith('sequitur.')))
    expect(stems, stem).toContain(stem)
  const buckets = found(/'(SEQUITUR_[A-Z_]+)'/g).filter((name) =>
    sources.some((text) => new RegExp(`(BUCKET|bucket)\\S*\\s*[=:]\\s*'${name}'`).test(text)),
  )
  expect(buckets.sort()).toEqual(
    addresses.flatMap((address) => /^\$KV\.(\w+)\./.exec(address)?.[1] ?? []).sort(),
  )
})

const RULE = `rule: pair
status: live
by: user
events: { A: events.a, B: events.b }
pattern: A followed by B within 5 minutes
`

test('whatever a service has stored after a day of work has its channel, in its stream', async () => {
  const service = await startService()
  const send = async (method: string, path: string, body?: unknown) => {
    const text = typeof body === 'string'
    const answer = await fetch(`${service.url}/v1/${path}`, {
      method,
      ...(body === undefined ? {} : { body: text ? body : JSON.stringify(body) }),
      headers: { 'content-type': text ? 'application/yaml' : 'application/json' },
    })
    expect(answer.status, path).toBeLessThan(300)
  }
  await send('PUT', 'rules/pair', RULE)
  await send('PUT', 'lists/cards', 'list: cards\nvalues: [c]\n')
  await send('POST', 'silences', { match: { key: 'quiet' }, until: '1h', why: 'w' })
  for (const user of ['ada', 'quiet'])
    for (const subject of ['events.a', 'events.b']) await send('POST', 'events', { subject, data: { user } })
  await send('POST', 'events', { subject: 'events.a', data: { user: 'late' }, time: '2020-01-01T00:00:00Z' })
  const alerts = async () => {
    const answer = await fetch(`${service.url}/v1/alerts`)
    return ((await answer.json()) as { alerts: ReadonlyArray<{ alert: { id: string } }> }).alerts
  }
  await expect.poll(async () => (await alerts()).length, { timeout: 20_000 }).toBe(1)
  await send('POST', `alerts/${(await alerts())[0]?.alert.id}/acknowledge`, {})

  const connection = await connect({ servers: service.nats })
  onTestFinished(() => connection.close())
  const manager = await jetstreamManager(connection)
  const stored: string[] = []
  for (const name of await manager.streams.names().next()) {
    const { state } = await manager.streams.info(name, { subjects_filter: '>' })
    stored.push(...Object.keys(state.subjects ?? {}).map((subject) => `${name} ${subject}`))
  }
  expect(stored.length).toBeGreaterThan(12)
  const described = channels.flatMap(({ address, 'x-stream': stream }) =>
    address === '{subject}' ? [] : [[stream, filters[addresses.indexOf(address)] ?? ''] as const],
  )
  for (const line of stored) {
    const [stream, subject = ''] = line.split(' ')
    if (stream === 'SEQUITUR_INPUT' && subject.startsWith('events.')) continue
    expect(
      described.some(([at, filter]) => at === stream && subjectMatches(filter, subject)),
      line,
    ).toBe(true)
  }
}, 60_000)

test('every reference leads somewhere', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
    ([, target = '']) => target,
  )
  expect(references.length).toBeGreaterThan(20)
  for (const target of references) {
    if (!target.startsWith('#')) expect(existsSync(join(folder, target)), target).toBe(true)
    else {
      let node: unknown = document
      for (const name of target.slice(2).split('/'))
        node = (node as Record<string, unknown> | undefined)?.[name]
      expect(node, target).toBeDefined()
    }
  }
})

test('every channel has an operation', () => {
  const used = Object.values<{ channel: { $ref: string } }>(document.operations).map(({ channel }) =>
    channel.$ref.replace('#/channels/', ''),
  )
  expect(used.sort()).toEqual(Object.keys(document.channels).sort())
})
