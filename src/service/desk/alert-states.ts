import { jetstream, StorageType } from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import { ALERT_STATES_STREAM, type Broker, isNotFound, isWrongLastSequence } from '../broker/index.ts'
import type { Bucket, BucketEntry } from '../catalogue/index.ts'
import { readStream } from '../stream-page.ts'

const PREFIX = 'sequitur.alert-state.'
const HISTORY_MAX = 32
const KEPT_DAYS = 400
const STATES_MAX = 1_000_000

/** What people said of alerts, by alert id: the last word, and those before it. */
export interface AlertStateStore extends Bucket {
  /** Oldest first, at most the last 32. */
  history(key: string): Promise<readonly BucketEntry[]>
}

/** Opens the stream of alert states and creates it when it is not there. An alert id is three tokens of its subject. */
export async function openAlertStates(broker: Broker): Promise<AlertStateStore> {
  const { manager, connection } = broker
  await manager.streams.add({
    name: ALERT_STATES_STREAM,
    subjects: [`${PREFIX}>`],
    storage: StorageType.File,
    max_msgs_per_subject: HISTORY_MAX,
    max_age: nanos(KEPT_DAYS * 86_400_000),
    // Only the leader answers: a stale answer would be a conflict that is none.
    allow_direct: false,
  })
  const client = jetstream(connection)
  const read = async (from: number | 'last-per-subject', filter: string, max: number) => {
    const found: BucketEntry[] = []
    const page = { stream: ALERT_STATES_STREAM, filter: PREFIX + filter, from, max }
    await readStream(connection, page, (message) => {
      found.push({
        key: message.subject.slice(PREFIX.length),
        value: message.string(),
        revision: message.seq,
      })
      return true
    })
    return found
  }
  return {
    get: async (key) => {
      try {
        const message = await manager.streams.getMessage(ALERT_STATES_STREAM, { last_by_subj: PREFIX + key })
        return message === null ? undefined : { key, value: message.string(), revision: message.seq }
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
      }
    },
    put: async (key, value, expected) => {
      try {
        const options = expected === undefined ? {} : { expect: { lastSubjectSequence: expected } }
        return (await client.publish(PREFIX + key, value, options)).seq
      } catch (error) {
        if (isWrongLastSequence(error)) return undefined
        throw error
      }
    },
    entries: (filter = '>') => read('last-per-subject', filter, STATES_MAX),
    history: (key) => read(1, key, HISTORY_MAX),
  }
}
