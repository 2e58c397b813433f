import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { METRICS } from '../../src/service/telemetry/index.ts'
import { ROOT, startService } from '../support/processes.ts'

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: ReadonlyArray<{ readonly expr: string; readonly legendFormat?: string }>
}
interface Dashboard {
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: ReadonlyArray<{ readonly name: string; readonly definition?: string }>
  }
}
interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly runbook: string }
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const dashboard = JSON.parse(read('docs/reference/grafana/sequitur.json')) as Dashboard
const rules = (
  parse(read('docs/reference/prometheus/sequitur.rules.yaml')) as { groups: [{ rules: AlertRule[] }] }
).groups.flatMap((group) => group.rules)
const targets = dashboard.panels.flatMap((panel) => panel.targets ?? [])
const expressions = [...targets.map(({ expr }) => expr), ...rules.map(({ expr }) => expr)]

/** Labels that Prometheus gives to everything it reads, and those of histograms. */
const GIVEN = ['job', 'instance', 'le']

const RULE = `rule: pair
status: live
by: user
events:
  A: events.a where amount > 5
  B: events.b
pattern: A followed by B within 5 minutes
suppress: { for: 1 day }
`

/** Labels by metric, of a service that has seen something of everything. */
async function exposedBy(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const service = await startService()
  const { url } = service
  const yaml = { 'content-type': 'application/yaml' }
  await fetch(`${url}/v1/rules/pair`, { method: 'PUT', body: RULE, headers: yaml })
  const lines = [
    { subject: 'events.a', data: { user: 'ada', amount: 'many' } },
    { subject: 'events.a', data: { amount: 7 } },
    ...['ada', 'ada'].flatMap((user) => [
      { subject: 'events.a', data: { user, amount: 7 } },
      { subject: 'events.b', data: { user } },
    ]),
  ]
  for (const line of lines)
    await fetch(`${url}/v1/events`, {
      method: 'POST',
      body: JSON.stringify(line),
      headers: { 'content-type': 'application/json' },
    })
  const metrics = async () => (await fetch(`${url}/metrics`)).text()
  for (const seen of [
    /^sequitur_alerts_suppressed_total\{.*reason="/m,
    /^sequitur_alert_latency_seconds_count/m,
  ])
    await expect.poll(metrics, { timeout: 20_000 }).toMatch(seen)
  const found = new Map<string, Set<string>>()
  for (const [, name = '', labels = ''] of (await metrics()).matchAll(/^(sequitur_\w+)(?:\{(.*)\})? /gm)) {
    const known = found.get(name) ?? new Set()
    for (const [, label = ''] of labels.matchAll(/(?:^|,)(\w+)="/g)) known.add(label)
    found.set(name, known)
  }
  return found
}

/** What only a killed child process or a target of alerts makes appear has the labels that its description says. */
const RARE = new Map(
  Object.values(METRICS)
    .filter(({ name }) => /_compile_kills_|_webhook_/.test(name))
    .flatMap(({ name, kind, labels }) => {
      const names = kind === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name]
      return names.map((each) => [each, new Set(labels)] as const)
    }),
)

/** What an expression asks of each metric: by its selector, and by what the whole is grouped. */
function asked(expr: string): ReadonlyArray<{ readonly metric: string; readonly labels: readonly string[] }> {
  const grouped = [...expr.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, list = '']) => names(list))
  return [...expr.matchAll(/\b(sequitur_\w+)(?:\{([^}]*)\})?/g)].map(([, metric = '', selector = '']) => ({
    metric,
    labels: [...[...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label), ...grouped],
  }))
}

const names = (list: string): readonly string[] => list.split(',').map((name) => name.trim())

test('the dashboard and the alert rules name metrics and labels that the service has', async () => {
  const exposed = await exposedBy()
  for (const expr of expressions)
    for (const { metric, labels } of asked(expr)) {
      const known = exposed.get(metric) ?? RARE.get(metric)
      expect(known, `${metric} in ${expr}`).toBeDefined()
      for (const label of labels.filter((name) => !GIVEN.includes(name)))
        expect([...(known ?? [])], `${label} of ${metric} in ${expr}`).toContain(label)
    }
  expect(expressions.length).toBeGreaterThan(40)

  // Legends and texts say only labels that the expression leaves.
  const texts = [
    ...targets.map(({ expr, legendFormat = '' }) => [expr, legendFormat.matchAll(/\{\{(\w+)\}\}/g)] as const),
    ...rules.map(
      ({ expr, annotations }) => [expr, annotations.summary.matchAll(/\$labels\.(\w+)/g)] as const,
    ),
  ]
  for (const [expr, labels] of texts) {
    const grouped = [...expr.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, list = '']) => names(list))
    const [first] = asked(expr)
    const left = grouped.length > 0 ? grouped : [...(exposed.get(first?.metric ?? '') ?? []), ...GIVEN]
    for (const [, label] of labels) expect(left, expr).toContain(label)
  }
}, 60_000)

test('their expressions are balanced and have no empty parts', () => {
  for (const expr of expressions) {
    const bare = expr.replace(/"(?:[^"\\]|\\.)*"/g, '""')
    for (const [open, close] of ['()', '[]', '{}'].map((pair) => [...pair] as [string, string]))
      expect(bare.split(open).length, expr).toBe(bare.split(close).length)
    expect(bare, expr).not.toMatch(/,\s*[})]|\{\s*,|undefined/)
  }
})

test('no two panels overlap, and every variable is there', () => {
  const shown = targets.map(({ expr }) => expr).join('\n')
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  const variables = dashboard.templating.list.map(({ name }) => name)
  for (const [, name] of shown.matchAll(/\$(?!__)(\w+)/g)) expect(variables).toContain(name)
})

test('every alert rule has a severity, a text, and a section that says what to do', () => {
  const guide = read('docs/guides/monitoring.md')
  const sections = [...guide.matchAll(/^### (\w+)$/gm)].map(([, name]) => name)
  expect(rules.map(({ alert }) => alert)).toEqual(sections)
  const pages = guide.slice(guide.indexOf('## Pages'), guide.indexOf('## Tickets'))
  for (const { alert, labels, annotations } of rules) {
    expect(labels.severity, alert).toBe(pages.includes(`### ${alert}\n`) ? 'page' : 'ticket')
    expect(annotations.summary.length, alert).toBeGreaterThan(20)
    expect(annotations.runbook).toBe(`docs/guides/monitoring.md#${alert.toLowerCase()}`)
  }
})
