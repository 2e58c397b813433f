// One worker in a process of its own, as `sequitur worker` runs it. Says when it runs, and when it has done BENCH_EVENTS.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { connectBroker } from '../../src/service/broker/index.ts'
import type { WorkerMetrics } from '../../src/service/telemetry/index.ts'
import { silentLog } from '../../src/service/telemetry/index.ts'
import { startWorker } from '../../src/service/worker/index.ts'
import { measuredBetween, type Reading, readClocks, say, warmUpEvents } from './meter.ts'
import { manyEngine, packEngine, pairEngine } from './setup.ts'

const events = Number(process.env['BENCH_EVENTS'])
const rules = process.env['BENCH_RULES']
const engine =
  rules === 'ten' || rules === 'ten-thousand'
    ? manyEngine(rules)
    : rules === 'pair'
      ? pairEngine()
      : packEngine()
const broker = await connectBroker({ url: process.env['BENCH_URL'] ?? '', name: 'bench-worker' })
const commits: number[] = []
/** At every commit while there is more to do: from one to another, as many events are committed as were processed. */
const readings: Reading[] = []
const metrics: WorkerMetrics = {
  committed: (seconds) => {
    commits.push(seconds * 1000)
    const position = worker.status().partitions[0]?.position ?? 0
    if (position >= warmUpEvents(events) && position < events) readings.push(readClocks(position))
  },
  alertStored: () => undefined,
  watch: () => () => undefined,
}
const worker = await startWorker({
  broker,
  dataDir: process.env['BENCH_DATA'] ?? '',
  partitions: 1,
  engine,
  commitIntervalMs: Number(process.env['BENCH_COMMIT_MS']),
  log: silentLog,
  metrics,
})
worker.done.catch((error: unknown) => {
  say({ failed: String(error) })
  process.exit(1)
})
say({ running: true })
const delays = monitorEventLoopDelay({ resolution: 5 })
delays.enable()
const isDone = (): boolean => {
  const [partition] = worker.status().partitions
  return partition !== undefined && partition.position >= events && partition.outboxEffects === 0
}
if (events > 0) {
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 10))
  const [first] = readings
  const last = readings.at(-1)
  await worker.close()
  if (first === undefined || last === undefined || last === first)
    throw new Error('too few events for two commits')
  say({
    ...measuredBetween(first, last),
    commits: commits.length,
    commitMs: Math.round(Math.max(...commits)),
    stallMs: Math.round(delays.max / 1e6),
    counters: worker.status().partitions[0]?.counters,
  })
  await broker.close()
  process.exit(0)
}
process.once('SIGTERM', () => {
  worker
    .close()
    .then(() => broker.close())
    .then(() => process.exit(0))
})
