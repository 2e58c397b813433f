import { jetstream } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import { openCheckpointStore } from '../../src/service/checkpoint/index.ts'
import { openAlertSink } from '../../src/service/publish/index.ts'
import type { AlertSink, RunnerPorts } from '../../src/service/worker/index.ts'

export type PlantedBug = 'publish-before-commit' | 'no-fencing'

/** Mistakes that somebody could make; the harness must find each of them. */
export function plant(bug: PlantedBug | undefined): Partial<RunnerPorts> {
  switch (bug) {
    case undefined:
      return {}
    case 'publish-before-commit':
      return publishBeforeCommit()
    case 'no-fencing':
      return { openSink: unfencedSink, openStore: unfencedStore }
    default:
      return bug satisfies never
  }
}

/** Effects leave first and are committed after; what is read again after a kill between the two leaves again. */
function publishBeforeCommit(): Partial<RunnerPorts> {
  let sink: AlertSink | undefined
  return {
    openSink: (broker, options) => {
      const real = unfencedSink(broker, options)
      sink = real
      return {
        ...real,
        claim: () => Promise.resolve(Number.MAX_SAFE_INTEGER),
        publish: () => Promise.resolve(),
      }
    },
    openStore: async (options) => {
      const store = await openCheckpointStore(options)
      const commit = store.commit.bind(store)
      return Object.assign(store, {
        outbox: () => Promise.resolve([]),
        commit: async (...[step, proof]: Parameters<typeof commit>) => {
          await sink?.publish(step.effects)
          await commit(step, proof)
        },
      })
    },
  }
}

const unfencedSink: typeof openAlertSink = (broker, options) => {
  const real = openAlertSink(broker, options)
  const client = jetstream(broker.connection)
  return {
    claim: (epoch) => real.claim(epoch),
    close: () => real.close(),
    publish: async (effects) => {
      await Promise.all(
        effects.map((effect) => {
          const sent = headers()
          sent.set('Sequitur-Number', String(effect.number))
          sent.set('Sequitur-Partition', String(options.partition))
          return client.publish(effect.subject, effect.payload, { headers: sent, timeout: 2_000 })
        }),
      )
    },
  }
}

/** Every owner commits as if it were the only one. */
const unfencedStore: typeof openCheckpointStore = async (options) => {
  const store = await openCheckpointStore(options)
  return Object.assign(store, { nextEpoch: () => Promise.resolve(0) })
}
