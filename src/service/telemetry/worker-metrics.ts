import type { Meter, Observable, Tracer } from '@opentelemetry/api'
import type { Effect, GuestStatistics, VersionRole } from '../../engine/index.ts'
import { histogramOf, observableCounterOf, observableGaugeOf } from './instruments.ts'
import { METRICS } from './names.ts'
import { traceAlert } from './traces.ts'

/** What a worker can say about one partition at any moment. Plain data. */
export interface PartitionReading {
  readonly partition: number
  readonly running: boolean
  readonly position: number
  /** Entries of the input log behind the position's end, as last seen. */
  readonly pendingEntries: number
  /** Milliseconds; 0 when nothing waits. */
  readonly lagMs: number
  /** Event time; not finite before the first event. */
  readonly watermark: number
  readonly outboxEffects: number
  readonly counters: {
    readonly events: number
    readonly processed: number
    readonly late: number
    readonly deadLettered: number
    readonly duplicates: number
  }
  /** Namespaces whose rules have a budget together. */
  readonly guests: readonly GuestStatistics[]
  readonly rules: readonly RuleReading[]
}

/** What one version of a rule does beside the others. */
export interface VersionReading {
  readonly version: number
  readonly role: VersionRole
  /** Percent of the keys that a candidate decides. */
  readonly share?: number
  /** ISO 8601, event time: when a version that drains ends in any case. */
  readonly until?: string
  /** Sequence of the entry with which it runs again, while it is suspended; the last one of all partitions. */
  readonly suspendedUntil?: number
  /** While there is a candidate: since it came. Of one that drains: since it was replaced. Else since the rule was first activated. */
  readonly matches: number
  readonly alerts: number
  readonly shadowAlerts: number
  readonly withheld: Readonly<Record<string, number>>
  readonly errors: number
  readonly keys: number
  readonly partialMatches: number
}

/** What one partition did for one rule, in all of its versions, since the rule was first activated. */
export interface RuleReading {
  readonly rule: string
  /** Whose text is in force. */
  readonly version: number
  readonly status: string
  readonly severity: string
  readonly matches: number
  readonly alerts: number
  readonly shadowAlerts: number
  readonly withheld: Readonly<Record<string, number>>
  readonly errors: ReadonlyArray<{ readonly step: string; readonly code: string; readonly count: number }>
  readonly withoutKey: number
  readonly shed: number
  /** Partial matches given up because the rule changed or was stopped. */
  readonly dropped: number
  /** What its costly expressions and large patterns have used. */
  readonly fuel: number
  readonly suspensions: number
  /** Sequence of the entry with which a suspended rule runs again; the last one of all partitions. */
  readonly suspendedUntil?: number
  readonly keys: number
  readonly partialMatches: number
  /** That run, the one in force first. */
  readonly versions: readonly VersionReading[]
}

export interface WorkerMetrics {
  committed(seconds: number, bytes: number): void
  /** From the time of the completing event to the confirmed storing of its alert. */
  alertStored(latencySeconds: number, alert: Effect, partition: number): void
  /** From now on every reading of the metrics asks `source`. Returns the end of it. */
  watch(source: () => readonly PartitionReading[]): () => void
}

/** With a tracer, every alert that is stored leaves a span. */
export function createWorkerMetrics(meter: Meter, tracer?: Tracer): WorkerMetrics {
  const seconds = histogramOf(meter, METRICS.checkpointSeconds)
  const bytes = histogramOf(meter, METRICS.checkpointBytes)
  const latency = histogramOf(meter, METRICS.alertLatency)
  return {
    committed: (length, size) => {
      seconds.record(length)
      bytes.record(size)
    },
    alertStored: (length, alert, partition) => {
      latency.record(length)
      if (tracer !== undefined) traceAlert(tracer, alert, { partition, startedAt: Date.now() })
    },
    watch: (source) => watchPartitions(meter, source),
  }
}

type Observed = Partial<Record<keyof typeof METRICS, Observable>>

