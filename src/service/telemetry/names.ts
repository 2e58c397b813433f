export interface MetricName {
  readonly name: string
  /** As it stands at /metrics. */
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly unit: string
  readonly labels: readonly string[]
  readonly help: string
}

const counter = (name: string, labels: readonly string[], help: string): MetricName => ({
  name,
  kind: 'counter',
  unit: '1',
  labels,
  help,
})
const gauge = (name: string, unit: string, labels: readonly string[], help: string): MetricName => ({
  name,
  kind: 'gauge',
  unit,
  labels,
  help,
})
const histogram = (name: string, unit: string, labels: readonly string[], help: string): MetricName => ({
  name,
  kind: 'histogram',
  unit,
  labels,
  help,
})

/**
 * Every metric of the service. Base units, no keys of events in labels: a label has as many values as there are rules, steps,
 * partitions or routes, never as many as there are customers. docs/spec/telemetry.md is this table.
 */
export const METRICS = {
  events: counter('sequitur_events_total', ['partition'], 'Events read from the input log.'),
  processed: counter('sequitur_events_processed_total', ['partition'], 'Events given to the rules.'),
  late: counter(
    'sequitur_late_events_total',
    ['partition'],
    'Events before the watermark; published, not matched.',
  ),
  deadLetters: counter('sequitur_dead_letters_total', ['partition'], 'Entries that could not become events.'),
  duplicates: counter(
    'sequitur_duplicate_entries_total',
    ['partition'],
    'Entries delivered again and skipped.',
  ),
  position: gauge('sequitur_position', '1', ['partition'], 'Sequence of the last entry processed.'),
  pending: gauge(
    'sequitur_input_pending_entries',
    '1',
    ['partition'],
    'Entries of the input log not processed yet.',
  ),
  lag: gauge(
    'sequitur_event_lag_seconds',
    's',
    ['partition'],
    'Age of the last entry processed, by the time the broker stored it; 0 when nothing waits.',
  ),
  watermark: gauge(
    'sequitur_watermark_timestamp_seconds',
    's',
    ['partition'],
    'Event time before which everything has been processed, as Unix time.',
  ),
  outbox: gauge(
    'sequitur_outbox_effects',
    '1',
    ['partition'],
    'Committed effects not confirmed by the alert log yet.',
  ),
  partitionRunning: gauge(
    'sequitur_partition_running',
    '1',
    ['partition'],
    '1 while the partition processes, 0 when it stopped.',
  ),
  ruleInfo: gauge(
    'sequitur_rule_info',
    '1',
    ['rule', 'version', 'status'],
    'Always 1; the rules that the worker has. Status is candidate or draining for versions beside the one in force.',
  ),
  candidateShare: gauge(
    'sequitur_candidate_share_ratio',
    '1',
    ['rule', 'version'],
    'Part of the keys that a candidate decides.',
  ),
  versionMatches: counter(
    'sequitur_version_matches_total',
    ['rule', 'version'],
    'While there is a candidate: complete matches of it and of the version in force, since it came.',
  ),
  versionAlerts: counter(
    'sequitur_version_alerts_total',
    ['rule', 'version', 'mode'],
    'The same of alerts; mode is live or shadow.',
  ),
  matches: counter('sequitur_matches_total', ['rule'], 'Complete matches.'),
  alerts: counter(
    'sequitur_alerts_total',
    ['rule', 'severity', 'mode'],
    'Alerts raised; mode is live or shadow.',
  ),
  withheld: counter('sequitur_alerts_suppressed_total', ['rule', 'reason'], 'Alerts kept back, by reason.'),
  partialMatches: gauge('sequitur_partial_matches', '1', ['rule'], 'Matches that are not complete yet.'),
  keys: gauge('sequitur_keys', '1', ['rule'], 'Keys with live state.'),
  fuel: counter(
    'sequitur_rule_fuel_total',
    ['rule'],
    'Fuel that costly conditions and large patterns have used.',
  ),
  suspensions: counter(
    'sequitur_rule_suspensions_total',
    ['rule'],
    'Times that a rule was suspended because it used too much fuel.',
  ),
  suspended: gauge('sequitur_rule_suspended', '1', ['rule'], '1 while the rule is suspended, else 0.'),
  guestFuel: counter(
    'sequitur_guest_fuel_total',
    ['partition', 'namespace'],
    'Fuel that all rules of a guest namespace have used, ordinary work too.',
  ),
  guestFuelLeft: gauge(
    'sequitur_guest_fuel_left_ratio',
    '1',
    ['partition', 'namespace'],
    'Part of the budget of a guest namespace that is left: 1 is all that it can save up; at 0 rules are suspended, and it is full again.',
  ),
  guestSuspensions: counter(
    'sequitur_guest_suspensions_total',
    ['partition', 'namespace'],
    'Times that a rule was suspended for what all rules of its guest namespace used.',
  ),
  shed: counter(
    'sequitur_partial_matches_shed_total',
    ['rule'],
    'Partial matches dropped because a limit was reached.',
  ),
  predicateErrors: counter(
    'sequitur_predicate_errors_total',
    ['rule', 'step', 'code'],
    'Conditions that could not be evaluated; they count as false.',
  ),
  withoutKey: counter(
    'sequitur_events_without_key_total',
    ['rule'],
    'Events that satisfy a step but have no usable key.',
  ),
  alertLatency: histogram(
    'sequitur_alert_latency_seconds',
    's',
    [],
    'From the time of the completing event to the confirmed storing of its alert.',
  ),
  checkpointSeconds: histogram('sequitur_checkpoint_seconds', 's', [], 'Length of one commit.'),
  checkpointBytes: histogram('sequitur_checkpoint_bytes', 'By', [], 'State written by one commit.'),
  requests: histogram(
    'sequitur_http_request_seconds',
    's',
    ['route', 'method', 'status'],
    'Requests answered by the API.',
  ),
  refusals: counter(
    'sequitur_http_refusals_total',
    ['code'],
    'Requests refused for who sent them, or for how many: 401, 403, 421 and 429.',
  ),
  streams: gauge('sequitur_http_streams', '1', [], 'Live streams (SSE) that are open.'),
  eventsIn: counter(
    'sequitur_http_events_total',
    ['outcome'],
    'Events sent over HTTP: stored, duplicate or refused.',
  ),
  webhookDeliveries: counter(
    'sequitur_webhook_deliveries_total',
    ['webhook', 'outcome'],
    'Attempts to send an alert: delivered, retried (comes again) or dead-lettered.',
  ),
  webhookSeconds: histogram(
    'sequitur_webhook_delivery_seconds',
    's',
    ['webhook'],
    'Length of one attempt to send an alert.',
  ),
  webhookWaiting: gauge(
    'sequitur_webhook_waiting_alerts',
    '1',
    ['webhook'],
    'Alerts that the webhook has neither delivered nor passed over yet.',
  ),
  webhookEnabled: gauge(
    'sequitur_webhook_enabled',
    '1',
    ['webhook'],
    '1 while alerts are sent, 0 when the webhook is disabled.',
  ),
  proposalsPending: gauge(
    'sequitur_proposals_pending',
    '1',
    [],
    'Changes of rules that wait to be approved; the same from every API process.',
  ),
  compileSeconds: histogram(
    'sequitur_compile_seconds',
    's',
    [],
    'Reading and compiling rule text in the child process.',
  ),
  compileKills: counter(
    'sequitur_compile_kills_total',
    ['reason'],
    'Child processes that overran time or memory and were killed.',
  ),
  residentBytes: gauge('sequitur_process_resident_bytes', 'By', [], 'Memory of the process.'),
  eventLoopDelay: gauge(
    'sequitur_event_loop_delay_seconds',
    's',
    [],
    'Delay of the event loop since the last reading, 99th percentile.',
  ),
} as const satisfies Readonly<Record<string, MetricName>>
