import { type JetStreamClient, jetstream } from '@nats-io/jetstream'
import { Kvm, type KvWatchEntry } from '@nats-io/kv'
import { answerOfConnection, type Broker } from '../broker/index.ts'
import { describeError } from '../service-error.ts'
import type { Log } from '../telemetry/index.ts'
import type { Clock } from './ports.ts'

/** What is carried from a bucket into the log. */
export interface Activated {
  readonly bucket: string
  readonly subject: string
  /** For people and message ids: `rule`, `list`, `silence`. */
  readonly name: string
  /** Who it is, and its entry of the log; undefined when somebody else wrote something else. */
  readonly read: (text: string) => ActivatedEntry | undefined
}

export interface ActivatedEntry {
  readonly id: string
  readonly version: number
  readonly payload: string
}

export interface ActivatorOptions {
  readonly broker: Broker
  readonly what: Activated
  /** Versions that the log holds already, as far as the partitions here have read it; undefined while none runs here. */
  readonly knownVersions: () => ReadonlyMap<string, number> | undefined
  readonly log: Log
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Time until everything is compared again after a rule could not be carried over. */
const RETRY_MS = 2_000
/** Reading what the partitions have costs as much as they have rules. */
const KNOWN_MS_MAX = 500

/**
 * Carries versions (of rules, lists, silences) from their bucket into the input log, where they take their place among the events. Any number of workers
 * may do it at once: the message id makes one of them, and the engine passes over versions it has. Everything in the bucket is
 * compared at the start, after every reconnect and after every failure, so nothing depends on a change having been seen.
 */
export async function runActivator(options: ActivatorOptions): Promise<void> {
  const { broker, log, clock, signal } = options
  const client = jetstream(broker.connection, { timeout: 5_000 })
  while (!signal.aborted) {
    try {
      if (options.knownVersions() !== undefined) await follow(client, options)
    } catch (error) {
      if (signal.aborted) return
      log.warn(
        { error },
        `${options.what.name}s cannot be carried into the log for now: ${describeError(error)}`,
      )
    }
    await clock.sleep(250, signal)
  }
}

/** Until the signal, a reconnect, or a while after a failure. */
async function follow(client: JetStreamClient, options: ActivatorOptions): Promise<void> {
  const { broker, clock, signal, log, what } = options
  const bucket = await answerOfConnection(broker, new Kvm(client).create(what.bucket, { history: 1 }), signal)
  const watch = await answerOfConnection(broker, bucket.watch(), signal)
  const ending = new AbortController()
  const end = (): void => {
    watch.stop()
    ending.abort()
  }
  signal.addEventListener('abort', end, { once: true })
  // Asked to stop while the watch was made: the listener comes too late for that.
  if (signal.aborted) end()
  // The library's watch may stay silent for a long while after one.
  const forget = broker.onReconnect(end)
  const known = remembered(options)
  try {
    for await (const entry of watch) {
      try {
        await activate(client, entry, { known, log, what })
      } catch (error) {
        log.warn(
          { error, [what.name]: entry.key },
          `the input log did not take a ${what.name} version; it is tried again`,
        )
        void clock.sleep(RETRY_MS, ending.signal).then(end)
      }
    }
  } finally {
    forget()
    signal.removeEventListener('abort', end)
    ending.abort()
  }
}

function remembered({ knownVersions, clock }: ActivatorOptions): (id: string) => number {
  let versions = knownVersions()
  let readAt = clock.monotonicMs()
  return (id) => {
    if (clock.monotonicMs() - readAt > KNOWN_MS_MAX) {
      versions = knownVersions()
      readAt = clock.monotonicMs()
    }
    return versions?.get(id) ?? 0
  }
}

async function activate(
  client: JetStreamClient,
  entry: KvWatchEntry,
  {
    known,
    log,
    what,
  }: { readonly known: (id: string) => number; readonly log: Log; readonly what: Activated },
): Promise<void> {
  if (entry.operation !== 'PUT') return
  const record = what.read(entry.string())
  if (record === undefined) {
    log.warn({ [what.name]: entry.key }, `the bucket ${what.bucket} holds something that is no ${what.name}`)
    return
  }
  if (record.version <= known(record.id)) return
  await client.publish(what.subject, record.payload, { msgID: `${what.name}.${record.id}.${record.version}` })
  log.info({ [what.name]: record.id, version: record.version }, `${what.name} version written to the log`)
}
