import type { ObservablePartition, RuleStatistics } from '../../engine/index.ts'
import type { RuleReading } from '../telemetry/index.ts'

/** What the partition did for each rule, in the words of the metrics. */
export const readRules = (partition: ObservablePartition): readonly RuleReading[] =>
  partition.ruleStatistics().map(readRule)

export const readRule = (rule: RuleStatistics): RuleReading => ({
  rule: rule.id,
  version: rule.version,
  status: rule.state === 'quarantined' ? 'quarantined' : (rule.status ?? 'removed'),
  severity: rule.severity ?? '',
  matches: rule.matches,
  alerts: rule.alerts,
  shadowAlerts: rule.shadowAlerts,
  withheld: rule.withheld,
  errors: rule.errors.map(({ step, code, count }) => ({ step, code, count })),
  withoutKey: Object.values(rule.withoutKey).reduce((sum, count) => sum + count, 0),
  shed: rule.shed,
  dropped: rule.dropped,
  keys: rule.keys,
  partialMatches: rule.partialMatches,
})