function watchPartitions(meter: Meter, source: () => readonly PartitionReading[]): () => void {
  const counters = [
    'events',
    'processed',
    'late',
    'deadLetters',
    'duplicates',
    'guestFuel',
    'guestSuspensions',
  ] as const
  const gauges = [
    'position',
    'pending',
    'lag',
    'watermark',
    'outbox',
    'partitionRunning',
    'guestFuelLeft',
  ] as const
  const ruleCounters = [
    'matches',
    'alerts',
    'withheld',
    'shed',
    'predicateErrors',
    'withoutKey',
    'versionMatches',
    'versionAlerts',
    'fuel',
    'suspensions',
  ] as const
  const ruleGauges = ['ruleInfo', 'partialMatches', 'keys', 'candidateShare', 'suspended'] as const
  const observed: Observed = {}
  for (const name of [...counters, ...ruleCounters])
    observed[name] = observableCounterOf(meter, METRICS[name])
  for (const name of [...gauges, ...ruleGauges]) observed[name] = observableGaugeOf(meter, METRICS[name])

  const report = (observe: Observe): void => {
    const readings = source()
    for (const reading of readings) reportPartition(reading, observe)
    for (const total of totalsByRule(readings.flatMap(({ rules }) => rules))) reportRule(total, observe)
  }
  const callback: Parameters<Meter['addBatchObservableCallback']>[0] = (result) =>
    report((name, value, labels) => {
      const instrument = observed[name]
      if (instrument !== undefined) result.observe(instrument, value, labels)
    })
  const instruments = Object.values(observed)
  meter.addBatchObservableCallback(callback, instruments)
  return () => meter.removeBatchObservableCallback(callback, instruments)
}

type Observe = (name: keyof typeof METRICS, value: number, labels: Readonly<Record<string, string>>) => void

function reportPartition(reading: PartitionReading, observe: Observe): void {
  const labels = { partition: String(reading.partition) }
  const { counters } = reading
  observe('events', counters.events, labels)
  observe('processed', counters.processed, labels)
  observe('late', counters.late, labels)
  observe('deadLetters', counters.deadLettered, labels)
  observe('duplicates', counters.duplicates, labels)
  observe('position', reading.position, labels)
  observe('pending', reading.pendingEntries, labels)
  observe('lag', reading.lagMs / 1000, labels)
  if (Number.isFinite(reading.watermark)) observe('watermark', reading.watermark / 1000, labels)
  observe('outbox', reading.outboxEffects, labels)
  observe('partitionRunning', reading.running ? 1 : 0, labels)
  for (const { namespace, used, left, suspensions } of reading.guests) {
    observe('guestFuel', used, { ...labels, namespace })
    observe('guestFuelLeft', left, { ...labels, namespace })
    observe('guestSuspensions', suspensions, { ...labels, namespace })
  }
}

function reportRule(reading: RuleReading, observe: Observe): void {
  const { rule, severity } = reading
  observe('ruleInfo', 1, { rule, version: String(reading.version), status: reading.status })
  observe('matches', reading.matches, { rule })
  observe('alerts', reading.alerts, { rule, severity, mode: 'live' })
  if (reading.shadowAlerts > 0) observe('alerts', reading.shadowAlerts, { rule, severity, mode: 'shadow' })
  for (const [reason, count] of Object.entries(reading.withheld)) observe('withheld', count, { rule, reason })
  observe('partialMatches', reading.partialMatches, { rule })
  observe('keys', reading.keys, { rule })
  observe('shed', reading.shed, { rule })
  for (const { step, code, count } of reading.errors) observe('predicateErrors', count, { rule, step, code })
  observe('withoutKey', reading.withoutKey, { rule })
  observe('fuel', reading.fuel, { rule })
  observe('suspensions', reading.suspensions, { rule })
  observe('suspended', reading.suspendedUntil === undefined ? 0 : 1, { rule })
  reportVersions(reading, observe)
}

