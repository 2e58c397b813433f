import { nearest } from '../../engine/index.ts'
import { ApiClient } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { formatOf, type OutputFormat, printRows } from '../terminal/output.ts'

interface CommonOptions extends ServerOptions {
  readonly output?: OutputFormat
}

export interface SilenceOptions extends CommonOptions {
  readonly rule?: string
  readonly namespace?: string
  readonly key?: string
  readonly severity?: string
  readonly from?: string
  readonly until: string
  readonly why: string
  readonly dryRun?: boolean
}

interface Silence {
  readonly id: string
  readonly state: 'active' | 'scheduled' | 'ended'
  readonly match: Readonly<Record<string, string>>
  readonly from: string
  readonly until: string
  readonly who?: string
  readonly why: string
}

/** `sequitur silence add`. */
export async function silenceAdd(context: CommandContext, options: SilenceOptions): Promise<ExitCode> {
  const { rule, namespace, key, severity, from, until, why } = options
  const silence = await clientOf(context, options).json<Silence>('/v1/silences', {
    method: 'POST',
    contentType: 'application/json',
    query: { dryRun: options.dryRun === true },
    body: JSON.stringify({ match: { rule, namespace, key, severity }, from, until, why }),
  })
  if (rule !== undefined) await noteUnknown(context, rule, options)
  return print(context, [silence], options)
}

/** A silence may be there before its rule, but mostly its name is misspelt, and it holds nothing back. */
async function noteUnknown(context: CommandContext, rule: string, options: CommonOptions): Promise<void> {
  const { rules } = await clientOf(context, options).json<{
    readonly rules: ReadonlyArray<{ readonly id: string }>
  }>('/v1/rules')
  const ids = rules.map(({ id }) => id)
  if (ids.includes(rule)) return
  const meant = nearest(rule, ids)
  context.terminal.note(
    `there is no rule ${rule}${meant === undefined ? '' : ` (did you mean ${meant}?)`}: until there is one, this silence holds nothing back`,
  )
}

/** `sequitur silence list`. */
export async function silenceList(
  context: CommandContext,
  options: CommonOptions & { readonly state?: string },
): Promise<ExitCode> {
  const { silences } = await clientOf(context, options).json<{ readonly silences: readonly Silence[] }>(
    '/v1/silences',
    { query: { state: options.state } },
  )
  return print(context, silences, options)
}

/** `sequitur silence end ID`. */
export async function silenceEnd(
  context: CommandContext,
  id: string,
  options: CommonOptions,
): Promise<ExitCode> {
  const path = `/v1/silences/${encodeURIComponent(id)}/end`
  return print(context, [await clientOf(context, options).json<Silence>(path, { method: 'POST' })], options)
}

const STYLES = { active: 'yellow', scheduled: 'green', ended: 'dim' } as const

async function print(
  { terminal }: CommandContext,
  silences: readonly Silence[],
  options: CommonOptions,
): Promise<ExitCode> {
  await printRows(terminal, silences, {
    format: formatOf(terminal, options.output),
    none: 'there are no silences',
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'STATE', value: ({ state }) => state, style: ({ state }) => STYLES[state] },
      {
        title: 'HOLDS BACK',
        value: ({ match }) =>
          Object.entries(match)
            .map(([name, value]) => `${name}=${value}`)
            .join(' '),
      },
      { title: 'FROM', value: ({ from }) => from },
      { title: 'UNTIL', value: ({ until }) => until },
      { title: 'WHO', value: ({ who }) => who },
      { title: 'WHY', value: ({ why }) => why },
    ],
  })
  return EXIT.ok
}

const clientOf = ({ environment }: CommandContext, { server }: CommonOptions): ApiClient =>
  new ApiClient({ server, environment })
