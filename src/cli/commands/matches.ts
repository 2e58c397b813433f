import { ApiClient } from '../client/api-client.ts'
import { noteSuspension } from '../client/suspension.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { timeColumn } from '../terminal/alert-line.ts'
import { formatOf, type OutputFormat, printRows } from '../terminal/output.ts'

export interface MatchesOptions extends ServerOptions {
  readonly key?: string
  readonly funnel?: boolean
  readonly limit?: string
  readonly output?: OutputFormat
}

/** Whose it is. */
interface OfVersion {
  readonly version: number
  readonly role: string
}

interface PartialMatch extends OfVersion {
  readonly key: Readonly<Record<string, unknown>>
  readonly startedAt: string
  readonly deadline?: string
  readonly events: ReadonlyArray<{ readonly step: string }>
  readonly waitingFor: readonly string[]
}

interface Page {
  readonly matches: readonly PartialMatch[]
  readonly next?: string
}

interface Stage extends OfVersion {
  readonly taken: readonly string[]
  readonly waitingFor: readonly string[]
  readonly partialMatches: number
  readonly keys: number
  readonly oldest: string
  readonly nextDeadline?: string
}

const VERSION_COLUMNS = [
  { title: 'VERSION', value: ({ version }: OfVersion) => version, align: 'right' },
  { title: 'ROLE', value: ({ role }: OfVersion) => role },
] as const
const PAGE_MAX = 1000
const LIMIT = 100

/** `sequitur matches RULE`: what has begun and is not complete. */
export async function matches(
  { terminal, environment }: CommandContext,
  rule: string,
  options: MatchesOptions,
): Promise<ExitCode> {
  const client = new ApiClient({ server: options.server, environment })
  const path = `/v1/rules/${encodeURIComponent(rule)}`
  const format = formatOf(terminal, options.output)
  await noteSuspension(terminal, client, rule)
  const now = Date.now()
  const timeOf = (time: string | undefined): string => (time === undefined ? '' : timeColumn(time, now))
  if (options.funnel === true) {
    const { stages } = await client.json<{ stages: readonly Stage[] }>(`${path}/funnel`)
    await printRows(terminal, stages, {
      format,
      none: 'no partial matches',
      columns: [
        ...VERSION_COLUMNS,
        { title: 'TAKEN', value: ({ taken }) => taken.join(', ') },
        { title: 'MATCHES', value: ({ partialMatches }) => partialMatches, align: 'right' },
        { title: 'KEYS', value: ({ keys }) => keys, align: 'right' },
        { title: 'OLDEST', value: ({ oldest }) => timeOf(oldest) },
        { title: 'NEXT DEADLINE', value: ({ nextDeadline }) => timeOf(nextDeadline) },
        { title: 'WAITING FOR', value: ({ waitingFor }) => waitingFor.join(' or ') },
      ],
    })
    return EXIT.ok
  }
  const wanted = Number(options.limit ?? LIMIT)
  const found: PartialMatch[] = []
  let cursor: string | undefined
  do {
    const limit = Math.min(PAGE_MAX, wanted - found.length)
    const page: Page = await client.json(`${path}/matches`, { query: { key: options.key, limit, cursor } })
    found.push(...page.matches)
    cursor = page.next
  } while (cursor !== undefined && found.length < wanted)
  await printRows(terminal, found, {
    format,
    none: 'no partial matches',
    columns: [
      ...VERSION_COLUMNS,
      { title: 'KEY', value: ({ key }) => Object.values(key).map(String).join('/') },
      { title: 'STARTED', value: ({ startedAt }) => timeOf(startedAt) },
      { title: 'DEADLINE', value: ({ deadline }) => timeOf(deadline) },
      { title: 'EVENTS', value: ({ events }) => events.length, align: 'right' },
      { title: 'TAKEN', value: ({ events }) => [...new Set(events.map(({ step }) => step))].join(', ') },
      { title: 'WAITING FOR', value: ({ waitingFor }) => waitingFor.join(' or ') },
    ],
  })
  return EXIT.ok
}
