import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DemoWorld } from '../../src/cli/demo/generator.ts'
import { compileRule, type RuleProgram, type RuleSource, readRules } from '../../src/engine/index.ts'
import {
  ALERT_STREAM,
  type Broker,
  ensureAlertStream,
  ensureInputStream,
} from '../../src/service/broker/index.ts'
import {
  childReplayRunner,
  type ReplayEngine,
  type ReplayJob,
  type ReplayProgress,
  Replays,
  replayLog,
} from '../../src/service/replay/index.ts'
import { readStream } from '../../src/service/stream-page.ts'
import { silentLog } from '../../src/service/telemetry/index.ts'
import { startWorker, type Worker } from '../../src/service/worker/index.ts'
import { startTestNats, type TestNats } from '../support/nats.ts'
import { ROOT, sequitur, temporaryFolder } from '../support/processes.ts'
import { shippedRules } from '../support/shipped-rules.ts'

const STREAM = 'SEQUITUR_INPUT'
const EVENTS = 6_000
const engine: ReplayEngine = {
  stream: STREAM,
  sources: [{ name: 'demo', subjects: ['>'], timestamp: { path: 'time' }, latenessMs: 2_000 }],
}
const metrics = { committed: () => undefined, alertStored: () => undefined, watch: () => () => undefined }

const program = ({ source, version }: RuleSource): RuleProgram => {
  const read = readRules(source)
  const compiled =
    read.ok && read.value[0] !== undefined ? compileRule(read.value[0], { version }) : undefined
  if (compiled?.ok !== true) throw new Error('the rule does not compile')
  return compiled.value
}

interface Alert {
  readonly id: string
  readonly subject: string
  readonly data: { readonly rule: string; readonly version: number; readonly mode: string }
}

