import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstream } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestNats, type TestNats } from '../../../test/support/nats.ts'
import { type PairRule, pairParts, pairProgram } from '../../../test/support/pair-engine.ts'
import {
  ALERT_STREAM,
  type Broker,
  ensureAlertStream,
  ensureInputStream,
  isNotFound,
} from '../broker/index.ts'
import { openCheckpointStore } from '../checkpoint/index.ts'
import { type InspectReply, type InspectRequest, inspectSubject } from '../inspection.ts'
import { ServiceError } from '../service-error.ts'
import { silentLog } from '../telemetry/index.ts'
import { startWorker, type Worker, type WorkerOptions } from './index.ts'

const STREAM = 'SEQUITUR_INPUT'
const PAIR: PairRule = { rule: 'pair', a: 'w.a', b: 'w.b', withinMs: 600_000 }
const input = {
  stream: STREAM,
  subjects: ['w.>'],
  sourceStreams: [],
  inPlace: false,
  retentionMs: 0,
  bytesMax: 0,
}
const metrics = { committed: () => undefined, alertStored: () => undefined, watch: () => () => undefined }

describe('worker', () => {
  let nats: TestNats
  let broker: Broker
  let folder: string
  let workers: Worker[] = []

  beforeAll(async () => {
    nats = await startTestNats()
    broker = await nats.connect()
  }, 400_000)
  afterAll(() => nats.end())
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sequitur-worker-'))
    for (const stream of [STREAM, ALERT_STREAM, 'KV_SEQUITUR_RULES', 'KV_SEQUITUR_OWNERS'])
      await broker.manager.streams.delete(stream).catch((error: unknown) => {
        if (!isNotFound(error)) throw error
      })
    await ensureInputStream(broker, input)
    await ensureAlertStream(broker, { retentionMs: 0, bytesMax: 0 })
  })
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.close()))
    workers = []
    rmSync(folder, { recursive: true, force: true })
  })

  const start = async (
    change: Partial<Omit<WorkerOptions, 'engine'>> & {
      readonly rules?: readonly PairRule[]
      readonly data?: string
    } = {},
  ): Promise<Worker> => {
    const { rules = [PAIR], data = 'data', ports, ...over } = change
    const worker = await startWorker({
      broker: await nats.connect(),
      dataDir: join(folder, data),
      partitions: 1,
      engine: {
        stream: STREAM,
        rules: rules.map((rule) => ({ program: pairProgram(rule), status: 'live' as const })),
      },
      commitIntervalMs: 5,
      tickIntervalMs: 50,
      log: silentLog,
      metrics,
      ports: { parts: pairParts, ...ports },
      ...over,
    })
    workers.push(worker)
    return worker
  }
  const publish = async (subject: string, user: string): Promise<number> =>
    (await jetstream(broker.connection).publish(subject, JSON.stringify({ user }))).seq
  const match = async (user: string): Promise<number> => {
    await publish('w.a', user)
    return publish('w.b', user)
  }
  /** What subscribers see: number and key, in the order of the log. */
  const alerts = async (): Promise<string[]> => {
    const { state } = await broker.manager.streams.info(ALERT_STREAM)
    const found: string[] = []
    for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq += 1) {
      const message = await broker.manager.streams.getMessage(ALERT_STREAM, { seq })
      if (message === null || !message.subject.startsWith('alerts.')) continue
      const { data } = message.json<{ data: { key: { user: string } } }>()
      found.push(`${message.header?.get('Sequitur-Number')} ${data.key.user}`)
    }
    return found
  }
  const until = async <T>(look: () => Promise<T> | T, isIt: (value: T) => boolean): Promise<T> => {
    for (;;) {
      const value = await look()
      if (isIt(value)) return value
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const untilAlerts = (count: number): Promise<string[]> => until(alerts, (found) => found.length >= count)
  const positionOf = (worker: Worker): number => worker.status().partitions[0]?.position ?? -1
  const ask = async (request: InspectRequest): Promise<unknown> => {
    const reply = await broker.connection.request(inspectSubject(0), JSON.stringify(request))
    const answer = reply.json<InspectReply<unknown>>()
    return answer.ok ? answer.value : answer.code
  }

  it('makes alerts of matches, and goes on where it was after a restart', async () => {
    const first = await start()
    await match('ann')
    const begun = await publish('w.a', 'bob')
    await until(
      () => positionOf(first),
      (position) => position >= begun,
    )
    expect(await untilAlerts(1)).toEqual(['1 ann'])
    await first.close()
    await first.done
    const second = await start()
    expect(positionOf(second)).toBeGreaterThanOrEqual(begun)
    await publish('w.b', 'bob')
    expect(await untilAlerts(2)).toEqual(['1 ann', '2 bob'])
    expect(second.status().partitions[0]?.counters).toMatchObject({ events: 4, processed: 4 })
  })

  it('lets time pass while nothing comes, and only while something waits for it', async () => {
    const worker = await start({ rules: [{ ...PAIR, withinMs: 200, absence: true }] })
    await publish('w.a', 'ann')
    expect(await untilAlerts(1)).toEqual(['1 ann'])
    await until(
      () => worker.status().partitions[0]?.outboxEffects,
      (waiting) => waiting === 0,
    )
    const ticks = async (): Promise<number> => (await broker.manager.streams.info(STREAM)).state.last_seq
    const before = await until(ticks, (count) => count > 1)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await ticks()).toBeLessThanOrEqual(before + 1)
  })

  it('answers what it does', async () => {
    const worker = await start()
    const last = await publish('w.a', 'ann')
    await until(
      () => positionOf(worker),
      (position) => position >= last,
    )
    expect(await ask({ kind: 'status' })).toMatchObject({
      partition: 0,
      position: last,
      running: true,
      rules: 1,
    })
    expect(await ask({ kind: 'rule', rule: 'pair' })).toMatchObject({ version: 1, status: 'live' })
    expect(await ask({ kind: 'rule', rule: 'nobody' })).toEqual({ version: 0, status: 'unknown' })
    expect(await ask({ kind: 'rules' })).toMatchObject({ rules: [{ rule: 'pair', partialMatches: 1 }] })
    const matches = { kind: 'matches', rule: 'pair', limit: 10 } as const
    expect(await ask(matches)).toMatchObject({
      total: 1,
      matches: [{ key: { user: 'ann' }, waitingFor: ['B'] }],
    })
    expect(await ask({ ...matches, key: 'ann' })).toMatchObject({ total: 1 })
    expect(await ask({ ...matches, key: 'bob' })).toMatchObject({ total: 0 })
    expect(await ask({ kind: 'nonsense' } as never)).toBe('unknown-request')
  })

  describe('rules in the bucket', () => {
    const put = async (version: number, change: object = {}): Promise<void> => {
      const bucket = await new Kvm(jetstream(broker.connection)).create('SEQUITUR_RULES', { history: 1 })
      const record = {
        kind: 'put',
        id: 'kept',
        version,
        status: 'live',
        format: 'json',
        source: '',
        ...change,
      }
      await bucket.put(
        'kept',
        JSON.stringify({ ...record, source: JSON.stringify({ ...PAIR, rule: 'kept' }) }),
      )
    }
    const version = (): Promise<unknown> => ask({ kind: 'rule', rule: 'kept' })
    const written = async (): Promise<number> => {
      const info = await broker.manager.streams.info(STREAM, { subjects_filter: 'sequitur.log.rule' })
      return info.state.subjects?.['sequitur.log.rule'] ?? 0
    }

    it('run, change and stop without a restart, and stand in the log once', async () => {
      await put(1)
      const first = await start({ rules: [] })
      await until(version, (standing) => (standing as { version: number }).version === 1)
      await match('ann')
      expect(await untilAlerts(1)).toEqual(['1 ann'])
      await put(2, { status: 'disabled' })
      expect(
        await until(version, (standing) => (standing as { version: number }).version === 2),
      ).toMatchObject({
        status: 'disabled',
      })
      await match('bob')
      await put(3)
      await until(version, (standing) => (standing as { version: number }).version === 3)
      await match('cid')
      expect((await untilAlerts(2)).at(-1)).toMatch(/ cid$/)
      expect(await written()).toBe(3)
      await first.close()
      await start({ rules: [] })
      await match('dan')
      expect((await untilAlerts(3)).at(-1)).toMatch(/ dan$/)
      expect(await written()).toBe(3)
    })

    it('come after a broker that was away', async () => {
      await start({ rules: [] })
      await nats.kill()
      await nats.restart()
      await put(1)
      await until(version, (standing) => (standing as { version?: number }).version === 1)
    })
  })

  it('stands by while another worker has the partition, and takes over when it lets go', async () => {
    const first = await start()
    await match('ann')
    await untilAlerts(1)
    const second = await start({ data: 'elsewhere' })
    expect(second.status()).toMatchObject({ standby: [0], partitions: [] })
    await first.close()
    await until(
      () => second.status().partitions.length,
      (count) => count === 1,
    )
    await match('bob')
    expect(await untilAlerts(2)).toEqual(['1 ann', '2 bob'])
  })

  it('ends fenced when another one works on the same data', async () => {
    const first = await start()
    await match('ann')
    await untilAlerts(1)
    const second = await start()
    await match('bob')
    await expect(first.done).rejects.toMatchObject({
      code: expect.stringMatching(/^(fenced|partition-lost)$/),
    })
    await match('cid')
    expect(await untilAlerts(3)).toEqual(['1 ann', '2 bob', '3 cid'])
    expect(second.status().partitions[0]?.running).toBe(true)
  })

  it('says that the broker is away, and goes on when it is back', async () => {
    const worker = await start()
    await match('ann')
    await untilAlerts(1)
    await nats.kill()
    const stopped = () => worker.status().partitions[0]?.stopped
    expect(await until(stopped, (reason) => reason !== undefined)).toMatchObject({
      code: 'broker-unreachable',
    })
    await nats.restart()
    await match('bob')
    expect(await untilAlerts(2)).toEqual(['1 ann', '2 bob'])
    expect(worker.status().partitions[0]).toMatchObject({ running: true })
  })

  it('stops although the broker is away, and loses nothing by it', async () => {
    const worker = await start({ commitIntervalMs: 300 })
    await match('ann')
    const last = await match('bob')
    await until(
      () => positionOf(worker),
      (position) => position >= last,
    )
    await nats.kill()
    const startedAt = performance.now()
    await worker.close()
    expect(performance.now() - startedAt).toBeLessThan(9_000)
    await nats.restart()
    await start()
    expect(await untilAlerts(2)).toEqual(['1 ann', '2 bob'])
  })

  it('does not start on an input log that lost its tail', async () => {
    const worker = await start()
    await match('ann')
    await untilAlerts(1)
    await nats.kill()
    nats.saveStore()
    await nats.restart()
    await match('bob')
    await untilAlerts(2)
    await worker.close()
    await nats.kill()
    nats.loadStore()
    await nats.restart()
    await expect(start()).rejects.toMatchObject({ code: 'stream-rolled-back' })
  })

  it('publishes again what an older alert log lacks', async () => {
    const first = await start()
    for (const user of ['ann', 'bob', 'cid']) await match(user)
    await untilAlerts(3)
    await first.close()
    await broker.manager.streams.delete(ALERT_STREAM)
    await ensureAlertStream(broker, { retentionMs: 0, bytesMax: 0 })
    await start()
    expect(await untilAlerts(3)).toEqual(['1 ann', '2 bob', '3 cid'])
  })

  it('says so when the outbox does not reach back far enough', async () => {
    const first = await start({ outboxRetentionMs: 0 })
    for (const [index, user] of ['ann', 'bob', 'cid', 'dan'].entries()) {
      await match(user)
      await untilAlerts(index + 1)
      await until(
        () => first.status().partitions[0]?.outboxEffects,
        (waiting) => waiting === 0,
      )
    }
    await first.close()
    await broker.manager.streams.delete(ALERT_STREAM)
    await ensureAlertStream(broker, { retentionMs: 0, bytesMax: 0 })
    await expect(start({ outboxRetentionMs: 0 })).rejects.toMatchObject({ code: 'outbox-gap' })
  })

  it('waits for room on the disk, and says so', async () => {
    let isFull = true
    const worker = await start({
      ports: {
        openStore: async (options) => {
          const store = await openCheckpointStore(options)
          const commit = store.commit.bind(store)
          return Object.assign(store, {
            commit: async (...args: Parameters<typeof commit>) => {
              if (isFull) throw new ServiceError('checkpoint-full', 'no room')
              await commit(...args)
            },
          })
        },
      },
    })
    await match('ann')
    const stopped = () => worker.status().partitions[0]?.stopped
    expect(await until(stopped, (reason) => reason !== undefined)).toMatchObject({ code: 'checkpoint-full' })
    isFull = false
    expect(await untilAlerts(1)).toEqual(['1 ann'])
    expect(await until(stopped, (reason) => reason === undefined)).toBeUndefined()
  })

  it('stops for good when the disk fails, with nothing published that is not committed', async () => {
    const worker = await start({
      ports: {
        openStore: async (options) =>
          Object.assign(await openCheckpointStore(options), {
            commit: () => Promise.reject(new ServiceError('checkpoint-io', 'the disk failed')),
          }),
      },
    })
    await match('ann')
    await expect(worker.done).rejects.toMatchObject({ code: 'checkpoint-io' })
    expect(await alerts()).toEqual([])
    await start()
    expect(await untilAlerts(1)).toEqual(['1 ann'])
  })

  it('runs several partitions that share the keys', async () => {
    if (!broker.hasAtomicBatch) {
      await expect(start({ partitions: 3 })).rejects.toMatchObject({ code: 'partitions-need-newer-server' })
      return
    }
    const worker = await start({ partitions: 3 })
    const users = Array.from({ length: 12 }, (_, index) => `user-${index}`)
    let last = 0
    for (const user of users) last = await match(user)
    const found = await untilAlerts(12)
    expect(found.map((alert) => alert.split(' ')[1]).sort()).toEqual([...users].sort())
    await until(
      () => worker.status().partitions.map(({ position }) => position),
      (positions) => positions.length === 3 && positions.every((position) => position >= last),
    )
  })
})
