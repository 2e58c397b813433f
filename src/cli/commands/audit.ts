import { ApiClient } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { formatOf, type OutputFormat, printRows } from '../terminal/output.ts'

interface AuditOptions extends ServerOptions {
  readonly output?: OutputFormat
}

interface AuditRecord {
  readonly number: number
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly object: string
  readonly outcome: 'done' | 'refused' | 'failed'
  readonly status: number
  readonly reason?: string
  readonly before?: number
  readonly after?: number
  readonly repeated?: number
}

interface AuditPage {
  readonly records: readonly AuditRecord[]
  readonly next?: string
}

interface AuditVerdict {
  readonly valid: boolean
  readonly records: number
  readonly head?: string
  readonly broken?: number
  readonly why?: string
}

/** `sequitur audit list`: all of it, oldest first, page by page. */
export async function auditList(context: CommandContext, options: AuditOptions): Promise<ExitCode> {
  const client = clientOf(context, options)
  const records: AuditRecord[] = []
  for (let cursor: string | undefined = '0'; cursor !== undefined; ) {
    const page: AuditPage = await client.json<AuditPage>('/v1/audit', { query: { limit: 1000, cursor } })
    records.push(...page.records)
    cursor = page.next
  }
  const { terminal } = context
  await printRows(terminal, records, {
    format: formatOf(terminal, options.output),
    none: 'nothing was changed yet',
    columns: [
      { title: 'NUMBER', value: ({ number }) => String(number) },
      { title: 'AT', value: ({ at }) => at },
      { title: 'WHO', value: ({ actor }) => actor },
      { title: 'OUTCOME', value: ({ outcome }) => outcome, style: ({ outcome }) => STYLES[outcome] },
      { title: 'WHAT', value: ({ action }) => action },
      { title: 'OBJECT', value: ({ object }) => object },
      { title: 'VERSIONS', value: versionsOf },
      { title: 'WHY', value: ({ reason }) => reason },
    ],
  })
  return EXIT.ok
}

/** `sequitur audit verify`: exit code 1 where a record is not as it was written. */
export async function auditVerify(context: CommandContext, options: AuditOptions): Promise<ExitCode> {
  const verdict = await clientOf(context, options).json<AuditVerdict>('/v1/audit/verification', {})
  const { terminal } = context
  await printRows(terminal, [verdict], {
    format: formatOf(terminal, options.output),
    none: '',
    columns: [
      {
        title: 'AUDIT LOG',
        value: ({ valid, broken }) => (valid ? 'as it was written' : `broken at ${broken}`),
        style: ({ valid }) => (valid ? 'green' : 'red'),
      },
      { title: 'RECORDS', value: ({ records }) => String(records) },
      { title: 'HEAD', value: ({ head }) => head },
      { title: 'WHY', value: ({ why }) => why },
    ],
  })
  return verdict.valid ? EXIT.ok : EXIT.findings
}

const STYLES = { done: 'green', refused: 'red', failed: 'yellow' } as const

const versionsOf = ({ before, after }: AuditRecord): string | undefined =>
  after === undefined ? undefined : `${before ?? '-'} → ${after}`

const clientOf = ({ environment }: CommandContext, { server }: AuditOptions): ApiClient =>
  new ApiClient({ server, environment })