describe('a replay of the log', () => {
  let nats: TestNats
  let broker: Broker
  let worker: Worker
  let folder: string
  let live: readonly Alert[] = []
  const rules = shippedRules()
  const job = (rest: Partial<ReplayJob> = {}): ReplayJob => ({
    rules,
    span: {},
    share: 1,
    wholeLog: false,
    ...rest,
  })

  /** In this process. */
  const replay = async (wanted: ReplayJob) => {
    const alerts: Alert[] = []
    const progress: ReplayProgress[] = []
    const result = await replayLog(broker, engine, wanted, {
      progress: (at) => void progress.push(at),
      alerts: (texts) => void alerts.push(...texts.map((text) => JSON.parse(text))),
    })
    return { alerts, progress, result }
  }

  beforeAll(async () => {
    nats = await startTestNats()
    broker = await nats.connect()
    await ensureInputStream(broker, {
      stream: STREAM,
      subjects: ['accounts', 'auth', 'credit', 'k8s', 'logs', 'ops', 'payments', 'shop'].map(
        (first) => `${first}.>`,
      ),
      sourceStreams: [],
      inPlace: false,
      retentionMs: 0,
      bytesMax: 0,
    })
    await ensureAlertStream(broker, { retentionMs: 0, bytesMax: 0 })
    folder = mkdtempSync(join(tmpdir(), 'sequitur-replay-'))
    worker = await startWorker({
      broker,
      dataDir: folder,
      partitions: 1,
      commitIntervalMs: 20,
      // The ticks of this log are the ones that the test writes.
      tickIntervalMs: 3_600_000,
      engine: {
        ...engine,
        rules: rules.map((rule) => ({ program: program(rule), status: 'live' as const })),
      },
      log: silentLog,
      metrics,
    })
    const world = new DemoWorld({ seed: 'replay', rate: 50, now: Date.now() - 3_600_000 })
    for (let index = 0; index < EVENTS; index += 1) {
      const { subject, data } = world.next()
      if (index % 500 === 499) await broker.connection.request(subject, data)
      else broker.connection.publish(subject, data)
    }
    await broker.connection.request('sequitur.log.tick', '{}')
    const { state } = await broker.manager.streams.info(STREAM)
    // The worker stops when it has committed and published what it read.
    while ((worker.status().partitions[0]?.position ?? 0) < state.last_seq)
      await new Promise((resolve) => setTimeout(resolve, 20))
    await worker.close()
    const found: Alert[] = []
    await readStream(
      broker.connection,
      { stream: ALERT_STREAM, filter: 'alerts.>', from: 1, max: 1_000_000 },
      (message) => {
        found.push(message.json())
        return true
      },
    )
    live = found
  }, 120_000)
  afterAll(async () => {
    await worker.close()
    await nats.end()
    rmSync(folder, { recursive: true, force: true })
  })

  test('raises the alerts that the worker raised, every byte of them, and publishes none', async () => {
    const before = (await broker.manager.streams.info(ALERT_STREAM)).state.last_seq
    const { alerts, result } = await replay(job())
    expect(live.length).toBeGreaterThan(20)
    expect(alerts).toEqual(live)
    expect(result.alerts).toBe(live.length)
    expect((await broker.manager.streams.info(ALERT_STREAM)).state.last_seq).toBe(before)
  })

  test('in a process of its own it finds the same, and says how far it is', async () => {
    const kept: string[] = []
    const progress: ReplayProgress[] = []
    const run = childReplayRunner({ url: nats.url, name: 'replay' }, engine)
    const reports = {
      progress: (at: ReplayProgress) => void progress.push(at),
      alerts: (texts: readonly string[]) => void kept.push(...texts),
    }
    const result = await run(
      job({ wholeLog: true, against: { kind: 'live' } }),
      reports,
      new AbortController().signal,
    )
    expect(kept.map((text) => JSON.parse(text))).toEqual(live)
    expect(result).toMatchObject({
      events: EVENTS,
      lastSequence: EVENTS + 1,
      alerts: live.length,
      difference: {
        onlyOld: { count: 0 },
        onlyNew: { count: 0 },
        both: { count: live.length },
        beforeSpan: 0,
        complete: true,
      },
    })
    expect(result.topKeys[0]?.alerts).toBeGreaterThanOrEqual(result.topKeys.at(-1)?.alerts ?? 0)
    expect(result.alertsPerHour.reduce((sum, { alerts }) => sum + alerts, 0)).toBe(live.length)
    expect(progress.at(-1)).toMatchObject({ entries: EVENTS + 1, total: EVENTS + 1 })
  })

  test('an edited rule against live: which alerts would go, stay and come', async () => {
    const [rule] = rules.filter(({ id }) => id === 'card-testing')
    if (rule === undefined) throw new Error('there is no such rule')
    const stricter = rule.source.replace('at least 5 declines', 'at least 7 declines')
    expect(stricter).not.toBe(rule.source)
    const edited = { ...rule, version: 2, source: stricter }
    const { result } = await replay(job({ rules: [edited], against: { kind: 'live' } }))
    const raised = live.filter(({ data }) => data.rule === 'card-testing').length
    const { difference } = result
    expect(raised).toBeGreaterThan(0)
    expect((difference?.onlyOld.count ?? 0) + (difference?.both.count ?? 0)).toBe(raised)
    expect((difference?.onlyNew.count ?? 0) + (difference?.both.count ?? 0)).toBe(result.alerts)
    expect(difference?.onlyOld.count).toBeGreaterThan(0)
    // Reads what the rule reads and nothing else.
    expect(result.entries).toBeLessThan(EVENTS / 2)

    // A second run of the version before says the same as what was really raised.
    const versions = await replay(job({ rules: [edited], against: { kind: 'version', rule } }))
    expect(versions.result.difference).toMatchObject({
      against: 1,
      onlyOld: { count: difference?.onlyOld.count },
      both: { count: difference?.both.count },
      onlyNew: { count: difference?.onlyNew.count },
    })
  })

  test('a part of the log: by sequence and by time, with the alerts that began before it told apart', async () => {
    const half = EVENTS / 2
    const first = await replay(job({ span: { lastSequence: half } }))
    expect(first.result).toMatchObject({ firstSequence: 1, lastSequence: half })
    expect(live.map(({ id }) => id)).toEqual(expect.arrayContaining(first.alerts.map(({ id }) => id)))
    const message = await broker.manager.streams.getMessage(STREAM, { seq: half })
    const at = message?.time.getTime() ?? 0
    const until = await replay(job({ span: { untilMs: at } }))
    const since = await replay(job({ span: { sinceMs: at }, against: { kind: 'live' } }))
    expect(until.result.lastSequence).toBeLessThan(half)
    expect(since.result.firstSequence).toBe(until.result.lastSequence + 1)
    expect(since.result.difference?.beforeSpan).toBeGreaterThan(0)
    const none = await replay(job({ span: { sinceMs: Date.now() + 60_000 }, against: { kind: 'live' } }))
    expect(none.result).toMatchObject({ entries: 0, alerts: 0 })
  })

  test('one runs at a time; a cancelled one ends and leaves nothing running', async () => {
    const replays = new Replays(childReplayRunner({ url: nats.url, name: 'replay' }, engine), Date.now)
    const running = replays.start(job({ share: 0.05 }))
    const waiting = replays.start(job())
    expect([running?.state, waiting?.state]).toEqual(['running', 'queued'])
    expect(replays.cancel(running?.id ?? '')?.state).toBe('cancelled')
    while (replays.get(waiting?.id ?? '')?.result === undefined)
      await new Promise((resolve) => setTimeout(resolve, 10))
    expect(replays.get(running?.id ?? '')).toMatchObject({ state: 'cancelled', endedAt: expect.any(String) })
    expect(replays.get(waiting?.id ?? '')).toMatchObject({ state: 'done', result: { alerts: live.length } })
    await replays.close()
  })

  test('a broker that is not there fails it, with the reason', async () => {
    const replays = new Replays(
      childReplayRunner({ url: 'nats://127.0.0.1:1', name: 'replay' }, engine),
      Date.now,
    )
    const id = replays.start(job())?.id ?? ''
    while (replays.get(id)?.state === 'running') await new Promise((resolve) => setTimeout(resolve, 10))
    expect(replays.get(id)).toMatchObject({ state: 'failed', error: { code: 'broker-unreachable' } })
  })

  test('a file of the same events, also packed, gives the same alerts without a broker', async () => {
    const lines: string[] = []
    await readStream(broker.connection, { stream: STREAM, from: 1, max: EVENTS }, (message) => {
      // Some of the story's payloads are no JSON: as text they are dead letters too.
      const text = message.string()
      const data = text.startsWith('{') && text.endsWith('}') ? JSON.parse(text) : text
      lines.push(JSON.stringify({ subject: message.subject, time: message.time.toISOString(), data }))
      return true
    })
    const work = temporaryFolder()
    writeFileSync(join(work, 'events.ndjson'), lines.join('\n'))
    writeFileSync(join(work, 'events.ndjson.gz'), gzipSync(lines.join('\n')))
    writeFileSync(
      join(work, 'sequitur.yaml'),
      'sources: [{ name: demo, subject: ">", timestamp: time, lateness: 2s }]\n',
    )
    for (const file of ['events.ndjson', 'events.ndjson.gz']) {
      const run = await sequitur(['replay', join(ROOT, 'rules'), '--input', file, '--alerts'], { cwd: work })
      expect([run.code, run.stderr]).toEqual([0, ''])
      const alerts = run.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      // The file's end lets event time go on to the last event; the log's is still waiting for later ones.
      expect(alerts.slice(0, live.length)).toEqual(live)
      expect(alerts.length - live.length).toBeLessThan(5)
    }
  }, 30_000)
})
