import type { Msg } from '@nats-io/transport-node'
import type { JsonObject, JsonValue, ObservablePartition, PartialMatchReport } from '../../engine/index.ts'
import type { Broker } from '../broker/index.ts'
import {
  comparePlaces,
  type InspectAnswers,
  type InspectReply,
  type InspectRequest,
  inspectSubject,
  type PartialMatchView,
  type PartitionStatus,
  placeOf,
  type RuleStanding,
} from '../inspection.ts'
import type { RuleReading } from '../telemetry/index.ts'
import { funnelOf } from './funnel.ts'
import { readRule } from './readings.ts'

export interface Inspected {
  readonly index: number
  readonly partition: ObservablePartition
  status(): PartitionStatus
  readings(): readonly RuleReading[]
}

const LIMIT_MAX = 1_000

/** Answers questions about a partition over NATS. Returns the end of it. */
export function answerInspection(broker: Broker, inspected: Inspected): () => void {
  const subscription = broker.connection.subscribe(inspectSubject(inspected.index), {
    callback: (error, message) => {
      if (error === null) message.respond(JSON.stringify(answer(message, inspected)))
    },
  })
  return () => subscription.unsubscribe()
}

function answer(message: Msg, inspected: Inspected): InspectReply<InspectAnswers[InspectRequest['kind']]> {
  try {
    const request = message.json<InspectRequest>()
    switch (request.kind) {
      case 'status':
        return { ok: true, value: inspected.status() }
      case 'rules':
        return { ok: true, value: { rules: inspected.readings() } }
      case 'rule':
        return { ok: true, value: standingOf(inspected, request.rule) }
      case 'activated': {
        const { lists, silences } = inspected.partition.activated()
        const versions = request.what === 'list' ? lists : silences
        return { ok: true, value: { version: versions.get(request.id) ?? 0 } }
      }
      case 'matches':
        return { ok: true, value: matchesOf(inspected.partition, request) }
      case 'funnel':
        return { ok: true, value: funnelOf(inspected.partition, request.rule) }
      default:
        return { ok: false, code: 'unknown-request', message: 'this worker does not know the question' }
    }
  } catch (error) {
    return { ok: false, code: 'inspection-failed', message: (error as Error).message }
  }
}

function standingOf(inspected: Inspected, id: string): RuleStanding {
  const known = inspected.partition.statisticsOf(id)
  if (known === undefined) return { version: 0, status: 'unknown' }
  return {
    version: known.version,
    status: known.status ?? (known.state === 'stopped' ? 'removed' : 'unknown'),
    ...(known.change === undefined ? {} : { change: known.change }),
    reading: readRule(known),
  }
}

function matchesOf(
  partition: ObservablePartition,
  request: Extract<InspectRequest, { kind: 'matches' }>,
): InspectAnswers['matches'] {
  const limit = Math.min(request.limit, LIMIT_MAX)
  let matches: PartialMatchView[] = []
  let total = 0
  const oldest = (): PartialMatchView[] =>
    matches.sort((left, right) => comparePlaces(placeOf(left), placeOf(right))).slice(0, limit)
  for (const report of partition.inspect(request.rule)) {
    if (request.key !== undefined && !isKey(report.key, request.key)) continue
    total += 1
    const view = viewOf(report)
    if (request.after !== undefined && comparePlaces(placeOf(view), request.after) <= 0) continue
    matches.push(view)
    if (matches.length >= 8 * limit) matches = oldest()
  }
  return { matches: oldest(), total }
}

function viewOf(report: PartialMatchReport): PartialMatchView {
  return {
    version: report.version,
    role: report.role,
    key: report.shownKey,
    startedAt: new Date(report.startedAt).toISOString(),
    ...(report.deadline === undefined ? {} : { deadline: new Date(report.deadline).toISOString() }),
    events: report.events.map(({ step, sequence, time }) => ({
      step,
      seq: sequence,
      time: new Date(time).toISOString(),
    })),
    waitingFor: report.waitingFor,
  }
}

/** By the value itself where the key has one part, else by the object of its parts. */
function isKey(key: JsonObject, wanted: JsonValue): boolean {
  const values = Object.values(key)
  const isWhole = typeof wanted === 'object' && JSON.stringify(wanted) === JSON.stringify(key)
  return isWhole || (values.length === 1 && values[0] === wanted)
}
