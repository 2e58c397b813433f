// npm run bench [-- --json --events N --rounds N --profile]: one worker from the broker to the alert log, beside bare ingest.
// npm run bench -- --rules: the whole path with ten rules and with ten thousand, with as many matches.
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  ALERT_STREAM,
  connectBroker,
  type EmbeddedServer,
  ensureAlertStream,
  ensureInputStream,
  findStream,
  obtainNatsServer,
  startEmbeddedServer,
} from '../src/service/broker/index.ts'
import { type Latency, measureLatency } from './pipeline/latency.ts'
import { type Measured, median } from './pipeline/meter.ts'
import { topFunctions } from './pipeline/profile.ts'
import { fill, fillPairs, STREAM } from './pipeline/setup.ts'
import { killChildren, startChild } from './support/children.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    rules: { type: 'boolean', default: false },
    events: { type: 'string', default: '300000' },
    rounds: { type: 'string', default: '3' },
    server: { type: 'string' },
  },
})
if (values.server !== undefined) process.env['SEQUITUR_NATS_SERVER'] = values.server

interface Row {
  readonly name: string
  readonly eventsPerSecond: number
  readonly ratio: number
  readonly cpuMicros: number
  readonly mainMicros: number
  readonly megabytes: number
  /** The longest that the event loop of the worker stood still. */
  readonly stallMs?: number
}

type SyncedLatency = Latency & { readonly synced: 'yes' | 'no' }

interface Case {
  readonly name: string
  readonly child: 'bare-child.ts' | 'worker-child.ts'
  readonly commitMs: number
  readonly rules?: 'ten' | 'ten-thousand'
}

const WHOLE_PATH: Case = {
  name: 'whole path, commit every 1 s',
  child: 'worker-child.ts',
  commitMs: 1_000,
}
/** Each is compared with the first. */
const CASES: readonly Case[] = [
  { name: 'bare ingest', child: 'bare-child.ts', commitMs: 0 },
  WHOLE_PATH,
  { name: 'whole path, commit every 50 ms', child: 'worker-child.ts', commitMs: 50 },
]
const RULE_CASES: readonly Case[] = [
  { name: '10 rules', child: 'worker-child.ts', commitMs: 1_000, rules: 'ten' },
  { name: '10,000 rules', child: 'worker-child.ts', commitMs: 1_000, rules: 'ten-thousand' },
]

const events = Number(values.events)
const folder = mkdtempSync(join(tmpdir(), 'sequitur-bench-'))
const note = (line: string): void => void (values.json || console.error(line))
let server: EmbeddedServer | undefined

