import { jetstream } from '@nats-io/jetstream'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { AuditLog, memoryAuditStore, openAuditStore } from '../../src/service/audit/index.ts'
import { connectBroker } from '../../src/service/broker/index.ts'
import { createApiKey } from '../../src/service/config/index.ts'
import { NOW, RULE, startFakeApi } from '../support/api.ts'
import { startTestNats, type TestNats } from '../support/nats.ts'
import { sequitur, startService } from '../support/processes.ts'

const entry = (object: string) =>
  ({ actor: 'alice', action: 'putRule', object, outcome: 'done', status: 201 }) as const

describe('in JetStream', () => {
  let nats: TestNats
  beforeAll(async () => {
    nats = await startTestNats()
  })
  afterAll(() => nats.end())

  const open = async () => new AuditLog(await openAuditStore(await nats.connect()), () => NOW)

  test('two writers make one chain, from which nothing can be deleted', async () => {
    const [left, right] = [await open(), await open()]
    const writes = Array.from({ length: 20 }, (_, index) =>
      (index % 2 ? left : right).append(entry(`/${index}`)),
    )
    const numbers = (await Promise.all(writes)).map(({ number }) => number)
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
    expect(await left.verify()).toMatchObject({ valid: true, records: 20 })
    const page = await right.page({ after: 5, limit: 10 })
    expect(page.records.map(({ number }) => number)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
    expect(page.next).toBe(15)
    const { manager } = await nats.connect()
    await expect(manager.streams.deleteMessage('SEQUITUR_AUDIT', 3)).rejects.toThrow()
    await expect(manager.streams.purge('SEQUITUR_AUDIT')).rejects.toThrow()
  })

  test('a record that somebody changed, by putting the stream back, is named', async () => {
    const broker = await nats.connect()
    const texts = (await (await openAuditStore(broker)).read(1, 100)).map(({ text }) => text)
    await broker.manager.streams.delete('SEQUITUR_AUDIT')
    const store = await openAuditStore(broker)
    for (const [index, text] of texts.entries())
      await jetstream(broker.connection).publish(
        'sequitur.audit',
        index === 6 ? text.replace('alice', 'mallory') : text,
      )
    expect(await new AuditLog(store, () => NOW).verify()).toMatchObject({
      valid: false,
      records: 6,
      broken: 7,
    })
  })
})

test.each([
  ['taken out', (texts: string[]) => texts.splice(2, 1)],
  ['swapped', (texts: string[]) => texts.splice(2, 2, texts[3] ?? '', texts[2] ?? '')],
  ['put between', (texts: string[]) => texts.splice(2, 0, texts[1] ?? '')],
  ['no record', (texts: string[]) => texts.splice(2, 1, 'x')],
])('a record that was %s breaks the chain', async (_name, tamper) => {
  const store = memoryAuditStore()
  const log = new AuditLog(store, () => NOW)
  for (const object of ['/a', '/b', '/c', '/d', '/e']) await log.append(entry(object))
  const texts = (await store.read(1, 10)).map(({ text }) => text)
  tamper(texts)
  const other = memoryAuditStore()
  for (const [index, text] of texts.entries()) await other.append(text, index)
  expect(await new AuditLog(other, () => NOW).verify()).toMatchObject({ valid: false, broken: 3 })
})

describe('over REST', () => {
  test('changes and refusals are recorded: who, what, why, and the versions', async () => {
    const [author, operator] = [createApiKey('ann'), createApiKey('root')]
    const apiKeys = [
      { id: 'ann', hash: author.hash, role: 'author', namespaces: ['default'] },
      { id: 'root', hash: operator.hash, role: 'operator' },
    ]
    const { app } = await startFakeApi({ config: { auth: { apiKeys } } })
    const put = (key: string, query: string, payload = RULE) =>
      app.inject({
        method: 'PUT',
        url: `/v1/rules/hello${query}`,
        payload,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/yaml' },
      })
    await put(author.key, '?reason=first')
    await put(author.key, '?dryRun=true&force=true', `${RULE}severity: high\n`)
    await put(author.key, '?force=true', `${RULE}severity: high\n`)
    await put(author.key, '', `${RULE}severity: low\n`)
    await put(author.key, '?force=true', `${RULE}namespace: ops\n`)
    for (let turn = 0; turn < 3; turn += 1) await put('nonsense', '')
    await app.inject({ url: '/v1/config', headers: { authorization: `Bearer ${author.key}` } })
    const answer = await app.inject({
      url: '/v1/audit',
      headers: { authorization: `Bearer ${operator.key}` },
    })
    const common = { action: 'putRule', object: '/v1/rules/hello' }
    expect(answer.json().records).toMatchObject([
      { ...common, actor: 'ann', outcome: 'done', status: 201, reason: 'first', after: 1 },
      { ...common, actor: 'ann', outcome: 'done', status: 200, before: 1, after: 2 },
      { ...common, actor: 'ann', outcome: 'failed', status: 428, code: 'precondition-needed' },
      { ...common, actor: 'ann', outcome: 'refused', status: 403, code: 'namespace-not-allowed' },
      { ...common, actor: 'address:127.0.0.1', outcome: 'refused', status: 401, code: 'key-not-accepted' },
      { action: 'getConfiguration', actor: 'ann', outcome: 'refused', status: 403, code: 'role-not-allowed' },
    ])
    expect(answer.json().records).toHaveLength(6)
    expect(answer.body).not.toContain('nonsense')
    const verdict = await app.inject({
      url: '/v1/audit/verification',
      headers: { authorization: `Bearer ${operator.key}` },
    })
    expect(verdict.json()).toMatchObject({ valid: true, records: 6 })
    await app.close()
  })
})

test('the command line shows the records, and ends with 1 where one was changed', async () => {
  const service = await startService()
  const run = (...words: string[]) => sequitur(['audit', ...words, '--server', service.url])
  const put = await fetch(`${service.url}/v1/rules/hello?reason=first`, {
    method: 'PUT',
    body: RULE,
    headers: { 'content-type': 'application/yaml' },
  })
  expect(put.status).toBe(201)
  const listed = await run('list')
  expect(JSON.parse(listed.stdout)).toMatchObject({ number: 1, action: 'putRule', reason: 'first', after: 1 })
  const whole = await run('verify')
  expect([whole.code, JSON.parse(whole.stdout)]).toMatchObject([0, { valid: true, records: 1 }])

  const broker = await connectBroker({ url: service.nats, name: 'mallory' })
  onTestFinished(() => broker.close())
  const store = await openAuditStore(broker)
  const [first] = await store.read(1, 1)
  await broker.manager.streams.delete('SEQUITUR_AUDIT')
  await openAuditStore(broker)
  await jetstream(broker.connection).publish('sequitur.audit', first?.text.replace('first', 'other') ?? '')
  const broken = await run('verify')
  expect([broken.code, JSON.parse(broken.stdout)]).toMatchObject([1, { valid: false, broken: 1 }])
})
