import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { setCodegen } from '../engine/index.ts'
import { AuditLog, openAuditStore } from './audit/index.ts'
import type { Broker } from './broker/index.ts'
import {
  Catalogue,
  openBucket,
  PROPOSALS_BUCKET,
  PROPOSALS_KEPT_MS,
  ProposalDesk,
  RULES_BUCKET,
  sandboxedCompiler,
  VERSIONS_BUCKET,
} from './catalogue/index.ts'
import { type Config, redactUrl } from './config/index.ts'
import { claimDataFolder } from './data-folder.ts'
import {
  LISTS_BUCKET,
  ListDesk,
  openAlertStates,
  SILENCES_BUCKET,
  SilenceDesk,
  StateDesk,
} from './desk/index.ts'
import { ensureErasureStream, erasureDesk, natsErasureStore } from './erasure/index.ts'
import { natsInputHistory, sandboxedTracer } from './history/index.ts'
import {
  createHealthServer,
  createServer,
  type HealthCheck,
  type HealthServices,
  natsAlertLog,
  natsEventIntake,
  natsInspector,
  natsStreamTail,
} from './http/index.ts'
import { type Address, assertFree, listen } from './listen.ts'
import {
  checkBroker,
  checkWorker,
  engineOptions,
  healthOf,
  inputSubjects,
  type OwnedBroker,
  openBroker,
} from './parts.ts'
import { childReplayRunner, Replays } from './replay/index.ts'
import { ServiceError } from './service-error.ts'
import {
  createLog,
  createServiceMetrics,
  createWebhookMetrics,
  createWorkerMetrics,
  type Log,
  startTelemetry,
  type Telemetry,
  watchProcess,
  watchProposals,
} from './telemetry/index.ts'
import { createWebhooks } from './webhook-parts.ts'
import { startWorker, type Worker } from './worker/index.ts'

export type Role = 'api' | 'worker' | 'broker'

export interface ServiceOptions {
  /** One line for people about what takes long; default: the log. */
  readonly say?: (line: string) => void
  /** Default: JSON lines on standard error. */
  readonly log?: Log
}

/** A process that runs: what it can be reached at, and its end. */
export interface RunningService {
  readonly roles: readonly Role[]
  /** Of the API, or of a worker's health and metrics. */
  readonly url: string
  /** Of the broker, with credentials hidden. */
  readonly natsUrl: string
  /** Rejects when a part stopped by itself, with the reason; resolves after `stop`. */
  readonly done: Promise<void>
  /** Takes nothing new, finishes and commits what was begun, and ends everything that was started here. */
  stop(): Promise<void>
}

export const VERSION: string = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).version

/** API, worker and, when no NATS is configured, a broker: all in this process and beside it. */
export const serve = (config: Config, options: ServiceOptions = {}): Promise<RunningService> =>
  start(config, config.nats.url === undefined ? ['api', 'worker', 'broker'] : ['api', 'worker'], options)

/** The API alone; workers run elsewhere. */
export const api = (config: Config, options: ServiceOptions = {}): Promise<RunningService> =>
  start(config, ['api'], options)

/** A worker alone, with its health and metrics. */
export const worker = (config: Config, options: ServiceOptions = {}): Promise<RunningService> =>
  start(config, ['worker'], options)

const STOP_MS_MAX = 25_000

