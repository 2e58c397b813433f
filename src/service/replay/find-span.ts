import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import { type Broker, findStream } from '../broker/index.ts'
import { ServiceError } from '../service-error.ts'
import type { ReplaySpan } from './contract.ts'

/** A span as it stands in the log; `last` below `first`: there is nothing in it. */
export interface FoundSpan {
  readonly first: number
  readonly last: number
  /** When the broker stored them; undefined when they are gone. */
  readonly firstStoredAtMs: number | undefined
  readonly lastStoredAtMs: number | undefined
}

/** Where a span of times and sequences begins and ends. Throws `input-stream-not-found`. */
export async function findSpan(broker: Broker, stream: string, span: ReplaySpan): Promise<FoundSpan> {
  const info = await findStream(broker, stream)
  if (info === undefined) throw new ServiceError('input-stream-not-found', `there is no stream ${stream}`)
  const { first_seq, last_seq } = info.state
  const at = (timeMs: number): Promise<number> => firstSequenceAt(broker, stream, timeMs)
  const first = Math.max(
    first_seq,
    span.firstSequence ?? 1,
    span.sinceMs === undefined ? 1 : await at(span.sinceMs),
  )
  const last = Math.min(
    last_seq,
    span.lastSequence ?? last_seq,
    span.untilMs === undefined ? last_seq : (await at(span.untilMs)) - 1,
  )
  const isEmpty = last < first
  return {
    first,
    last,
    firstStoredAtMs: isEmpty ? undefined : await storedAt(broker, stream, first),
    lastStoredAtMs: isEmpty ? undefined : await storedAt(broker, stream, last),
  }
}

/** Entries that the filters take, of those from `first` to `last`. */
export async function countEntries(
  broker: Broker,
  options: {
    readonly stream: string
    readonly subjects: readonly string[]
    readonly first: number
    readonly last: number
  },
): Promise<number> {
  const from = (sequence: number): Promise<number> =>
    askConsumer(
      broker,
      options.stream,
      {
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: sequence,
        ...(options.subjects.length === 0 ? {} : { filter_subjects: [...options.subjects] }),
      },
      ({ num_pending }) => num_pending,
    )
  return Math.max(0, (await from(options.first)) - (await from(options.last + 1)))
}

/** The broker finds it by its index of times: a consumer that begins there says where it would. */
const firstSequenceAt = (broker: Broker, stream: string, timeMs: number): Promise<number> =>
  askConsumer(
    broker,
    stream,
    { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(timeMs).toISOString() },
    ({ delivered }) => delivered.stream_seq + 1,
  )

type Question = Parameters<Broker['manager']['consumers']['add']>[1]
type Found = Awaited<ReturnType<Broker['manager']['consumers']['add']>>

async function askConsumer(
  broker: Broker,
  stream: string,
  question: Question,
  read: (found: Found) => number,
): Promise<number> {
  const { consumers } = broker.manager
  const found = await consumers.add(stream, {
    ack_policy: AckPolicy.None,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(10_000),
    ...question,
  })
  try {
    return read(found)
  } finally {
    // The broker forgets it by itself after a while.
    await consumers.delete(stream, found.name).catch(() => undefined)
  }
}

async function storedAt(broker: Broker, stream: string, sequence: number): Promise<number | undefined> {
  try {
    return (await broker.manager.streams.getMessage(stream, { seq: sequence }))?.time.getTime()
  } catch {
    // Retention has taken it in between.
    return undefined
  }
}
