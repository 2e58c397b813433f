import {
  createPartition,
  type Effect,
  type LogEntry,
  type PartitionOptions,
  type PartitionParts,
} from '../../src/engine/index.ts'
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
export const readInput = (broker: Broker, stream = STREAM): Promise<readonly LogEntry[]> =>
  readStream(broker, stream)

/** By pulls: a server that pushes as fast as it can takes a reader that falls behind for dead. */
async function readStream(broker: Broker, stream: string): Promise<readonly LogEntry[]> {
  const { state } = await broker.manager.streams.info(stream)
  if (state.messages === 0) return []
  const source = openCursor(broker, { stream, after: 0 })
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
  const decoder = new TextDecoder()
  for (const { subject, headers, payload } of await readStream(broker, ALERT_STREAM)) {
    const number = headers?.['sequitur-number'] ?? ''
    if (number === '') continue
    const partition = Number(headers?.['sequitur-partition'])
    const published = byPartition.get(partition) ?? []
    published.push({ number: Number(number), subject, payload: decoder.decode(payload) })
    byPartition.set(partition, published)
  }
  return byPartition
}

/** What the workers ran. */
interface Judged {
  readonly options: Omit<PartitionOptions, 'index' | 'count'>
  readonly parts?: PartitionParts
}

/** Compares what was published with a run over the same log that nobody interrupted, partition by partition. */
export function judge(
  input: readonly LogEntry[],
  alerts: ReadonlyMap<number, readonly Published[]>,
  positions: readonly number[],
  engine: Judged = { options: engineOptions, parts },
): Verdict {
  const verdicts = positions.map((position, index) => {
    const partition = createPartition({ ...engine.options, index, count: positions.length }, engine.parts)
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
