import { jetstream } from '@nats-io/jetstream'
import { type KV, Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { isWrongLastSequence } from '../broker/index.ts'
import { ServiceError } from '../service-error.ts'
import { readStream } from '../stream-page.ts'
import type { Bucket, BucketEntry } from './bucket.ts'

/** Rules in force: key = rule id, value = the last record. */
export const RULES_BUCKET = 'SEQUITUR_RULES'
/** Every version ever written: key = `<id>.<version>`. */
export const VERSIONS_BUCKET = 'SEQUITUR_RULE_VERSIONS'

const ENTRIES_MAX = 1_000_000

/** Opens the bucket and creates it when it is not there; workers may create it, too, in the same shape. Default: values stay for good. */
export async function openBucket(
  connection: NatsConnection,
  name: string,
  { keptMs }: { readonly keptMs?: number } = {},
): Promise<Bucket> {
  let kv: KV
  try {
    kv = await new Kvm(jetstream(connection)).create(name, {
      history: 1,
      ...(keptMs === undefined ? {} : { ttl: keptMs }),
    })
  } catch (cause) {
    throw new ServiceError('bucket-unavailable', `the bucket ${name} can be neither opened nor created`, {
      hint: 'check that JetStream is enabled and that the user may use KV',
      cause,
    })
  }
  const prefix = `$KV.${name}.`
  return {
    get: async (key) => {
      const entry = await kv.get(key)
      if (entry === null) return undefined
      return {
        key,
        value: entry.operation === 'PUT' ? entry.string() : undefined,
        revision: entry.revision,
      }
    },
    put: async (key, value, expected) => {
      try {
        return await kv.put(key, value, expected === undefined ? {} : { previousSeq: expected })
      } catch (error) {
        if (isWrongLastSequence(error)) return undefined
        throw error
      }
    },
    entries: async (filter = '>') => {
      const found: BucketEntry[] = []
      const page = {
        stream: `KV_${name}`,
        filter: prefix + filter,
        from: 'last-per-subject',
        max: ENTRIES_MAX,
      } as const
      await readStream(connection, page, (message) => {
        const deleted = ['DEL', 'PURGE'].includes(message.headers?.get('KV-Operation') ?? '')
        found.push({
          key: message.subject.slice(prefix.length),
          value: deleted ? undefined : message.string(),
          revision: message.seq,
        })
        return true
      })
      return found
    },
  }
}
