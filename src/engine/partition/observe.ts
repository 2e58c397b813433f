import { keyObject, keyParts } from '../route/index.ts'
import type { PartialMatchReport, RuleStatistics } from './contract.ts'
import type { RuleRuntime } from './rule-runtime.ts'
import type { KnownRule, RuleSet } from './rule-set.ts'
import { newCounts, type RuleCounts } from './statistics.ts'

/** What every known rule does, in order of id. */
export const ruleStatistics = (rules: RuleSet): RuleStatistics[] =>
  [...rules.all()].map(describeRule).sort((a, b) => (a.id < b.id ? -1 : 1))

export function describeRule({ id, version, record, running, problems }: KnownRule): RuleStatistics {
  const runtime = running?.runtime
  return {
    ...copyCounts(runtime?.extras.counts ?? newCounts()),
    id,
    version,
    state: problems.length > 0 ? 'quarantined' : runtime === undefined ? 'stopped' : 'running',
    status: runtime?.status ?? record?.status,
    keys: runtime?.matcher.keys ?? 0,
    partialMatches: runtime?.matcher.partialMatches ?? 0,
    suppressedKeys: runtime?.suppressions.size ?? 0,
    severity: runtime?.program.definition.severity,
    problems,
  }
}

/** The receiver may keep it while the counts go on. */
const copyCounts = (counts: RuleCounts): RuleCounts => ({
  ...counts,
  withheld: { ...counts.withheld },
  withoutKey: { ...counts.withoutKey },
  errors: counts.errors.map((entry) => ({ ...entry })),
})

/** Partial matches as people want to see them. */
export function* partialMatchReports(
  runtime: RuleRuntime,
  key: string | undefined,
): Iterable<PartialMatchReport> {
  const { program } = runtime
  const nameOf = (slot: number): string => program.events[slot]?.name ?? String(slot)
  for (const partial of runtime.matcher.inspect(key)) {
    const events = partial.events.flatMap((taken, slot) =>
      taken.map(({ id, sequence, time }) => ({ step: nameOf(slot), id, sequence, time })),
    )
    yield {
      key: keyObject(keyParts(partial.key), program.keyNames),
      events: events.sort((a, b) => a.sequence - b.sequence),
      waitingFor: partial.waitingFor.map(nameOf),
      startedAt: partial.startedAt,
      ...(partial.deadline === undefined ? {} : { deadline: partial.deadline }),
    }
  }
}
