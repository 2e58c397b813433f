import { type JetStreamClient, jetstream } from '@nats-io/jetstream'
import { Kvm, type KvWatchEntry } from '@nats-io/kv'
import { answerOfConnection, type Broker } from '../broker/index.ts'
import { describeError } from '../service-error.ts'
import type { Log } from '../telemetry/index.ts'
import type { Clock } from './ports.ts'

const BUCKET = 'SEQUITUR_RULES'
const SUBJECT = 'sequitur.log.rule'

export interface ActivatorOptions {
  readonly broker: Broker
  /** Rule versions that the log holds already, as far as the partitions here have read it; undefined while none runs here. */
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
 * Carries rule versions from their bucket into the input log, where they take their place among the events. Any number of workers
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
      log.warn({ error }, `rules cannot be carried into the log for now: ${describeError(error)}`)
    }
    await clock.sleep(250, signal)
  }
}

/** Until the signal, a reconnect, or a while after a failure. */
async function follow(client: JetStreamClient, options: ActivatorOptions): Promise<void> {
  const { broker, clock, signal, log } = options
  const bucket = await answerOfConnection(broker, new Kvm(client).create(BUCKET, { history: 1 }), signal)
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
        await activate(client, entry, { known, log })
      } catch (error) {
        log.warn({ error, rule: entry.key }, 'the input log did not take a rule version; it is tried again')
        void clock.sleep(RETRY_MS, ending.signal).then(end)
      }
    }
  } finally {
    forget()
    signal.removeEventListener('abort', end)
    ending.abort()
  }
}

function remembered({ knownVersions, clock }: ActivatorOptions): (rule: string) => number {
  let versions = knownVersions()
  let readAt = clock.monotonicMs()
  return (rule) => {
    if (clock.monotonicMs() - readAt > KNOWN_MS_MAX) {
      versions = knownVersions()
      readAt = clock.monotonicMs()
    }
    return versions?.get(rule) ?? 0
  }
}

async function activate(
  client: JetStreamClient,
  entry: KvWatchEntry,
  { known, log }: { readonly known: (rule: string) => number; readonly log: Log },
): Promise<void> {
  if (entry.operation !== 'PUT') return
  const record = readIdentity(entry.string())
  if (record === undefined) {
    log.warn({ rule: entry.key }, 'the rule bucket holds something that is not a rule record')
    return
  }
  if (record.version <= known(record.id)) return
  await client.publish(SUBJECT, entry.value, { msgID: `rule.${record.id}.${record.version}` })
  log.info({ rule: record.id, version: record.version }, 'rule version written to the log')
}

function readIdentity(text: string): { readonly id: string; readonly version: number } | undefined {
  try {
    const { id, version } = JSON.parse(text) as { id?: unknown; version?: unknown }
    return typeof id === 'string' && typeof version === 'number' ? { id, version } : undefined
  } catch {
    return undefined
  }
}