async function start(
  config: Config,
  roles: readonly Role[],
  options: ServiceOptions,
): Promise<RunningService> {
  assertProtected(config, roles)
  setCodegen(config.codegen)
  const log =
    options.log ?? createLog({ level: config.log.level, role: roles.length > 1 ? 'serve' : (roles[0] ?? '') })
  const say = options.say ?? ((line: string) => log.info({}, line))
  // What was started is stopped in the opposite order, also when the start fails half way.
  const started: Array<{ readonly name: string; readonly stop: () => unknown }> = []
  let ended = false
  const stop = async (): Promise<void> => {
    if (ended) return
    ended = true
    for (const part of started.toReversed()) {
      try {
        await part.stop()
      } catch (error) {
        log.error({ error }, `${part.name} did not stop cleanly`)
      }
    }
  }
  try {
    const address: Address = roles.includes('api')
      ? { host: config.http.host, port: config.http.port, setting: 'http.port' }
      : { host: config.http.host, port: config.http.workerPort, setting: 'http.workerPort' }
    await assertFree(address)
    if (roles.includes('worker')) started.push({ name: 'data folder', stop: claimDataFolder(config.dataDir) })
    const telemetry = startTelemetry({ serviceName: config.telemetry.serviceName, version: VERSION })
    started.push({ name: 'telemetry', stop: telemetry.stop })
    started.push({ name: 'process metrics', stop: watchProcess(telemetry.meter) })
    const owned = await openBroker(config, {
      name: `sequitur ${roles.join(' ')}`,
      mayEmbed: roles.includes('broker'),
      mayUpdateStreams: roles.includes('worker'),
      say,
    })
    started.push({ name: 'broker', stop: owned.close })

    const context: Context = { config, roles, log, owned, telemetry, startedAt: new Date().toISOString() }
    let running: Worker | undefined
    if (roles.includes('worker')) {
      const mine = await startWorker({
        broker: owned.broker,
        dataDir: join(config.dataDir, 'checkpoint'),
        partitions: config.partitions,
        commitIntervalMs: config.commitIntervalMs,
        engine: engineOptions(config),
        log,
        metrics: createWorkerMetrics(telemetry.meter, telemetry.tracing ? telemetry.tracer : undefined),
      })
      started.push({ name: 'worker', stop: () => mine.close() })
      running = mine
    }
    const base: HealthServices = {
      health: async () => healthOf(await checks(owned.broker, running)),
      prometheus: telemetry.prometheus,
      metrics: createServiceMetrics(telemetry.meter),
      log,
      now: Date.now,
    }
    const app = roles.includes('api')
      ? await createApi(context, base, started)
      : await createHealthServer(base, apiOptions(config))
    started.push({ name: 'http', stop: () => app.close() })
    const url = await listen(app, address)
    const natsUrl = redactUrl(owned.url)
    log.info({ url, nats: natsUrl, roles, version: VERSION }, 'ready')
    const done = endOf(owned, running, () => ended)
    // Whoever waits for it hears of a failure; nobody has to.
    done.catch(() => undefined)
    return { roles, url, natsUrl, done, stop: () => limited(stop(), log) }
  } catch (error) {
    await stop()
    throw error
  }
}

/** An API beside a NATS of others is part of something larger: everybody on the machine would be an operator of it. */
function assertProtected({ auth }: Config, roles: readonly Role[]): void {
  if (roles.includes('worker') || auth.apiKeys.length > 0 || auth.jwt !== undefined || !roles.includes('api'))
    return
  throw new ServiceError(
    'api-without-keys',
    '`sequitur api` answers nobody without a key, and none is configured',
    {
      hint: 'make one with `sequitur key`, or add auth.jwt; only `sequitur serve` and `sequitur demo` on loopback do without',
    },
  )
}

interface Context {
  readonly config: Config
  readonly roles: readonly Role[]
  readonly log: Log
  readonly owned: OwnedBroker
  readonly telemetry: Telemetry
  readonly startedAt: string
}

const apiOptions = (config: Config) => ({
  http: config.http,
  apiKeys: config.auth.apiKeys,
  jwt: config.auth.jwt,
  version: VERSION,
})

