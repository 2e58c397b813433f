import { createHmac, randomBytes } from 'node:crypto'
import { type JetStreamClient, jetstream } from '@nats-io/jetstream'
import { type Broker, findStream, isWrongLastSequence } from '../broker/index.ts'
import { readStream } from '../stream-page.ts'
import type { Erasure, ErasureKey, ErasureProgress, ErasureRequest, PartitionErasure } from './records.ts'
import {
  ERASURE_STREAM,
  eraseMessage,
  erasureSubjects,
  PROGRESS_FILTER,
  partsOfSubject,
  RECORD_FILTERS,
} from './stream.ts'

/** The stream of erasures as those see it who ask for them and those who carry them out. */
export interface ErasureStore {
  /** Oldest first. */
  all(): Promise<readonly Erasure[]>
  /** The key last: until it is there, nothing happens, and a key whose request is missing would never go. */
  request(request: ErasureRequest, key: ErasureKey): Promise<void>
  putProgress(id: string, progress: ErasureProgress): Promise<void>
  putPartition(id: string, partition: number, report: PartitionErasure): Promise<void>
  /** Overwrites the message that holds the key. */
  eraseKey(erasure: Erasure): Promise<void>
  /** HMAC-SHA-256 under a secret of this installation, made when it is first needed. */
  hash(text: string): Promise<string>
}

export function natsErasureStore(broker: Broker): ErasureStore {
  const client = jetstream(broker.connection, { timeout: 5_000 })
  const put = async (subject: string, value: unknown): Promise<void> => {
    await client.publish(subject, JSON.stringify(value))
  }
  let secret: Promise<string> | undefined
  return {
    all: () => readAll(broker),
    request: async (request, key) => {
      await put(erasureSubjects.request(request.id), request)
      await put(erasureSubjects.key(request.id), key)
    },
    putProgress: (id, progress) => put(erasureSubjects.progress(id), progress),
    putPartition: (id, partition, report) => put(erasureSubjects.partition(id, partition), report),
    eraseKey: async ({ key }) => {
      if (key !== undefined) await eraseMessage(broker, ERASURE_STREAM, key.sequence)
    },
    hash: async (text) => {
      secret ??= readSecret(broker, client)
      // A failure is not remembered.
      secret.catch(() => {
        secret = undefined
      })
      return createHmac('sha256', await secret)
        .update(text)
        .digest('hex')
    },
  }
}

/** Whoever writes it first makes it; everybody reads the same. */
async function readSecret(broker: Broker, client: JetStreamClient): Promise<string> {
  const mine = randomBytes(32).toString('hex')
  try {
    await client.publish(erasureSubjects.secret, mine, { expect: { lastSubjectSequence: 0 } })
    return mine
  } catch (error) {
    if (!isWrongLastSequence(error)) throw error
    const stored = await broker.manager.streams.getMessage(ERASURE_STREAM, {
      last_by_subj: erasureSubjects.secret,
    })
    return stored?.string() ?? ''
  }
}

async function readAll(broker: Broker): Promise<readonly Erasure[]> {
  const requests = new Map<string, ErasureRequest>()
  const keys = new Map<string, ErasureKey & { readonly sequence: number }>()
  const progress = new Map<string, ErasureProgress>()
  const partitions = new Map<string, Map<number, PartitionErasure>>()
  const page = { stream: ERASURE_STREAM, filters: RECORD_FILTERS, from: 1, max: Number.MAX_SAFE_INTEGER }
  await readStream(broker.connection, page, (message) => {
    const [kind, id, index] = partsOfSubject(message.subject)
    if (kind === 'request') requests.set(id, message.json())
    else if (kind === 'key') keys.set(id, { ...message.json<ErasureKey>(), sequence: message.seq })
    else if (kind === 'progress') progress.set(id, message.json())
    else {
      const reports = partitions.get(id) ?? new Map<number, PartitionErasure>()
      partitions.set(id, reports.set(index, message.json()))
    }
    return true
  })
  return [...requests.values()].map((request) => ({
    request,
    progress: progress.get(request.id),
    partitions: partitions.get(request.id) ?? new Map(),
    key: keys.get(request.id),
  }))
}

/** Up to where the input log was read by everybody before some of it was erased; undefined when nothing was. */
export async function readSettled(
  broker: Broker,
  options: { readonly log: string; readonly partition: number },
): Promise<{ readonly sequence: number; readonly effects: number } | undefined> {
  if ((await findStream(broker, ERASURE_STREAM)) === undefined) return undefined
  let settled: { readonly sequence: number; readonly effects: number } | undefined
  await readStream(
    broker.connection,
    { stream: ERASURE_STREAM, filter: PROGRESS_FILTER, from: 1, max: Number.MAX_SAFE_INTEGER },
    (message) => {
      const { log, sequence, effects } = message.json<ErasureProgress>()
      if (log !== options.log) return true
      // Before all partitions have passed its entry, nothing is erased from the log.
      const number = effects?.[options.partition]
      if (sequence !== undefined && number !== undefined && sequence > (settled?.sequence ?? 0))
        settled = { sequence, effects: number }
      return true
    },
  )
  return settled
}
