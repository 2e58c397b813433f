import type { ObservablePartition, RuleStatistics, VersionStatistics } from '../../engine/index.ts'
import type { RuleReading, VersionReading } from '../telemetry/index.ts'

/** What the partition did for each rule, in the words of the metrics. */
export const readRules = (partition: ObservablePartition): readonly RuleReading[] =>
  partition.ruleStatistics().map(readRule)

export const readRule = (rule: RuleStatistics): RuleReading => ({
  rule: rule.id,
  version: rule.inForce ?? rule.version,
  status:
    rule.state === 'quarantined' || rule.state === 'suspended' ? rule.state : (rule.status ?? 'removed'),
  severity: rule.severity ?? '',
  matches: rule.matches,
  alerts: rule.alerts,
  shadowAlerts: rule.shadowAlerts,
  withheld: rule.withheld,
  errors: rule.errors.map(({ step, code, count }) => ({ step, code, count })),
  withoutKey: Object.values(rule.withoutKey).reduce((sum, count) => sum + count, 0),
  shed: rule.shed,
  dropped: rule.dropped,
  fuel: rule.fuel,
  suspensions: rule.suspensions,
  ...(rule.suspendedUntil === undefined ? {} : { suspendedUntil: rule.suspendedUntil }),
  keys: rule.keys,
  partialMatches: rule.partialMatches,
  versions: rule.versions.map(readVersion),
})

const readVersion = ({ counts, share, until, ...rest }: VersionStatistics): VersionReading => ({
  ...rest,
  ...(share === undefined ? {} : { share }),
  ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
  matches: counts.matches,
  alerts: counts.alerts,
  shadowAlerts: counts.shadowAlerts,
  withheld: counts.withheld,
  errors: counts.errors.reduce((sum, { count }) => sum + count, 0),
})
