import { jetstream } from '@nats-io/jetstream'
import { type KV, Kvm } from '@nats-io/kv'
import type { Broker } from '../broker/index.ts'
import type { Clock } from '../worker/ports.ts'

const BUCKET = 'SEQUITUR_OWNERS'
const TTL_MS = 4_000

export interface Lease {
  /** Resolves when the lease is lost; never when it is released. */
  readonly lost: Promise<void>
  release(): Promise<void>
}

export interface LeaseOptions {
  readonly partition: number
  /** Survives a restart of the same data folder, so that it does not wait for its own former life. */
  readonly owner: string
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Once, when somebody else holds it. */
  readonly onStandby: (owner: string) => void
}

/**
 * Waits until the partition is free and holds it. A lease only keeps workers from fighting; that an older owner can do no harm
 * is the alert log's business and depends on no clock. Undefined when the signal ended the wait.
 */
export async function acquireLease(broker: Broker, options: LeaseOptions): Promise<Lease | undefined> {
  const bucket = await new Kvm(jetstream(broker.connection)).create(BUCKET, { history: 1, ttl: TTL_MS })
  const key = `partition-${options.partition}`
  let isStandby = false
  while (!options.signal.aborted) {
    const revision = await take(bucket, key, options.owner)
    if (typeof revision === 'number') return hold(bucket, { key, revision }, options)
    if (!isStandby && revision !== undefined) options.onStandby(revision)
    isStandby = true
    await options.clock.sleep(TTL_MS / 8, options.signal)
  }
  return undefined
}

/** The revision of our entry, or who has it, or undefined when the broker could not say. */
async function take(bucket: KV, key: string, owner: string): Promise<number | string | undefined> {
  try {
    return await bucket.create(key, owner)
  } catch {
    try {
      const entry = await bucket.get(key)
      if (entry === null || entry.operation !== 'PUT') return undefined
      if (entry.string() !== owner) return entry.string()
      return await bucket.update(key, owner, entry.revision)
    } catch {
      return undefined
    }
  }
}

function hold(bucket: KV, held: { readonly key: string; revision: number }, options: LeaseOptions): Lease {
  const ending = new AbortController()
  let heldUntil = options.clock.monotonicMs() + TTL_MS
  const renew = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await options.clock.sleep(TTL_MS / 3, ending.signal)
      if (ending.signal.aborted) return
      const askedAt = options.clock.monotonicMs()
      try {
        held.revision = await bucket.update(held.key, options.owner, held.revision)
        heldUntil = askedAt + TTL_MS
      } catch {
        // Perhaps renewed with the answer lost, perhaps somebody else's: what stands there decides.
        const revision = await take(bucket, held.key, options.owner)
        if (typeof revision === 'number') held.revision = revision
        else if (revision !== undefined || options.clock.monotonicMs() > heldUntil + 10 * TTL_MS)
          return lose()
      }
    }
  }
  let lose: () => void = () => undefined
  const lost = new Promise<void>((resolve) => {
    lose = resolve
  })
  const renewing = renew()
  return {
    lost,
    release: async () => {
      ending.abort()
      await renewing
      await bucket.delete(held.key, { previousSeq: held.revision }).catch(() => undefined)
    },
  }
}
