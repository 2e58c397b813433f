import { type JetStreamClient, jetstream } from '@nats-io/jetstream'
import { Kvm, type KvWatchEntry } from '@nats-io/kv'
import type { Broker } from '../broker/index.ts'
import { describeError } from '../service-error.ts'
import type { Log } from '../telemetry/index.ts'
import type { Clock } from './ports.ts'

const BUCKET = 'SEQUITUR_RULES'
const SUBJECT = 'sequitur.log.rule'

export interface ActivatorOptions {
  readonly broker: Broker
  /** The version of a rule that every partition here has; 0 for none. */
  readonly knownVersion: (rule: string) => number
  readonly log: Log
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * Carries rule versions from their bucket into the input log, where they take their place among the events. Any number of workers
 * may do it at once: the message id makes one of them, and the engine passes over versions it has.
 */
export async function runActivator(options: ActivatorOptions): Promise<void> {
  const { broker, log, clock, signal } = options
  const client = jetstream(broker.connection, { timeout: 5_000 })
  while (!signal.aborted) {
    try {
      const bucket = await new Kvm(client).create(BUCKET, { history: 1 })
      const watch = await bucket.watch()
      const stop = () => watch.stop()
      signal.addEventListener('abort', stop, { once: true })
      // Asked to stop while the watch was made: the listener comes too late for that.
      if (signal.aborted) stop()
      for await (const entry of watch) await activate(client, entry, options)
      signal.removeEventListener('abort', stop)
    } catch (error) {
      if (signal.aborted) return
      log.warn({ error }, `rules cannot be carried into the log for now: ${describeError(error)}`)
    }
    await clock.sleep(500, signal)
  }
}

async function activate(
  client: JetStreamClient,
  entry: KvWatchEntry,
  options: ActivatorOptions,
): Promise<void> {
  if (entry.operation !== 'PUT') return
  const record = readIdentity(entry.string())
  if (record === undefined) {
    options.log.warn({ rule: entry.key }, 'the rule bucket holds something that is not a rule record')
    return
  }
  if (record.version <= options.knownVersion(record.id)) return
  await publish(client, entry.value, `rule.${record.id}.${record.version}`, options)
  options.log.info({ rule: record.id, version: record.version }, 'rule version written to the log')
}

async function publish(
  client: JetStreamClient,
  payload: Uint8Array,
  id: string,
  options: ActivatorOptions,
): Promise<void> {
  while (!options.signal.aborted) {
    try {
      await client.publish(SUBJECT, payload, { msgID: id })
      return
    } catch (error) {
      options.log.warn({ error, id }, 'the input log did not take a rule version; it is tried again')
      await options.clock.sleep(500, options.signal)
    }
  }
}

function readIdentity(text: string): { readonly id: string; readonly version: number } | undefined {
  try {
    const { id, version } = JSON.parse(text) as { id?: unknown; version?: unknown }
    return typeof id === 'string' && typeof version === 'number' ? { id, version } : undefined
  } catch {
    return undefined
  }
}