try {
  const binary = await obtainNatsServer({ older: 'replace', say: note })
  const start = (name: string, syncAlways: boolean): Promise<EmbeddedServer> =>
    startEmbeddedServer({
      server: binary,
      folder: join(folder, name),
      host: '127.0.0.1',
      port: 0,
      syncAlways,
    })
  server = await start('nats', false)
  const bytes = await prepare(server.url, events)
  note(`${events} events of ${Math.round(bytes / events)} bytes, nats-server ${server.version}`)
  const rows = await throughput(server.url, values.rules ? RULE_CASES : CASES)
  const profile = values.profile ? await profileWholePath(server.url) : undefined
  const latency: SyncedLatency[] = []
  if (!values.rules) {
    latency.push(await latencyOf(server.url, 'no'))
    await server.stop()
    server = await start('nats-synced', true)
    latency.push(await latencyOf(server.url, 'yes'))
  }
  report({ rows, latency, ...(profile === undefined ? {} : { profile }), version: binary.version })
} finally {
  killChildren()
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function prepare(url: string, count: number): Promise<number> {
  const broker = await connectBroker({ url, name: 'bench' })
  await ensureInputStream(broker, {
    stream: STREAM,
    subjects: [
      'payments.>',
      'auth.>',
      'accounts.>',
      'credit.>',
      'shop.>',
      'ops.>',
      'logs.>',
      'k8s.>',
      'demo.>',
      'bench.>',
    ],
    sourceStreams: [],
    inPlace: false,
    retentionMs: 0,
    bytesMax: 0,
  })
  await ensureAlertStream(broker, { retentionMs: 0, bytesMax: 0 })
  const bytes = count === 0 ? 0 : await (values.rules ? fillPairs : fill)(broker, count)
  await broker.close()
  return bytes
}

/** Of what was measured in one round: between rounds the machine may be another. */
function ratioTo(first: Measured | undefined, { eventsPerSecond }: Measured): number {
  return eventsPerSecond / (first?.eventsPerSecond ?? Number.NaN)
}

/** Rounds are interleaved, so that a busy moment of the machine hits every case. */
async function throughput(url: string, cases: readonly Case[]): Promise<readonly Row[]> {
  const measured = cases.map(() => [] as Array<Measured & { readonly stallMs?: number }>)
  for (let round = 1; round <= Number(values.rounds); round += 1)
    for (const [index, each] of cases.entries()) {
      const result = await runCase(url, each, `${round}-${index}`)
      measured[index]?.push(result)
      note(`round ${round}: ${each.name}: ${result.eventsPerSecond} events/s`)
    }
  return cases.map(({ name }, index) => {
    const results = measured[index] ?? []
    const eventsPerSecond = median(results.map((result) => result.eventsPerSecond))
    const stalls = results.flatMap(({ stallMs }) => (stallMs === undefined ? [] : [stallMs]))
    return {
      name,
      eventsPerSecond,
      ratio:
        Math.round(median(results.map((result, round) => ratioTo(measured[0]?.[round], result))) * 100) / 100,
      cpuMicros: median(results.map((result) => result.cpuMicros)),
      mainMicros: median(results.map((result) => result.mainMicros)),
      megabytes: median(results.map((result) => result.megabytes)),
      ...(stalls.length === 0 ? {} : { stallMs: median(stalls) }),
    }
  })
}

async function runCase(
  url: string,
  each: Case,
  name: string,
  nodeOptions: readonly string[] = [],
): Promise<Measured> {
  await emptyAlerts(url)
  const child = startChild(`pipeline/${each.child}`, nodeOptions, {
    BENCH_URL: url,
    BENCH_EVENTS: String(events),
    BENCH_COMMIT_MS: String(each.commitMs),
    BENCH_DATA: join(folder, `data-${name}`),
    ...(each.rules === undefined ? {} : { BENCH_RULES: each.rules }),
  })
  const said = await child.untilSaid((line) => 'eventsPerSecond' in line)
  await child.ended
  return said as unknown as Measured
}

/** A worker with a new data folder begins at the first entry again; what an earlier one published is none of its business. */
async function emptyAlerts(url: string): Promise<void> {
  const broker = await connectBroker({ url, name: 'bench' })
  await broker.manager.streams.delete(ALERT_STREAM)
  await ensureAlertStream(broker, { retentionMs: 0, bytesMax: 0 })
  await broker.close()
}

async function profileWholePath(url: string): Promise<readonly string[]> {
  const out = join(folder, 'profile')
  await runCase(url, values.rules ? (RULE_CASES[1] as Case) : WHOLE_PATH, 'profile', [
    '--cpu-prof',
    `--cpu-prof-dir=${out}`,
  ])
  return topFunctions(out, 12)
}

/** `synced`: the broker waits for the disk at every message, as the embedded one does. */
async function latencyOf(url: string, synced: 'yes' | 'no'): Promise<SyncedLatency> {
  const broker = await connectBroker({ url, name: 'bench' })
  if ((await findStream(broker, STREAM)) !== undefined) await broker.manager.streams.delete(STREAM)
  await broker.close()
  await prepare(url, 0)
  await emptyAlerts(url)
  const child = startChild('pipeline/worker-child.ts', [], {
    BENCH_URL: url,
    BENCH_EVENTS: '0',
    BENCH_RULES: 'pair',
    BENCH_COMMIT_MS: '25',
    BENCH_DATA: join(folder, `data-latency-${synced}`),
  })
  await child.untilSaid((line) => 'running' in line)
  const publisher = await connectBroker({ url, name: 'bench-publisher' })
  const subscriber = await connectBroker({ url, name: 'bench-subscriber' })
  const latency = await measureLatency(publisher, subscriber, { eventsPerSecond: 1_000, seconds: 10 })
  await publisher.close()
  await subscriber.close()
  child.process.kill('SIGTERM')
  await child.ended
  return { ...latency, synced }
}

function report(result: {
  readonly rows: readonly Row[]
  readonly latency: readonly SyncedLatency[]
  readonly profile?: readonly string[]
  readonly version: string
}): void {
  if (values.json) {
    const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version }
    console.log(JSON.stringify({ events, rounds: Number(values.rounds), machine, ...result }))
    return
  }
  console.table(
    Object.fromEntries(
      result.rows.map(({ name, ...row }) => [
        name,
        {
          'events/s': row.eventsPerSecond,
          [values.rules ? 'of 10 rules' : 'of bare ingest']: row.ratio,
          'CPU µs/event': row.cpuMicros,
          'of it main thread': row.mainMicros,
          'MB resident': row.megabytes,
          'longest stall ms': row.stallMs ?? '',
        },
      ]),
    ),
  )
  for (const { synced, ...latency } of result.latency)
    console.log(
      `A followed by B at ${latency.eventsPerSecond} events/s, from publish to a subscriber${synced === 'yes' ? ', every message synced to disk' : ''}: p50 ${latency.p50Ms} ms, p99 ${latency.p99Ms} ms, longest ${latency.maxMs} ms (${latency.alerts} alerts)`,
    )
  for (const line of result.profile ?? []) console.log(line)
}
