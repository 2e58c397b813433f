import { join } from 'node:path'
import type { PartitionOptions, SourceOptions } from '../engine/index.ts'
import {
  type Broker,
  type BrokerOptions,
  CONTROL_SUBJECT,
  connectBroker,
  type EmbeddedServer,
  ensureAlertStream,
  ensureInputStream,
  findStream,
  obtainNatsServer,
  startEmbeddedServer,
} from './broker/index.ts'
import type { Config } from './config/index.ts'
import type { Health, HealthCheck } from './http/index.ts'
import { assertFree } from './listen.ts'
import { ServiceError } from './service-error.ts'
import type { Worker } from './worker/index.ts'

/** The broker of this process: the configured one, or one that is started beside it. */
export interface OwnedBroker {
  readonly broker: Broker
  readonly url: string
  /** How another process connects to it; holds credentials. */
  readonly connection: BrokerOptions
  readonly embedded: EmbeddedServer | undefined
  close(): Promise<void>
}

/** Connects, and makes sure of the input log and the alert log. `say` tells people what takes long. */
export async function openBroker(
  config: Config,
  options: {
    readonly name: string
    readonly mayEmbed: boolean
    /** Streams that are there are brought up to date: the worker's business, whose NATS user may do that. */
    readonly mayUpdateStreams: boolean
    readonly say: (line: string) => void
  },
): Promise<OwnedBroker> {
  const embedded = config.nats.url === undefined ? await embed(config, options) : undefined
  const url = config.nats.url ?? embedded?.url ?? ''
  try {
    const { credsFile, user, password, token, inboxPrefix, tls } = config.nats
    const connection: BrokerOptions = {
      url,
      name: options.name,
      ...(embedded === undefined
        ? { credsFile, user, password: password?.reveal(), token: token?.reveal(), inboxPrefix, tls }
        : {}),
    }
    const broker = await connectBroker(connection)
    try {
      await ensureInputStream(broker, { ...config.input, mayUpdate: options.mayUpdateStreams })
      await ensureAlertStream(broker, { ...config.alerts, mayUpdate: options.mayUpdateStreams })
    } catch (error) {
      await broker.close()
      throw error
    }
    return {
      broker,
      url,
      connection,
      embedded,
      close: async () => {
        await broker.close()
        await embedded?.stop()
      },
    }
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}

async function embed(
  config: Config,
  options: { readonly mayEmbed: boolean; readonly say: (line: string) => void },
): Promise<EmbeddedServer> {
  if (!options.mayEmbed)
    throw new ServiceError('broker-unreachable', 'this process has no broker of its own', {
      hint: 'set nats.url (SEQUITUR_NATS_URL), or run `sequitur serve`',
    })
  const { host, port, serverPath } = config.nats.embedded
  await assertFree({ host, port, setting: 'nats.embedded.port, or nats.url to use the NATS that is there' })
  const server = await obtainNatsServer({
    say: options.say,
    ...(serverPath === undefined
      ? {}
      : { environment: { ...process.env, SEQUITUR_NATS_SERVER: serverPath } }),
  })
  return startEmbeddedServer({ server, folder: join(config.dataDir, 'nats'), host, port })
}

/** What the engine needs of the configuration. */
export const engineOptions = (
  config: Config,
): Pick<PartitionOptions, 'stream' | 'sources' | 'limits' | 'redact'> => ({
  stream: config.input.stream,
  limits: config.limits,
  redact: config.redact,
  ...(config.sources.length === 0 ? {} : { sources: config.sources.map(sourceOptions) }),
})

const sourceOptions = (source: Config['sources'][number]): SourceOptions => ({
  name: source.name,
  subjects: [source.subject],
  latenessMs: source.latenessMs,
  maxAheadMs: source.maxAheadMs,
  idleMs: source.idleMs,
  ...(source.timestamp === undefined ? {} : { timestamp: { path: source.timestamp, unit: source.unit } }),
})

export interface InputSubjects {
  /** What may be published into the log. */
  own(): Promise<readonly string[]>
  /** What may stand in the log: its own, and those of the streams it copies from. */
  fed(): Promise<readonly string[]>
}

const REMEMBERED_MS = 5_000

/** Asks the broker, and remembers the answer for a while: it is needed with every event that comes over HTTP. */
export function inputSubjects(broker: Broker, config: Config, now: () => number): InputSubjects {
  const remember = <T>(find: () => Promise<T>): (() => Promise<T>) => {
    let known: { readonly value: T; readonly until: number } | undefined
    return async () => {
      if (known === undefined || known.until <= now())
        known = { value: await find(), until: now() + REMEMBERED_MS }
      return known.value
    }
  }
  const own = remember(async () => {
    const stream = await findStream(broker, config.input.stream)
    return (stream?.config.subjects ?? []).filter((subject) => subject !== CONTROL_SUBJECT)
  })
  const sourced = remember(async () => {
    const stream = await findStream(broker, config.input.stream)
    const subjects = await Promise.all(
      (stream?.config.sources ?? []).map(async ({ name, filter_subject }) =>
        filter_subject === undefined || filter_subject === ''
          ? ((await findStream(broker, name).catch(() => undefined))?.config.subjects ?? ['>'])
          : [filter_subject],
      ),
    )
    return subjects.flat()
  })
  return { own, fed: async () => [...(await own()), ...(await sourced())] }
}

const ANSWER_MS_MAX = 1_000

/** Whether the broker answers now. */
export async function checkBroker(broker: Broker): Promise<HealthCheck> {
  const name = 'broker'
  if (broker.connection.isClosed()) return { name, ok: false, reason: 'the connection is closed' }
  const late = Symbol('late')
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<typeof late>((resolve) => {
    timer = setTimeout(() => resolve(late), ANSWER_MS_MAX)
  })
  const answer = await Promise.race([broker.connection.rtt().catch(() => late), limit])
  clearTimeout(timer)
  return answer === late ? { name, ok: false, reason: 'the broker does not answer' } : { name, ok: true }
}

/** Whether the partitions of this process run; one that another worker has is none of ours. */
export function checkWorker(worker: Worker): readonly HealthCheck[] {
  const { partitions, standby } = worker.status()
  return [
    ...partitions.map(({ partition, running, stopped }) => ({
      name: `partition ${partition}`,
      ok: running,
      ...(stopped === undefined ? {} : { reason: `${stopped.code}: ${stopped.message}` }),
    })),
    ...standby.map((partition) => ({
      name: `partition ${partition}`,
      ok: true,
      reason: 'another worker has it; this one stands by',
    })),
  ]
}

export const healthOf = (checks: readonly HealthCheck[]): Health => ({
  ready: checks.every(({ ok }) => ok),
  checks,
})
