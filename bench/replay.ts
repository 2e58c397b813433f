// npm run bench:replay [-- --json --events N --seconds N]: replays of each rule pack and of all from JetStream, whether they raise what a
// worker raises, and what a live worker's alerts wait for meanwhile.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createPartition } from '../src/engine/index.ts'
import {
  type Broker,
  connectBroker,
  ensureAlertStream,
  ensureInputStream,
  obtainNatsServer,
  startEmbeddedServer,
} from '../src/service/broker/index.ts'
import { openCursor } from '../src/service/ingest/index.ts'
import { childReplayRunner } from '../src/service/replay/index.ts'
import { shippedPacks, shippedRules } from '../test/support/shipped-rules.ts'
import { type Latency, measureLatency } from './pipeline/latency.ts'
import { fill, packEngine, STREAM } from './pipeline/setup.ts'
import { killChildren, startChild } from './support/children.ts'
import { printTable, type Row } from './support/measure.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    events: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '10' },
  },
})
const events = Number(values.events)
const seconds = Number(values.seconds)
if (!(seconds > 0)) throw new Error(`--seconds takes a number above 0, not ${values.seconds}`)
const folder = mkdtempSync(join(tmpdir(), 'sequitur-bench-replay-'))
const server = await startEmbeddedServer({
  server: await obtainNatsServer({ older: 'replace' }),
  folder,
  host: '127.0.0.1',
  port: 0,
  syncAlways: false,
})
/** As the API takes it when nobody says otherwise. */
const DEFAULT_SHARE = 0.5
const broker = await connectBroker({ url: server.url, name: 'bench' })
try {
  await ensureInputStream(broker, {
    stream: STREAM,
    subjects: ['demo', 'accounts', 'auth', 'credit', 'k8s', 'logs', 'ops', 'payments', 'shop'].map(
      (first) => `${first}.>`,
    ),
    sourceStreams: [],
    inPlace: false,
    retentionMs: 0,
    bytesMax: 0,
  })
  await fill(broker, events)

  const rows: Row[] = []
  for (const pack of [...shippedPacks(), undefined]) {
    const row = await replayed(pack)
    if (row['same alerts'] === 'no') process.exitCode = 1
    rows.push(row)
  }

  const { alone, meanwhile } = await besideLive()
  const live = {
    'alone p99 ms': alone.p99Ms,
    'meanwhile p99 ms': meanwhile.p99Ms,
    times: meanwhile.p99Ms / alone.p99Ms,
  }
  if (values.json) console.log(JSON.stringify({ rows, live: { alone, meanwhile } }))
  else {
    printTable('Replays of the whole log', rows)
    printTable('A live worker at 1000 events/s, alone and with replays beside it', [live])
  }
} finally {
  killChildren()
  await broker.close()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}

/** Every entry of the log through the rules of a pack, or of all, and whether a worker raises the same. */
async function replayed(pack: string | undefined): Promise<Row> {
  const live = packEngine(pack)
  const { rules, ...engine } = live
  const kept: string[] = []
  const result = await childReplayRunner({ url: server.url, name: 'replay' }, engine)(
    { rules: shippedRules(pack), span: {}, share: 1, wholeLog: true },
    { progress: () => undefined, alerts: (alerts) => void kept.push(...alerts) },
    new AbortController().signal,
  )
  // As the worker does it: from its cursor, with the rows of a checkpoint.
  const partition = createPartition({ ...live, index: 0, count: 1 })
  const cursor = openCursor(broker, { stream: STREAM, after: 0 })
  const expected: string[] = []
  let raised = 0
  for await (const batch of cursor.batches()) {
    partition.process(batch)
    for (const { kind, payload } of partition.takeStep()?.effects ?? []) {
      if (kind !== 'alert') continue
      raised += 1
      if (expected.length < kept.length) expected.push(payload)
    }
    if (partition.position >= events) break
  }
  await cursor.close()
  const isSame = raised === result.alerts && kept.every((alert, index) => alert === expected[index])
  return {
    pack: pack ?? 'all',
    rules: rules?.length ?? 0,
    events,
    'events/s': result.eventsPerSecond,
    seconds: result.durationMs / 1000,
    alerts: result.alerts,
    'same alerts': isSame ? 'yes' : 'no',
  }
}

/** From publish to subscriber: first with nothing else to do, then while replays of the whole log run as the service runs them. */
async function besideLive(): Promise<{ readonly alone: Latency; readonly meanwhile: Latency }> {
  await ensureAlertStream(broker, { retentionMs: 0, bytesMax: 0 })
  const child = startChild('pipeline/worker-child.ts', [], {
    BENCH_URL: server.url,
    BENCH_EVENTS: '0',
    BENCH_RULES: 'pair',
    BENCH_COMMIT_MS: '25',
    BENCH_DATA: join(folder, 'data-live'),
  })
  await child.untilSaid((line) => 'running' in line)
  const publisher = await connectBroker({ url: server.url, name: 'bench-publisher' })
  await untilCaughtUp(publisher)
  const options = { eventsPerSecond: 1_000, seconds }
  const alone = await measureLatency(publisher, broker, options)

  const ending = new AbortController()
  const replaying = replayUntil(ending.signal)
  const meanwhile = await measureLatency(publisher, broker, options)
  ending.abort()
  await replaying
  await publisher.close()
  child.process.kill('SIGTERM')
  await child.ended
  return { alone, meanwhile }
}

async function replayUntil(signal: AbortSignal): Promise<void> {
  const { rules: _programs, ...engine } = packEngine()
  const run = childReplayRunner({ url: server.url, name: 'replay' }, engine)
  const job = { rules: shippedRules(), span: {}, share: DEFAULT_SHARE, wholeLog: true }
  const reports = { progress: () => undefined, alerts: () => undefined }
  while (!signal.aborted) await run(job, reports, signal).catch(() => undefined)
}

/** The worker begins at the first entry of the log: its first alert says that it is where the log ends. */
async function untilCaughtUp(publisher: Broker): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const subscription = broker.connection.subscribe('alerts.>', { callback: () => resolve() })
  await broker.connection.flush()
  publisher.connection.publish('demo.a', '{"user":"first"}')
  publisher.connection.publish('demo.b', '{"user":"first"}')
  await promise
  subscription.unsubscribe()
}
