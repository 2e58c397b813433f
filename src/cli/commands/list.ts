import { readFileSync } from 'node:fs'
import { CliError } from '../cli-error.ts'
import { ApiClient } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { formatOf, type OutputFormat, printRows } from '../terminal/output.ts'

export interface ListOptions extends ServerOptions {
  readonly output?: OutputFormat
  readonly dryRun?: boolean
  readonly reason?: string
}

interface ListHead {
  readonly list: string
  readonly version: number
  readonly count: number
  readonly change?: string
  readonly at: string
}

interface ListValue {
  readonly value: string | number
  readonly until?: string
  readonly why?: string
  readonly author?: string
  readonly expired?: boolean
}

/** `sequitur list add NAME VALUE…`. What looks like a number is one. */
export async function listAdd(
  context: CommandContext,
  name: string,
  values: readonly string[],
  options: ListOptions & { readonly until?: string; readonly why?: string },
): Promise<ExitCode> {
  const { until, why } = options
  const items = values.map((value) => ({ value: plainOf(value), until, why }))
  return send(context, name, { contentType: 'application/json', body: JSON.stringify(items) }, options)
}

/** `sequitur list import NAME FILE`. */
export async function listImport(
  context: CommandContext,
  name: string,
  file: string,
  options: ListOptions,
): Promise<ExitCode> {
  let body: string
  try {
    body = readFileSync(file, 'utf8')
  } catch {
    throw new CliError('file-not-found', `${file} cannot be read`, { exitCode: EXIT.input })
  }
  return send(context, name, { contentType: typeOf(file), body }, options)
}

/** `sequitur list rm NAME VALUE…`. */
export async function listRemove(
  context: CommandContext,
  name: string,
  values: readonly string[],
  options: ListOptions,
): Promise<ExitCode> {
  const client = clientOf(context, options)
  let head: ListHead | undefined
  for (const value of values)
    head = await client.json<ListHead>(`${pathOf(name)}/values`, {
      method: 'DELETE',
      query: { value, dryRun: options.dryRun === true, reason: options.reason },
    })
  return printHeads(context, head === undefined ? [] : [head], options)
}

/** `sequitur list show [NAME]`. */
export async function listShow(
  context: CommandContext,
  name: string | undefined,
  options: ListOptions,
): Promise<ExitCode> {
  const client = clientOf(context, options)
  if (name === undefined) {
    const { lists } = await client.json<{ readonly lists: readonly ListHead[] }>('/v1/lists')
    return printHeads(context, lists, options)
  }
  const { values } = await client.json<{ readonly values: readonly ListValue[] }>(`${pathOf(name)}/values`)
  await printRows(context.terminal, values, {
    format: formatOf(context.terminal, options.output),
    none: `${name} is empty`,
    columns: [
      { title: 'VALUE', value: ({ value }) => value },
      { title: 'UNTIL', value: ({ until }) => until, style: ({ expired }) => (expired ? 'dim' : undefined) },
      { title: 'AUTHOR', value: ({ author }) => author },
      { title: 'WHY', value: ({ why }) => why },
    ],
  })
  return EXIT.ok
}

async function send(
  context: CommandContext,
  name: string,
  content: { readonly contentType: string; readonly body: string },
  options: ListOptions,
): Promise<ExitCode> {
  const head = await clientOf(context, options).json<ListHead>(`${pathOf(name)}/values`, {
    method: 'POST',
    ...content,
    query: { dryRun: options.dryRun === true, reason: options.reason },
  })
  return printHeads(context, [head], options)
}

async function printHeads(
  { terminal }: CommandContext,
  heads: readonly ListHead[],
  options: ListOptions,
): Promise<ExitCode> {
  await printRows(terminal, heads, {
    format: formatOf(terminal, options.output),
    none: 'there are no lists',
    columns: [
      { title: 'LIST', value: ({ list }) => list },
      { title: 'VALUES', value: ({ count }) => count, align: 'right' },
      { title: 'VERSION', value: ({ version }) => version, align: 'right' },
      { title: 'CHANGE', value: ({ change }) => change },
    ],
  })
  return EXIT.ok
}

const clientOf = ({ environment }: CommandContext, { server }: ListOptions): ApiClient =>
  new ApiClient({ server, environment })

const pathOf = (name: string): string => `/v1/lists/${encodeURIComponent(name)}`

const plainOf = (text: string): string | number =>
  /^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(text) ? Number(text) : text

function typeOf(file: string): string {
  if (/\.csv$/i.test(file)) return 'text/csv'
  if (/\.(nd|l)json$|\.jsonl$/i.test(file)) return 'application/x-ndjson'
  return /\.json$/i.test(file) ? 'application/json' : 'text/plain'
}
