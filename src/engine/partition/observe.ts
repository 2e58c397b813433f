import { shownKey } from '../emit/index.ts'
import { eventTime } from '../model/index.ts'
import { keyObject, keyParts } from '../route/index.ts'
import type { PartialMatchReport, RuleStatistics, VersionRole, VersionStatistics } from './contract.ts'
import type { KnownRule } from './known-rule.ts'
import type { RuleRuntime } from './rule-runtime.ts'
import type { RuleSet } from './rule-set.ts'
import { addCounts, copyCounts, countsSince, newCounts } from './statistics.ts'

/** What every known rule does, in order of id. */
export const ruleStatistics = (rules: RuleSet): RuleStatistics[] =>
  [...rules.all()].map(describeRule).sort((a, b) => (a.id < b.id ? -1 : 1))

export function describeRule(known: KnownRule): RuleStatistics {
  const { id, version, record, running, problems, change } = known
  const runtime = running?.runtime
  const versions = versionsOf(known)
  const counts = runtime === undefined ? newCounts() : copyCounts(runtime.extras.counts)
  const others = [known.candidate?.running, ...known.draining.map((draining) => draining.running)]
  for (const other of others) if (other !== undefined) addCounts(counts, other.runtime.extras.counts)
  return {
    ...counts,
    id,
    version,
    inForce: runtime?.program.version,
    state: problems.length > 0 ? 'quarantined' : stateOf(runtime),
    suspendedUntil: suspendedUntil(runtime),
    status: runtime?.status ?? record?.status,
    keys: sum(versions, ({ keys }) => keys),
    partialMatches: sum(versions, ({ partialMatches }) => partialMatches),
    suppressedKeys: runtime?.suppressions.size ?? 0,
    severity: runtime?.program.definition.severity,
    versions,
    change,
    problems,
  }
}

function versionsOf({ running, candidate, draining }: KnownRule): VersionStatistics[] {
  const versions: VersionStatistics[] = []
  if (running !== undefined) {
    const { counts, besides } = running.runtime.extras
    versions.push({
      role: 'in-force',
      ...standingOf(running.runtime),
      ...(besides === undefined ? {} : { counts: countsSince(counts, besides) }),
    })
  }
  if (candidate?.running !== undefined)
    versions.push({ role: 'candidate', share: candidate.share, ...standingOf(candidate.running.runtime) })
  for (const { running: old, until } of draining)
    if (old !== undefined)
      versions.push({ role: 'draining', until: eventTime(until), ...standingOf(old.runtime) })
  return versions
}

function standingOf(runtime: RuleRuntime): Omit<VersionStatistics, 'role'> {
  const { program, extras, matcher } = runtime
  const until = suspendedUntil(runtime)
  return {
    version: program.version,
    counts: copyCounts(extras.counts),
    keys: matcher.keys,
    partialMatches: matcher.partialMatches,
    ...(until === undefined ? {} : { suspendedUntil: until }),
  }
}

function stateOf(runtime: RuleRuntime | undefined): RuleStatistics['state'] {
  if (runtime === undefined) return 'stopped'
  return runtime.extras.fuel.isSuspended ? 'suspended' : 'running'
}

function suspendedUntil(runtime: RuleRuntime | undefined): number | undefined {
  return runtime?.extras.fuel.isSuspended ? runtime.extras.fuel.suspendedUntil : undefined
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0)

interface ReportOptions {
  readonly key: string | undefined
  readonly redact: ReadonlySet<string>
}

/** Partial matches as people want to see them, version by version, that in force first. */
export function* partialMatchReports(
  { running, candidate, draining }: KnownRule,
  options: ReportOptions,
): Iterable<PartialMatchReport> {
  if (running !== undefined) yield* reportsOf(running.runtime, 'in-force', options)
  if (candidate?.running !== undefined) yield* reportsOf(candidate.running.runtime, 'candidate', options)
  for (const { running: old } of draining)
    if (old !== undefined) yield* reportsOf(old.runtime, 'draining', options)
}

function* reportsOf(
  runtime: RuleRuntime,
  role: VersionRole,
  options: ReportOptions,
): Iterable<PartialMatchReport> {
  const { program } = runtime
  const nameOf = (slot: number): string => program.events[slot]?.name ?? String(slot)
  for (const partial of runtime.matcher.inspect(options.key)) {
    const events = partial.events.flatMap((taken, slot) =>
      taken.map(({ id, sequence, time }) => ({ step: nameOf(slot), id, sequence, time })),
    )
    yield {
      version: program.version,
      role,
      key: keyObject(keyParts(partial.key), program.keyNames),
      shownKey: keyObject(shownKey(program, partial.key, options.redact), program.keyNames),
      events: events.sort((a, b) => a.sequence - b.sequence),
      waitingFor: partial.waitingFor.map(nameOf),
      startedAt: partial.startedAt,
      ...(partial.deadline === undefined ? {} : { deadline: partial.deadline }),
    }
  }
}
