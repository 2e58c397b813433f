import { createHmac } from 'node:crypto'
import { jetstream } from '@nats-io/jetstream'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { AuditLog, memoryAuditStore } from '../../src/service/audit/index.ts'
import { ensureAlertStream } from '../../src/service/broker/index.ts'
import { Catalogue, localCompiler, memoryBucket } from '../../src/service/catalogue/index.ts'
import { type Log, silentLog, type WebhookMetrics } from '../../src/service/telemetry/index.ts'
import { createWebhooks } from '../../src/service/webhook-parts.ts'
import type { WebhookText } from '../../src/service/webhooks/index.ts'
import { defaultConfig, RULE } from '../support/api.ts'
import { startTestNats, type TestNats } from '../support/nats.ts'
import { type Answers, type Received, startReceiver } from '../support/webhook-receiver.ts'

const OLD = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const NEW = `whsec_${Buffer.alloc(32, 2).toString('base64')}`

let nats: TestNats
beforeAll(async () => {
  nats = await startTestNats()
  await ensureAlertStream(await nats.connect(), { retentionMs: 0, bytesMax: 0 })
})
afterAll(() => nats.end())

let name = ''
let count = 0
beforeEach(() => {
  count += 1
  name = `hook-${count}`
})

/** A process with webhooks, and what it counted of the webhook of this test. */
async function startProcess(over: Readonly<Record<string, unknown>> = {}, log: Log = silentLog) {
  const outcomes: string[] = []
  const watchers = new Set<() => void>()
  const metrics: WebhookMetrics = {
    attempted: ({ webhook, outcome }) => {
      if (webhook !== name) return
      outcomes.push(outcome)
      for (const watcher of watchers) watcher()
    },
    webhooks: () => undefined,
  }
  const catalogue = new Catalogue({
    rules: memoryBucket(),
    versions: memoryBucket(),
    compiler: localCompiler,
    now: Date.now,
    fedSubjects: async () => ['>'],
    knownLists: async () => [],
  })
  const audit = new AuditLog(memoryAuditStore(), Date.now)
  const config = defaultConfig({
    webhooks: {
      allow: ['http://127.0.0.1:*'],
      allowAddresses: ['127.0.0.1/32'],
      secrets: [{ name: 'main', secret: OLD }],
      retryFirst: '10ms',
      retryMax: '50ms',
      ...over,
    },
  })
  const parts = await createWebhooks({
    broker: await nats.connect(),
    config: config.webhooks,
    catalogue,
    audit,
    metrics,
    log,
    now: Date.now,
  })
  let stopped = false
  const stop = async (graceMs = 0): Promise<void> => {
    if (stopped) return
    stopped = true
    await parts.stop(graceMs)
  }
  onTestFinished(() => stop())
  return {
    ...parts.services,
    stop,
    catalogue,
    audit,
    outcomes,
    until: async (...wanted: string[]): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const look = (): void => {
        if (wanted.every((outcome) => outcomes.includes(outcome))) resolve()
      }
      watchers.add(look)
      look()
      await promise
    },
    put: async (text: Omit<WebhookText, 'secret' | 'enabled'> & Partial<WebhookText>) => {
      const mine = name
      const { webhooks } = parts.services
      // Others share the server.
      onTestFinished(async () => void (await webhooks.remove(mine, { kind: 'any' }, {})))
      const outcome = await webhooks.put(
        mine,
        { secret: 'main', enabled: true, ...text },
        { kind: 'any' },
        {},
      )
      if (outcome.kind !== 'stored') throw new Error(JSON.stringify(outcome))
      return outcome.webhook
    },
  }
}

async function raise(id: string, over: { readonly rule?: string; readonly severity?: string } = {}) {
  const { rule = 'hello', severity = 'high' } = over
  const alert = { specversion: '1.0', id: `${rule}.1.${id}`, subject: 'k', data: { rule, severity } }
  const broker = await nats.connect()
  const { seq } = await jetstream(broker.connection).publish(
    `alerts.default.${rule}.${severity}`,
    JSON.stringify(alert),
  )
  return { text: JSON.stringify(alert), id: alert.id, sequence: seq }
}

