// A worker in a process of its own, to be killed. Configuration by environment; talks in lines of JSON.
import { connectBroker } from '../../src/service/broker/index.ts'
import { openCheckpointStore } from '../../src/service/checkpoint/index.ts'
import type { Log, WorkerMetrics } from '../../src/service/telemetry/index.ts'
import { startWorker } from '../../src/service/worker/index.ts'
import { engineOptions, parts } from './engine.ts'
import { type PlantedBug, plant } from './planted-bugs.ts'

const environment = (name: string): string => process.env[name] ?? ''
const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

// Started hundreds of times: without the telemetry of a service it starts in a third of the time.
const log: Log = {
  error: (fields, message) => console.error(message, fields.error),
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  child: () => log,
}
const metrics: WorkerMetrics = {
  committed: () => undefined,
  alertStored: () => undefined,
  watch: () => () => undefined,
}

try {
  const broker = await connectBroker({ url: environment('KILL_NATS_URL'), name: 'kill-worker' })
  const worker = await startWorker({
    broker,
    dataDir: environment('KILL_DATA'),
    partitions: Number(environment('KILL_PARTITIONS')),
    engine: engineOptions,
    commitIntervalMs: 10,
    log,
    metrics,
    ports: {
      parts,
      // Folds as often as a worker that has run for days.
      openStore: (options) => openCheckpointStore({ ...options, waitingChangesMax: 6 }),
      ...plant(environment('KILL_BUG') === '' ? undefined : (environment('KILL_BUG') as PlantedBug)),
    },
  })
  say({ kind: 'running' })
  const report = setInterval(() => say({ kind: 'status', ...worker.status() }), 50)
  process.once('SIGTERM', () => {
    clearInterval(report)
    worker
      .close()
      .then(async () => {
        say({ kind: 'closed', ...worker.status() })
        await broker.close()
      })
      .catch(stop)
  })
  worker.done.catch(stop)
} catch (error) {
  stop(error)
}

function stop(error: unknown): void {
  say({ kind: 'stopped', code: (error as { code?: string }).code ?? 'unknown', message: String(error) })
  process.exitCode = 1
  setImmediate(() => process.exit(1))
}
