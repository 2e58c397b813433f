import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { afterEach, expect, test } from 'vitest'
import { compileRule, createPartition, eventTime, readRules, streamSequence } from '../../engine/index.ts'
import { ServiceError } from '../service-error.ts'
import {
  createLog,
  createServiceMetrics,
  createWebhookMetrics,
  createWorkerMetrics,
  METRICS,
  type PartitionReading,
  parseTraceparent,
  type RuleReading,
  startTelemetry,
  type Telemetry,
  totalsByRule,
  traceAlert,
  watchProcess,
  watchProposals,
} from './index.ts'

let telemetry: Telemetry | undefined
afterEach(async () => {
  await telemetry?.stop()
  telemetry = undefined
})

const rule: RuleReading = {
  rule: 'r',
  version: 2,
  status: 'live',
  severity: 'high',
  matches: 5,
  alerts: 3,
  shadowAlerts: 1,
  withheld: { suppressed: 2 },
  errors: [{ step: 'a', code: 'T2009', count: 4 }],
  withoutKey: 6,
  shed: 7,
  dropped: 1,
  fuel: 300,
  suspensions: 2,
  keys: 8,
  versions: [
    {
      role: 'in-force',
      version: 2,
      matches: 4,
      alerts: 2,
      shadowAlerts: 1,
      withheld: {},
      errors: 0,
      keys: 5,
      partialMatches: 6,
    },
    {
      role: 'candidate',
      version: 1,
      share: 10,
      matches: 3,
      alerts: 1,
      shadowAlerts: 2,
      withheld: { suppressed: 1 },
      errors: 1,
      keys: 3,
      partialMatches: 3,
    },
    {
      role: 'draining',
      version: 7,
      matches: 1,
      alerts: 1,
      shadowAlerts: 0,
      withheld: {},
      errors: 0,
      keys: 0,
      partialMatches: 0,
    },
  ],
  partialMatches: 9,
}
const effect = {
  number: 1,
  kind: 'alert',
  subject: 'alerts.default.r.high',
  id: '1',
  payload: '{}',
  time: eventTime(0),
} as const
const reading: PartitionReading = {
  partition: 0,
  running: true,
  position: 42,
  pendingEntries: 3,
  lagMs: 1500,
  watermark: 1_767_225_600_000,
  outboxEffects: 1,
  counters: { events: 10, processed: 7, late: 2, deadLettered: 1, duplicates: 5 },
  guests: [{ namespace: 'sandbox', used: 120, left: 0.25, suspensions: 3 }],
  rules: [rule],
}

test('metrics have the names, units and labels of the table, and nothing else', async () => {
  telemetry = startTelemetry({ serviceName: 'sequitur', version: '0', environment: {} })
  const worker = createWorkerMetrics(telemetry.meter)
  worker.watch(() => [reading, { ...reading, partition: 1 }])
  worker.committed(0.02, 4096)
  worker.alertStored(0.004, effect, 0)
  const service = createServiceMetrics(telemetry.meter)
  service.answered({ route: '/v1/rules', method: 'GET', status: 200, seconds: 0.001 })
  service.refused('key-missing')
  service.eventsIn('stored', 3)
  service.compiled(0.01)
  service.compileKilled('time')
  const webhooks = createWebhookMetrics(telemetry.meter)
  webhooks.attempted({ webhook: 'w', outcome: 'retried', seconds: 0.1 })
  webhooks.webhooks([{ webhook: 'w', enabled: true, waiting: 7 }])
  watchProposals(telemetry.meter, async () => 3)
  const stop = watchProcess(telemetry.meter)
  const text = await telemetry.prometheus()
  stop()
  expect(text).toMatch(/^sequitur_proposals_pending(\{[^}]*\})? 3$/m)

  const shown = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => [name, kind]))
  expect(Object.fromEntries(shown)).toEqual(
    Object.fromEntries(Object.values(METRICS).map(({ name, kind }) => [name, kind])),
  )
  expect(text).toContain('sequitur_events_total{partition="1"} 10')
  expect(text).toContain('sequitur_guest_fuel_total{partition="1",namespace="sandbox"} 120')
  expect(text).toContain('sequitur_guest_fuel_left_ratio{partition="0",namespace="sandbox"} 0.25')
  expect(text).toContain('sequitur_guest_suspensions_total{partition="0",namespace="sandbox"} 3')
  expect(text).toContain('sequitur_event_lag_seconds{partition="0"} 1.5')
  expect(text).toContain('sequitur_alerts_total{rule="r",severity="high",mode="live"} 6')
  expect(text).toContain('sequitur_predicate_errors_total{rule="r",step="a",code="T2009"} 8')
  expect(text).toContain('sequitur_webhook_deliveries_total{webhook="w",outcome="retried"} 1')
  expect(text).toContain('sequitur_webhook_waiting_alerts{webhook="w"} 7')
  expect(text).toContain('sequitur_rule_info{rule="r",version="2",status="live"} 1')
  expect(text).toContain('sequitur_rule_info{rule="r",version="1",status="candidate"} 1')
  expect(text).toContain('sequitur_rule_info{rule="r",version="7",status="draining"} 1')
  expect(text).toContain('sequitur_candidate_share_ratio{rule="r",version="1"} 0.1')
  expect(text).toContain('sequitur_version_matches_total{rule="r",version="1"} 6')
  expect(text).toContain('sequitur_version_alerts_total{rule="r",version="2",mode="live"} 4')
  for (const { name, labels } of Object.values(METRICS))
    for (const [, list = ''] of text.matchAll(new RegExp(`^${name}(?:_bucket|_count|_sum)?\\{(.*)\\}`, 'gm')))
      for (const [, label] of list.matchAll(/(\w+)="/g))
        if (label !== 'le') expect(labels, name).toContain(label)
})

