import type { VersionRole } from '../../engine/index.ts'
import type { Funnel, FunnelStage } from '../inspection.ts'

const ROLES = ['in-force', 'candidate', 'draining'] as const satisfies readonly VersionRole[]

/** The funnel of all partitions together: the version in force first, each from the first step on. */
export function mergeFunnels(funnels: readonly Funnel[]): Funnel {
  const stages = new Map<string, FunnelStage>()
  for (const stage of funnels.flatMap((funnel) => funnel.stages)) {
    const id = JSON.stringify([stage.version, stage.role, stage.taken, stage.waitingFor])
    const known = stages.get(id)
    stages.set(id, known === undefined ? stage : merged(known, stage))
  }
  const sum = (count: (funnel: Funnel) => number): number =>
    funnels.reduce((all, funnel) => all + count(funnel), 0)
  return {
    partialMatches: sum(({ partialMatches }) => partialMatches),
    keys: sum(({ keys }) => keys),
    stages: [...stages.values()].sort(
      (left, right) =>
        ROLES.indexOf(left.role) - ROLES.indexOf(right.role) ||
        right.version - left.version ||
        left.taken.length - right.taken.length ||
        right.partialMatches - left.partialMatches,
    ),
    notCounted: sum(({ notCounted }) => notCounted),
  }
}

function merged(one: FunnelStage, other: FunnelStage): FunnelStage {
  const nextDeadline = earliest([one.nextDeadline, other.nextDeadline])
  return {
    ...one,
    partialMatches: one.partialMatches + other.partialMatches,
    // A key lives in one partition.
    keys: one.keys + other.keys,
    oldest: earliest([one.oldest, other.oldest]) ?? one.oldest,
    ...(nextDeadline === undefined ? {} : { nextDeadline }),
  }
}

const earliest = (times: ReadonlyArray<string | undefined>): string | undefined =>
  times.filter((time) => time !== undefined).sort()[0]
