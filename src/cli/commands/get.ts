import { ApiClient } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { type AlertSummary, alertSummary, timeColumn } from '../terminal/alert-line.ts'
import { type Column, formatOf, type OutputFormat, printRows, printValue } from '../terminal/output.ts'

export interface GetOptions extends ServerOptions {
  readonly output?: OutputFormat
}

interface RuleHead {
  readonly id: string
  readonly status: string
  readonly severity?: string
  readonly version: number
  readonly textVersion?: number
  readonly candidate?: { readonly version: number; readonly share: number }
  readonly namespace?: string
  readonly title?: string
}

const CANDIDATE: Column<RuleHead> = {
  title: 'CANDIDATE',
  value: ({ candidate }) => candidate && `${candidate.version} (${candidate.share} %)`,
}

const STATUS_STYLES = { live: 'green', shadow: 'yellow', draft: 'dim', disabled: 'dim' } as const

/** `sequitur get rules`. */
export async function getRules(
  { terminal, environment }: CommandContext,
  options: GetOptions & { readonly status?: string; readonly namespace?: string },
): Promise<ExitCode> {
  const client = new ApiClient({ server: options.server, environment })
  const { status, namespace } = options
  const { rules } = await client.json<{ rules: readonly RuleHead[] }>('/v1/rules', {
    query: { status, namespace },
  })
  await printRows(terminal, rules, {
    format: formatOf(terminal, options.output),
    none: 'there are no rules; `sequitur apply -f rules/` sends some',
    columns: [
      { title: 'RULE', value: (rule) => rule.id },
      {
        title: 'STATUS',
        value: (rule) => rule.status,
        style: (rule) => STATUS_STYLES[rule.status as keyof typeof STATUS_STYLES],
      },
      { title: 'SEVERITY', value: (rule) => rule.severity },
      { title: 'VERSION', value: (rule) => rule.textVersion ?? rule.version, align: 'right' },
      ...(rules.some(({ candidate }) => candidate !== undefined) ? [CANDIDATE] : []),
      { title: 'TITLE', value: (rule) => rule.title },
    ],
  })
  return EXIT.ok
}

/** `sequitur get rule ID`: the text as it was written; with `-o` its data. */
export async function getRule(
  { terminal, environment }: CommandContext,
  id: string,
  options: GetOptions,
): Promise<ExitCode> {
  const client = new ApiClient({ server: options.server, environment })
  const path = `/v1/rules/${encodeURIComponent(id)}`
  if (options.output === undefined || options.output === 'table')
    terminal.print((await client.text(path, { accept: 'application/yaml' })).trimEnd())
  else await printValue(terminal, await client.json(path), options.output)
  return EXIT.ok
}

interface RuleVersion {
  readonly version: number
  readonly kind: 'put' | 'remove'
  readonly status?: string
  /** What it did, where it is not simply a new text: `candidate`, `promotion` … */
  readonly did?: string
  readonly author?: string
  readonly approvers?: readonly string[]
  readonly breakGlass?: boolean
  readonly reason?: string
  readonly at: string
}

/** `sequitur get versions ID`. */
export async function getVersions(
  { terminal, environment }: CommandContext,
  id: string,
  options: GetOptions,
): Promise<ExitCode> {
  const client = new ApiClient({ server: options.server, environment })
  const { versions } = await client.json<{ readonly versions: readonly RuleVersion[] }>(
    `/v1/rules/${encodeURIComponent(id)}/versions`,
  )
  await printRows(terminal, versions, {
    format: formatOf(terminal, options.output),
    none: 'there are no versions',
    columns: [
      { title: 'VERSION', value: ({ version }) => version, align: 'right' },
      { title: 'STATUS', value: ({ kind, status }) => (kind === 'remove' ? 'removed' : status) },
      { title: 'DID', value: ({ did }) => did },
      { title: 'BY', value: ({ author }) => author },
      {
        title: 'APPROVED BY',
        value: ({ approvers, breakGlass }) =>
          breakGlass === true ? 'nobody: break glass' : approvers?.join(', '),
      },
      { title: 'AT', value: ({ at }) => at },
      { title: 'WHY', value: ({ reason }) => reason },
    ],
  })
  return EXIT.ok
}

export interface AlertOptions extends GetOptions {
  readonly rule?: string
  readonly severity?: string
  readonly key?: string
  readonly mode?: string
  readonly withheld?: boolean
  readonly state?: string
  readonly reason?: string
  readonly since?: string
  readonly until?: string
  readonly limit?: string
}

interface AlertEntry {
  readonly sequence: number
  readonly alert: unknown
}

interface AlertPage {
  readonly alerts: readonly AlertEntry[]
  readonly next?: string
}

const PAGE_MAX = 500

/** `sequitur get alerts`: newest first, as many as wanted over as many pages as that takes. */
export async function getAlerts(
  { terminal, environment }: CommandContext,
  options: AlertOptions,
): Promise<ExitCode> {
  const client = new ApiClient({ server: options.server, environment })
  const { rule, severity, key, mode, since, until, withheld, reason, state } = options
  const shownWithheld = withheld === true || reason !== undefined || mode === 'withheld'
  const wanted = Number(options.limit ?? 50)
  const entries: AlertEntry[] = []
  let cursor: string | undefined
  do {
    const limit = Math.min(PAGE_MAX, wanted - entries.length)
    const page: AlertPage = await client.json('/v1/alerts', {
      query: { rule, severity, key, mode, withheld, reason, state, since, until, limit, cursor },
    })
    entries.push(...page.alerts)
    cursor = page.next
  } while (cursor !== undefined && entries.length < wanted)
  const now = Date.now()
  const summary = ({ alert }: AlertEntry): AlertSummary | undefined => alertSummary(alert)
  await printRows(terminal, entries, {
    format: formatOf(terminal, options.output),
    none: 'no alerts',
    columns: [
      { title: 'TIME', value: (entry) => timeColumn(summary(entry)?.time ?? '', now) },
      { title: 'SEVERITY', value: (entry) => summary(entry)?.severity.toUpperCase() },
      { title: 'RULE', value: (entry) => summary(entry)?.rule },
      ...(shownWithheld ? [{ title: 'WITHHELD', value: withheldBecause }] : []),
      { title: 'MESSAGE', value: (entry) => summary(entry)?.message },
    ],
  })
  return EXIT.ok
}

/** Why an alert was kept back, with what did it. */
function withheldBecause({ alert }: AlertEntry): string | undefined {
  const { withheld } = (alert as { data?: { withheld?: Readonly<Record<string, unknown>> } }).data ?? {}
  if (withheld === undefined) return undefined
  return [withheld['reason'], withheld['exception'] ?? withheld['silence'] ?? withheld['until'] ?? '']
    .join(' ')
    .trim()
}