test('a worker that is no longer watched reports nothing', async () => {
  telemetry = startTelemetry({ serviceName: 'sequitur', version: '0', environment: {} })
  createWorkerMetrics(telemetry.meter).watch(() => [reading])()
  expect(await telemetry.prometheus()).not.toContain('sequitur_position{')
})

test('the totals of a rule are those of all partitions', () =>
  expect(totalsByRule([rule, { ...rule, version: 3, status: 'shadow' }])).toEqual([
    {
      ...rule,
      version: 3,
      status: 'shadow',
      matches: 10,
      alerts: 6,
      shadowAlerts: 2,
      withheld: { suppressed: 4 },
      errors: [{ step: 'a', code: 'T2009', count: 8 }],
      withoutKey: 12,
      shed: 14,
      dropped: 2,
      fuel: 600,
      suspensions: 4,
      keys: 16,
      versions: [
        {
          role: 'in-force',
          version: 2,
          matches: 8,
          alerts: 4,
          shadowAlerts: 2,
          withheld: {},
          errors: 0,
          keys: 10,
          partialMatches: 12,
        },
        {
          role: 'candidate',
          version: 1,
          share: 10,
          matches: 6,
          alerts: 2,
          shadowAlerts: 4,
          withheld: { suppressed: 2 },
          errors: 2,
          keys: 6,
          partialMatches: 6,
        },
        {
          role: 'draining',
          version: 7,
          matches: 2,
          alerts: 2,
          shadowAlerts: 0,
          withheld: {},
          errors: 0,
          keys: 0,
          partialMatches: 0,
        },
      ],
      partialMatches: 18,
    },
  ]))

test('docs/spec/telemetry.md lists the metrics', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/spec/telemetry.md'), 'utf8')
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('| `sequitur_'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  expect(rows).toEqual(
    Object.values(METRICS).map(({ name, kind, unit, labels, help }) => [
      `\`${name}\``,
      kind,
      unit,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ]),
  )
})

test('the span of an alert is a child of its completing event and linked to the others', async () => {
  const exporter = new InMemorySpanExporter()
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const completing = `00-${'a'.repeat(32)}-${'1'.repeat(16)}-01`
  const other = `00-${'b'.repeat(32)}-${'2'.repeat(16)}-01`
  const events = [other, completing, 'rubbish', other].map((traceparent) => ({ traceparent }))
  const alert = {
    payload: JSON.stringify({
      subject: 'a key',
      data: { rule: 'r', version: 1, severity: 'high', mode: 'live', events },
    }),
    headers: { traceparent: completing },
  }
  traceAlert(provider.getTracer('test'), alert, { partition: 0, startedAt: 1000 })
  const [span] = exporter.getFinishedSpans()
  expect(span?.spanContext().traceId).toBe('a'.repeat(32))
  expect(span?.parentSpanContext?.spanId).toBe('1'.repeat(16))
  expect(span?.attributes).toMatchObject({ 'sequitur.rule': 'r', 'sequitur.severity': 'high' })
  expect(JSON.stringify(span?.attributes)).not.toContain('a key')
  expect(span?.links.map(({ context }) => context.spanId)).toEqual(['2'.repeat(16)])
  await provider.shutdown()
})