async function createApi(
  { config, roles, log, owned, telemetry, startedAt }: Context,
  base: HealthServices,
  started: Array<{ readonly name: string; readonly stop: () => unknown }>,
): Promise<FastifyInstance> {
  const { broker } = owned
  const subjects = inputSubjects(broker, config, base.now)
  const compiler = sandboxedCompiler({
    answered: base.metrics.compiled,
    killed: base.metrics.compileKilled,
  })
  started.push({ name: 'compiler', stop: compiler.close })
  const tracer = sandboxedTracer()
  started.push({ name: 'tracer', stop: tracer.close })
  const replays = new Replays(
    childReplayRunner({ ...owned.connection, name: 'sequitur replay' }, engineOptions(config)),
    base.now,
  )
  started.push({ name: 'replays', stop: () => replays.close() })
  const lists = new ListDesk({ bucket: await openBucket(broker.connection, LISTS_BUCKET), now: base.now })
  const rules = await openBucket(broker.connection, RULES_BUCKET)
  const proposals = new ProposalDesk({
    bucket: await openBucket(broker.connection, PROPOSALS_BUCKET, { keptMs: PROPOSALS_KEPT_MS }),
    rules,
    policy: config.approvals,
    now: base.now,
  })
  watchProposals(telemetry.meter, () => proposals.pending())
  const catalogue = new Catalogue({
    rules,
    proposals,
    versions: await openBucket(broker.connection, VERSIONS_BUCKET),
    compiler,
    now: base.now,
    fedSubjects: subjects.fed,
    knownLists: () => lists.names(),
  })
  await ensureErasureStream(broker)
  await catalogue.resume()
  const audit = new AuditLog(await openAuditStore(broker), base.now)
  const webhooks = await createWebhooks({
    broker,
    config: config.webhooks,
    catalogue,
    audit,
    metrics: createWebhookMetrics(telemetry.meter),
    log,
    now: base.now,
  })
  started.push({ name: 'webhooks', stop: () => webhooks.stop() })
  return createServer(
    {
      ...base,
      ...webhooks.services,
      catalogue,
      proposals,
      compiler,
      lists,
      silences: new SilenceDesk({
        bucket: await openBucket(broker.connection, SILENCES_BUCKET),
        now: base.now,
      }),
      states: new StateDesk({ store: await openAlertStates(broker), now: base.now }),
      alerts: natsAlertLog(broker),
      intake: natsEventIntake(broker, {
        stream: config.input.stream,
        subjects: subjects.own,
        payloadBytesMax: config.limits.payloadBytesMax,
      }),
      input: natsStreamTail(broker, config.input.stream),
      output: natsStreamTail(broker, 'ALERTS'),
      inspector: natsInspector(broker.connection, config.partitions),
      investigation: {
        history: natsInputHistory(broker, config.input.stream),
        tracer,
        setup: engineOptions(config),
      },
      replays,
      erasures: erasureDesk(natsErasureStore(broker), base.now),
      audit,
      about: async () => ({
        version: VERSION,
        roles,
        startedAt,
        broker: {
          connected: (await checkBroker(broker)).ok,
          version: broker.serverVersion,
          url: redactUrl(owned.url),
        },
      }),
      configuration: () => config.document,
    },
    apiOptions(config),
  )
}

async function checks(broker: Broker, running: Worker | undefined): Promise<readonly HealthCheck[]> {
  return [await checkBroker(broker), ...(running === undefined ? [] : checkWorker(running))]
}

/** The end of whatever ends first by itself. */
async function endOf(
  owned: OwnedBroker,
  running: Worker | undefined,
  stopping: () => boolean,
): Promise<void> {
  const ends: Promise<unknown>[] = []
  if (running !== undefined) ends.push(running.done)
  if (owned.embedded !== undefined)
    ends.push(
      owned.embedded.ended.then(() => {
        if (!stopping()) throw new ServiceError('nats-server-failed', 'the embedded nats-server has ended')
      }),
    )
  ends.push(
    owned.broker.connection.closed().then((error) => {
      if (!stopping())
        throw new ServiceError('broker-closed', 'the connection to the broker has ended for good', {
          cause: error,
        })
    }),
  )
  await Promise.race(ends)
}

/** A stop that hangs must not keep the process: what it would still do, the next start does. */
async function limited(stopping: Promise<void>, log: Log): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      log.error({}, `stopping took more than ${STOP_MS_MAX / 1000} s and was given up`)
      resolve()
    }, STOP_MS_MAX)
  })
  await Promise.race([stopping, limit])
  clearTimeout(timer)
}
