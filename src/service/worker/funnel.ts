import type { ObservablePartition, PartialMatchReport, VersionRole } from '../../engine/index.ts'
import type { InspectAnswers } from '../inspection.ts'

/** Partial matches looked at for one answer: the worker answers between two batches. */
export const SCANNED_MAX = 50_000

interface Stage {
  readonly version: number
  readonly role: VersionRole
  readonly taken: readonly string[]
  readonly waitingFor: readonly string[]
  partialMatches: number
  readonly keys: Set<string>
  oldest: number
  nextDeadline: number
}

/** How many partial matches of a rule wait where, by version. */
export function funnelOf(partition: ObservablePartition, rule: string): InspectAnswers['funnel'] {
  const stages = new Map<string, Stage>()
  const keys = new Set<string>()
  let scanned = 0
  for (const report of partition.inspect(rule)) {
    if (scanned >= SCANNED_MAX) break
    scanned += 1
    const key = JSON.stringify(report.key)
    keys.add(key)
    const stage = stageOf(stages, report)
    stage.partialMatches += 1
    stage.keys.add(key)
    stage.oldest = Math.min(stage.oldest, report.startedAt)
    stage.nextDeadline = Math.min(stage.nextDeadline, report.deadline ?? Number.POSITIVE_INFINITY)
  }
  const known = partition.statisticsOf(rule)
  const total = known?.partialMatches ?? scanned
  return {
    partialMatches: total,
    // Versions may have the same keys, so those that were not looked at cannot be added.
    keys: Math.max(keys.size, ...(known?.versions ?? []).map((version) => version.keys)),
    notCounted: Math.max(0, total - scanned),
    stages: [...stages.values()].map(({ nextDeadline, keys: waiting, oldest, ...stage }) => ({
      ...stage,
      keys: waiting.size,
      oldest: new Date(oldest).toISOString(),
      ...(nextDeadline === Number.POSITIVE_INFINITY
        ? {}
        : { nextDeadline: new Date(nextDeadline).toISOString() }),
    })),
  }
}

function stageOf(stages: Map<string, Stage>, report: PartialMatchReport): Stage {
  const taken = [...new Set(report.events.map(({ step }) => step))]
  const { waitingFor, version, role } = report
  const id = `${version} ${taken.join()} ${waitingFor.join()}`
  let stage = stages.get(id)
  if (stage === undefined) {
    const none = Number.POSITIVE_INFINITY
    const empty = { partialMatches: 0, keys: new Set<string>(), oldest: none, nextDeadline: none }
    stage = { version, role, taken, waitingFor, ...empty }
    stages.set(id, stage)
  }
  return stage
}