test.each([undefined, '', '00-x', `00-${'a'.repeat(32)}-${'1'.repeat(16)}`])('%j is no traceparent', (text) =>
  expect(parseTraceparent(text)).toBeUndefined(),
)

test('a log line is JSON with level, time and error by code', () => {
  const lines: string[] = []
  const log = createLog({ level: 'info', role: 'api', write: (line) => lines.push(line) })
  log.debug({}, 'not shown')
  log
    .child({ partition: 3 })
    .warn({ error: new ServiceError('broker-lost', 'gone', { cause: new Error('x') }) }, 'lost')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'warn',
    role: 'api',
    partition: 3,
    error: { code: 'broker-lost', message: 'gone', cause: { message: 'x' } },
    msg: 'lost',
  })
  expect(lines[0]).not.toContain('"stack":"ServiceError')
})

test('events that carried a trace, by header or as CloudEvents, are what the span of their alert is linked to', async () => {
  const read = readRules(`rule: many
status: live
by: user
events: { A: e.a, B: e.b }
pattern: at least 70 A followed by B within 1 hour
`)
  const compiled = read.ok && read.value[0] ? compileRule(read.value[0]) : undefined
  if (!compiled?.ok) throw new Error('the rule is wrong')
  const partition = createPartition({
    index: 0,
    count: 1,
    stream: 'IN',
    rules: [{ program: compiled.value, status: 'live' }],
  })
  const trace = (span: number) => `00-${'c'.repeat(32)}-${String(span).padStart(16, '0')}-01`
  const start = Date.parse('2026-01-01T00:00:00Z')
  const entry = (sequence: number, subject: string, data: object, headers: Record<string, string>) => ({
    sequence: streamSequence(sequence),
    subject,
    ingestedAt: eventTime(start + sequence),
    payload: new TextEncoder().encode(JSON.stringify(data)),
    headers,
  })
  const structured = (span: number) => ({
    specversion: '1.0',
    id: `${span}`,
    type: 't',
    source: '/s',
    traceparent: trace(span),
    data: { user: 'ada' },
  })
  partition.process([
    ...Array.from({ length: 69 }, (_, index) =>
      entry(index + 1, 'e.a', { user: 'ada' }, { traceparent: trace(index + 1) }),
    ),
    entry(70, 'e.a', structured(70), { 'content-type': 'application/cloudevents+json' }),
    entry(71, 'e.a', { user: 'ada' }, { traceparent: 'not one' }),
    // A second event of a span that is linked already.
    entry(72, 'e.a', { user: 'ada' }, { traceparent: trace(69) }),
    entry(73, 'e.b', { user: 'ada' }, { traceparent: trace(73) }),
    entry(74, 'sequitur.log.tick', {}, {}),
  ])
  const [alert, ...others] = partition.takeStep()?.effects ?? []
  if (alert === undefined) throw new Error('no alert')
  expect(others).toEqual([])

  const exporter = new InMemorySpanExporter()
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  telemetry = startTelemetry({ serviceName: 'test', version: '1', environment: {} })
  createWorkerMetrics(telemetry.meter, provider.getTracer('test')).alertStored(0, alert, 0)
  const [span] = exporter.getFinishedSpans()
  expect(span?.parentSpanContext?.spanId).toBe('73'.padStart(16, '0'))
  // The newest 64 events with a trace: the completing one, which is the parent, 69 a second time, and 70 back to 9.
  const linked = span?.links.map(({ context }) => Number(context.spanId)) ?? []
  expect(linked).toHaveLength(62)
  expect(linked.toSorted((left, right) => left - right)).toEqual(
    Array.from({ length: 62 }, (_, index) => index + 9),
  )
  await provider.shutdown()
})
