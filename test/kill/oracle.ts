import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import { createPartition, type Effect, type LogEntry } from '../../src/engine/index.ts'
import { ALERT_STREAM, type Broker } from '../../src/service/broker/index.ts'
import { openCursor } from '../../src/service/ingest/index.ts'
import { engineOptions, parts, STREAM } from './engine.ts'

/** What one partition's subscribers saw, in order. */
export interface Published {
  readonly number: number
  readonly subject: string
  readonly payload: string
}

export interface Verdict {
  readonly expected: number
  readonly lost: number
  readonly duplicated: number
  readonly invented: number
  readonly reordered: number
  /** Entries of the log that are in none of processed, late, dead-lettered. */
  readonly unaccounted: number
}

/** The whole input log, read by nothing but its sequence. */
export async function readInput(broker: Broker): Promise<readonly LogEntry[]> {
  const { state } = await broker.manager.streams.info(STREAM)
  if (state.messages === 0) return []
  const source = openCursor(broker, { stream: STREAM, after: 0 })
  const entries: LogEntry[] = []
  for await (const batch of source.batches()) {
    // Payloads are views of the socket's buffers.
    for (const entry of batch) entries.push({ ...entry, payload: entry.payload.slice() })
    if ((entries.at(-1)?.sequence ?? 0) >= state.last_seq) break
  }
  await source.close()
  return entries
}

export async function readAlerts(broker: Broker): Promise<ReadonlyMap<number, readonly Published[]>> {
  const byPartition = new Map<number, Published[]>()
  const info = await broker.manager.streams.info(ALERT_STREAM)
  if (info.state.messages === 0) return byPartition
  await broker.manager.consumers.add(ALERT_STREAM, {
    name: 'oracle',
    deliver_policy: DeliverPolicy.All,
    // Otherwise the server waits for acknowledgements after some ten thousand messages.
    ack_policy: AckPolicy.None,
    deliver_subject: 'oracle.inbox',
    inactive_threshold: 60_000_000_000,
  } as never)
  const subscription = broker.connection.subscribe('oracle.inbox')
  for await (const message of subscription) {
    const sequence = Number(message.reply?.split('.')[5])
    const number = message.headers?.get('Sequitur-Number') ?? ''
    if (number !== '') {
      const partition = Number(message.headers?.get('Sequitur-Partition'))
      const published = byPartition.get(partition) ?? []
      published.push({ number: Number(number), subject: message.subject, payload: message.string() })
      byPartition.set(partition, published)
    }
    if (sequence >= info.state.last_seq) break
  }
  return byPartition
}

/** Compares what was published with a run over the same log that nobody interrupted, partition by partition. */
export function judge(
  input: readonly LogEntry[],
  alerts: ReadonlyMap<number, readonly Published[]>,
  positions: readonly number[],
): Verdict {
  const verdicts = positions.map((position, index) => {
    const partition = createPartition({ ...engineOptions, index, count: positions.length }, parts)
    partition.process(input.filter(({ sequence }) => sequence <= position))
    const { events, processed, late, deadLettered } = partition.counters
    return {
      ...compare(partition.takeStep()?.effects ?? [], alerts.get(index) ?? []),
      unaccounted: Math.abs(events - processed - late - deadLettered),
    }
  })
  return verdicts.reduce((sum, verdict) => ({
    expected: sum.expected + verdict.expected,
    lost: sum.lost + verdict.lost,
    duplicated: sum.duplicated + verdict.duplicated,
    invented: sum.invented + verdict.invented,
    reordered: sum.reordered + verdict.reordered,
    unaccounted: sum.unaccounted + verdict.unaccounted,
  }))
}

function compare(expected: readonly Effect[], published: readonly Published[]): Omit<Verdict, 'unaccounted'> {
  const identity = (one: {
    readonly number: number
    readonly subject: string
    readonly payload: string
  }): string => `${one.number} ${one.subject} ${one.payload}`
  const wanted = new Set(expected.map(identity))
  const seen = new Map<string, number>()
  for (const one of published) seen.set(identity(one), (seen.get(identity(one)) ?? 0) + 1)
  let reordered = 0
  let highest = 0
  for (const { number } of published) {
    if (number < highest) reordered += 1
    highest = Math.max(highest, number)
  }
  return {
    expected: expected.length,
    lost: [...wanted].filter((one) => !seen.has(one)).length,
    duplicated: [...seen.values()].reduce((sum, count) => sum + count - 1, 0),
    invented: [...seen.keys()].filter((one) => !wanted.has(one)).length,
    reordered,
  }
}