/** Versions beside the one in force, and what they do in comparison. */
function reportVersions({ rule, versions }: RuleReading, observe: Observe): void {
  for (const { version, role } of versions)
    if (role !== 'in-force') observe('ruleInfo', 1, { rule, version: String(version), status: role })
  const candidate = versions.find(({ role }) => role === 'candidate')
  if (candidate === undefined) return
  observe('candidateShare', (candidate.share ?? 0) / 100, { rule, version: String(candidate.version) })
  for (const { role, matches, alerts, shadowAlerts, ...each } of versions) {
    if (role === 'draining') continue
    const version = String(each.version)
    observe('versionMatches', matches, { rule, version })
    observe('versionAlerts', alerts, { rule, version, mode: 'live' })
    observe('versionAlerts', shadowAlerts, { rule, version, mode: 'shadow' })
  }
}

/** One reading per rule over all partitions; version and status are those of the partition that is furthest on, but for a suspension. */
export function totalsByRule(readings: readonly RuleReading[]): readonly RuleReading[] {
  const totals = new Map<string, RuleReading>()
  for (const reading of readings) {
    const known = totals.get(reading.rule)
    totals.set(reading.rule, known === undefined ? reading : addReadings(known, reading))
  }
  return [...totals.values()]
}

function addReadings(left: RuleReading, right: RuleReading): RuleReading {
  const newer = right.version > left.version ? right : left
  const suspended = [left, right].flatMap(({ suspendedUntil }) => suspendedUntil ?? [])
  const withheld = { ...left.withheld }
  for (const [reason, count] of Object.entries(right.withheld))
    withheld[reason] = (withheld[reason] ?? 0) + count
  const errors = new Map(left.errors.map((entry) => [`${entry.step} ${entry.code}`, entry]))
  for (const entry of right.errors) {
    const name = `${entry.step} ${entry.code}`
    errors.set(name, { ...entry, count: entry.count + (errors.get(name)?.count ?? 0) })
  }
  return {
    rule: left.rule,
    version: newer.version,
    status: suspended.length > 0 ? 'suspended' : newer.status,
    severity: newer.severity,
    matches: left.matches + right.matches,
    alerts: left.alerts + right.alerts,
    shadowAlerts: left.shadowAlerts + right.shadowAlerts,
    withheld,
    errors: [...errors.values()],
    withoutKey: left.withoutKey + right.withoutKey,
    shed: left.shed + right.shed,
    dropped: left.dropped + right.dropped,
    fuel: left.fuel + right.fuel,
    suspensions: left.suspensions + right.suspensions,
    ...(suspended.length === 0 ? {} : { suspendedUntil: Math.max(...suspended) }),
    keys: left.keys + right.keys,
    partialMatches: left.partialMatches + right.partialMatches,
    versions: addVersions(left.versions, right.versions),
  }
}

function addVersions(
  left: readonly VersionReading[],
  right: readonly VersionReading[],
): readonly VersionReading[] {
  const versions = new Map<string, VersionReading>()
  for (const one of [...left, ...right]) {
    const other = versions.get(`${one.role} ${one.version}`)
    const withheld = { ...other?.withheld }
    for (const [reason, count] of Object.entries(one.withheld))
      withheld[reason] = (withheld[reason] ?? 0) + count
    const suspended = [one, other].flatMap((each) => each?.suspendedUntil ?? [])
    versions.set(`${one.role} ${one.version}`, {
      ...one,
      ...(suspended.length === 0 ? {} : { suspendedUntil: Math.max(...suspended) }),
      withheld,
      matches: one.matches + (other?.matches ?? 0),
      alerts: one.alerts + (other?.alerts ?? 0),
      shadowAlerts: one.shadowAlerts + (other?.shadowAlerts ?? 0),
      errors: one.errors + (other?.errors ?? 0),
      keys: one.keys + (other?.keys ?? 0),
      partialMatches: one.partialMatches + (other?.partialMatches ?? 0),
    })
  }
  return [...versions.values()]
}