/** As a receiver would do it, from the words of Standard Webhooks. */
function signedWith({ headers, body }: Received, secret: string): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const wanted = createHmac('sha256', key)
    .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`, 'utf8')
    .digest('base64')
  return String(headers['webhook-signature'])
    .split(' ')
    .some((signature) => signature === `v1,${wanted}`)
}

const idsOf = (requests: readonly Received[]) => requests.map(({ headers }) => headers['webhook-id'])

describe('an alert', () => {
  test('is sent as it stands in the log, signed, with its own id; what was raised before is not', async () => {
    await raise('before')
    const receiver = await startReceiver()
    const process = await startProcess()
    await process.put({ url: receiver.url })
    const { text, id } = await raise('a')
    const [request] = await receiver.until(1)
    expect(request?.body).toBe(text)
    expect(request?.headers).toMatchObject({
      'webhook-id': id,
      'content-type': 'application/cloudevents+json',
    })
    expect(Math.abs(Number(request?.headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(300)
    expect(request !== undefined && signedWith(request, OLD)).toBe(true)
    expect(request !== undefined && signedWith(request, NEW)).toBe(false)
    expect(request !== undefined && signedWith({ ...request, body: `${text} ` }, OLD)).toBe(false)
  })

  test('is signed with both secrets while one is replaced', async () => {
    const receiver = await startReceiver()
    const secrets = [NEW, OLD].map((secret) => ({ name: 'main', secret }))
    const process = await startProcess({ secrets })
    await process.put({ url: receiver.url })
    await raise('a')
    const [request] = await receiver.until(1)
    for (const secret of [OLD, NEW]) expect(request !== undefined && signedWith(request, secret)).toBe(true)
  })

  test('is sent when everything that the filter names holds', async () => {
    const receiver = await startReceiver()
    const process = await startProcess()
    for (const rule of ['ours', 'theirs', 'other'])
      await process.catalogue.put(
        rule,
        {
          text: RULE.replace('hello', rule).replace(
            'by:',
            `namespace: ${rule === 'theirs' ? 'them' : 'us'}\nby:`,
          ),
          format: 'yaml',
        },
        { kind: 'any' },
        {},
      )
    await process.put({
      url: receiver.url,
      filter: { rules: ['ours', 'theirs'], severities: ['high', 'critical'], namespaces: ['us'] },
    })
    await raise('1', { rule: 'ours', severity: 'low' })
    await raise('2', { rule: 'theirs' })
    await raise('3', { rule: 'other' })
    await raise('4', { rule: 'ours' })
    await raise('5', { rule: 'ours', severity: 'critical' })
    expect(idsOf(await receiver.until(2)).sort()).toEqual(['ours.1.4', 'ours.1.5'])
  })
})

describe('a target', () => {
  test('that fails is asked again, with the same id and a new signature, until it has it', async () => {
    const receiver = await startReceiver((n) => (n <= 2 ? 503 : 200))
    const process = await startProcess()
    await process.put({ url: receiver.url })
    const { id } = await raise('a')
    await process.until('delivered')
    expect(process.outcomes).toEqual(['retried', 'retried', 'delivered'])
    expect(idsOf(receiver.requests)).toEqual([id, id, id])
    expect(receiver.requests.every((request) => signedWith(request, OLD))).toBe(true)
  })

  test.each<[string, Answers, number, string]>([
    ['refuses', () => 404, 3, 'webhook-target-refused'],
    [
      'leads elsewhere',
      () => (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      3,
      'webhook-target-refused',
    ],
    ['always fails', () => 500, 5, 'webhook-target-failed'],
    ['never answers', () => undefined, 5, 'webhook-target-too-slow'],
    ['hangs up', () => (response) => response.destroy(), 5, 'webhook-target-unreachable'],
  ])('that %s makes a dead letter, which can be sent again', async (_name, answers, attempts, code) => {
    const isWell = { now: false }
    const receiver = await startReceiver((n, request) => (isWell.now ? 200 : answers(n, request)))
    const process = await startProcess({ attemptsMax: 5, timeout: '100ms' })
    const webhook = await process.put({ url: receiver.url })
    const { id, sequence, text } = await raise('a')
    await process.until('dead-lettered')
    expect(receiver.requests).toHaveLength(attempts)
    const { letters } = await process.courier.deadLetters.page(name, { after: 0, limit: 10 })
    expect(letters).toMatchObject([{ alertId: id, alertSequence: sequence, attempts, reason: { code } }])
    const [letter] = letters
    if (letter === undefined) return
    const { signal } = new AbortController()
    expect(await process.courier.redeliver(webhook, letter, signal)).toMatchObject({
      delivered: false,
      reason: { code },
    })
    expect(await process.courier.deadLetters.get(letter.sequence)).toMatchObject({ alertId: id })
    isWell.now = true
    expect(await process.courier.redeliver(webhook, letter, signal)).toMatchObject({
      delivered: true,
      status: 200,
    })
    expect(receiver.requests.at(-1)).toMatchObject({ body: text, headers: { 'webhook-id': id } })
    expect(await process.courier.deadLetters.get(letter.sequence)).toBeUndefined()
    expect(await process.webhookWaiting(webhook.record)).toBe(0)
  })

  test('that is gone disables its webhook; enabled again, it goes on where it stopped', async () => {
    const isGone = { now: true }
    const receiver = await startReceiver(() => (isGone.now ? 410 : 200))
    const process = await startProcess()
    await process.put({ url: receiver.url })
    const { id } = await raise('a')
    await process.until('retried')
    expect((await process.webhooks.get(name))?.record).toMatchObject({
      enabled: false,
      disabledBecause: 'the target answered 410: it is gone',
      version: 2,
    })
    const { records } = await process.audit.page({ after: 0, limit: 10 })
    expect(records).toMatchObject([{ actor: 'service', action: 'disableWebhook', before: 1, after: 2 }])
    isGone.now = false
    const webhook = await process.put({ url: receiver.url })
    expect(webhook.record.disabledBecause).toBeUndefined()
    await process.until('delivered')
    expect(idsOf(receiver.requests).at(-1)).toBe(id)
  })

  test('that hangs holds up nobody else', async () => {
    const hanging = await startReceiver(() => undefined)
    const well = await startReceiver()
    const process = await startProcess({ timeout: '60s' })
    await process.put({ url: hanging.url })
    name = `${name}-well`
    await process.put({ url: well.url })
    const raised = await Promise.all(Array.from({ length: 20 }, (_, index) => raise(`x${index}`)))
    await hanging.until(4)
    expect(idsOf(await well.until(20)).sort()).toEqual(raised.map(({ id }) => id).sort())
    expect(hanging.requests).toHaveLength(4)
  })

  test('that answers without an end has answered with its status', async () => {
    const receiver = await startReceiver(() => (response) => {
      response.writeHead(200)
      const more = (): void => {
        if (!response.destroyed) response.write('x'.repeat(65_536), more)
      }
      more()
    })
    const process = await startProcess()
    await process.put({ url: receiver.url })
    await raise('a')
    await process.until('delivered')
    expect(process.outcomes).toEqual(['delivered'])
  })
})

describe('processes', () => {
  test('a restart goes on where it stopped, also with what was under way', async () => {
    const receiver = await startReceiver((n) => (n === 2 ? undefined : 200))
    const first = await startProcess()
    await first.put({ url: receiver.url })
    const before = await raise('1')
    await first.until('delivered')
    const during = await raise('2')
    await receiver.until(2)
    await first.stop()
    const meanwhile = await raise('3')
    await startProcess()
    expect(idsOf(await receiver.until(4)).sort()).toEqual(
      [before.id, during.id, during.id, meanwhile.id].sort(),
    )
  })

  test('two of them share the alerts', async () => {
    const receiver = await startReceiver()
    const [left, right] = [await startProcess(), await startProcess()]
    await left.put({ url: receiver.url })
    const raised = await Promise.all(Array.from({ length: 40 }, (_, index) => raise(`s${index}`)))
    expect(idsOf(await receiver.until(40)).sort()).toEqual(raised.map(({ id }) => id).sort())
    await left.stop(10_000)
    const last = await raise('last')
    expect(idsOf(await receiver.until(41)).at(-1)).toBe(last.id)
    await right.stop(10_000)
    expect(receiver.requests).toHaveLength(41)
  })

  test('a broker that goes and comes back is not the end', async () => {
    const receiver = await startReceiver()
    const process = await startProcess()
    await process.put({ url: receiver.url })
    await raise('1')
    await process.until('delivered')
    await nats.kill()
    await nats.restart()
    const { id } = await raise('2')
    // A broker that is killed may have forgotten that the first was delivered.
    for (let n = 2; !idsOf(receiver.requests).includes(id); n += 1) await receiver.until(n)
  }, 60_000)

  test('a webhook that was removed and made again begins anew', async () => {
    const receiver = await startReceiver(() => undefined)
    const process = await startProcess({ timeout: '60s' })
    await process.put({ url: receiver.url })
    await raise('old')
    await receiver.until(1)
    await process.webhooks.remove(name, { kind: 'any' }, {})
    const { url } = await startReceiver()
    const other = await startReceiver()
    expect(url).not.toBe(other.url)
    const webhook = await process.put({ url: other.url })
    expect(webhook.record.version).toBe(3)
    const { id } = await raise('new')
    expect(idsOf(await other.until(1))).toEqual([id])
  })

  test.each([true, false])(
    'a webhook that was removed leaves nothing behind; enabled: %s',
    async (enabled) => {
      const receiver = await startReceiver()
      const process = await startProcess()
      await process.put({ url: receiver.url })
      await raise('1')
      await process.until('delivered')
      await process.put({ url: receiver.url, enabled })
      await process.webhooks.remove(name, { kind: 'any' }, {})
      await process.stop()
      const consumers = await (await nats.connect()).manager.consumers.list('ALERTS').next()
      expect(consumers.filter((consumer) => consumer.name.startsWith(`webhook-${name}-`))).toEqual([])
    },
  )

  test('an alert log that is another one is read from its beginning', async () => {
    const receiver = await startReceiver()
    const first = await startProcess()
    await first.put({ url: receiver.url })
    await raise('1')
    await first.until('delivered')
    await first.stop()
    const broker = await nats.connect()
    await broker.manager.streams.delete('ALERTS')
    await ensureAlertStream(broker, { retentionMs: 0, bytesMax: 0 })
    const { id, sequence } = await raise('2')
    expect(sequence).toBe(1)
    await startProcess()
    expect(idsOf(await receiver.until(2)).at(-1)).toBe(id)
  })

  test('when no more dead letters can be stored, alerts wait, and the log says so', async () => {
    const receiver = await startReceiver(() => 500)
    const { promise: said, resolve } = Promise.withResolvers<string>()
    const log: Log = { ...silentLog, error: (_fields, message) => resolve(message) }
    const full = await startProcess({ attemptsMax: 1, deadLetterBytesMax: '1B' }, log)
    const webhook = await full.put({ url: receiver.url })
    const { id } = await raise('a')
    expect(await said).toBe('the dead letter cannot be stored; the alert waits')
    expect(await full.webhookWaiting(webhook.record)).toBe(1)
    await full.stop()
    const roomy = await startProcess({ attemptsMax: 1 })
    await roomy.until('dead-lettered')
    const { letters } = await roomy.courier.deadLetters.page(name, { after: 0, limit: 10 })
    expect(letters.map(({ alertId }) => alertId)).toEqual([id])
    expect(await roomy.webhookWaiting(webhook.record)).toBe(0)
  })
})
