import { ApiClient } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { formatOf, type OutputFormat, printRows } from '../terminal/output.ts'

interface CommonOptions extends ServerOptions {
  readonly output?: OutputFormat
}

interface ChangeOptions extends CommonOptions {
  readonly dryRun?: boolean
  readonly reason?: string
}

export interface WebhookSetOptions extends ChangeOptions {
  readonly url: string
  readonly secret: string
  readonly rule?: readonly string[]
  readonly namespace?: readonly string[]
  readonly severity?: readonly string[]
  readonly description?: string
  readonly disabled?: boolean
}

interface Webhook {
  readonly webhook: string
  readonly version: number
  readonly url: string
  readonly filter?: Readonly<Record<string, readonly string[]>>
  readonly enabled: boolean
  readonly disabledBecause?: string
  readonly change?: string
}

interface Failure {
  readonly code: string
  readonly detail: string
}

interface Trial {
  readonly delivered: boolean
  readonly status?: number
  readonly failure?: Failure
  readonly durationMs: number
}

interface DeadLetter {
  readonly sequence: number
  readonly at: string
  readonly alertId: string
  readonly attempts: number
  readonly failure: Failure
}

/** `sequitur webhook list`. */
export async function webhookList(context: CommandContext, options: CommonOptions): Promise<ExitCode> {
  const { webhooks } = await clientOf(context, options).json<{ readonly webhooks: readonly Webhook[] }>(
    '/v1/webhooks',
  )
  return printWebhooks(context, webhooks, options)
}

/** `sequitur webhook set NAME`. */
export async function webhookSet(
  context: CommandContext,
  name: string,
  options: WebhookSetOptions,
): Promise<ExitCode> {
  const { url, secret, description, rule, namespace, severity } = options
  const filter = { rules: rule, namespaces: namespace, severities: severity }
  const isFiltered = Object.values(filter).some((values) => values !== undefined)
  const webhook = await clientOf(context, options).json<Webhook>(pathOf(name), {
    method: 'PUT',
    contentType: 'application/json',
    query: { force: true, dryRun: options.dryRun === true, reason: options.reason },
    body: JSON.stringify({
      url,
      secret,
      description,
      enabled: options.disabled !== true,
      ...(isFiltered ? { filter } : {}),
    }),
  })
  return printWebhooks(context, [webhook], options)
}

/** `sequitur webhook rm NAME`. */
export async function webhookRemove(
  context: CommandContext,
  name: string,
  options: ChangeOptions,
): Promise<ExitCode> {
  const webhook = await clientOf(context, options).json<Webhook>(pathOf(name), {
    method: 'DELETE',
    query: { force: true, dryRun: options.dryRun === true, reason: options.reason },
  })
  return printWebhooks(context, [webhook], options)
}

/** `sequitur webhook test NAME`. */
export async function webhookTest(
  context: CommandContext,
  name: string,
  options: CommonOptions,
): Promise<ExitCode> {
  const trial = await clientOf(context, options).json<Trial>(`${pathOf(name)}/test`, { method: 'POST' })
  await printTrials(context, [{ webhook: name, ...trial }], options)
  return trial.delivered ? EXIT.ok : EXIT.findings
}

/** `sequitur webhook dead NAME`. */
export async function webhookDead(
  context: CommandContext,
  name: string,
  options: CommonOptions,
): Promise<ExitCode> {
  await printRows(context.terminal, await deadLetters(clientOf(context, options), name), {
    format: formatOf(context.terminal, options.output),
    none: `everything arrived at ${name}, or is still tried`,
    columns: [
      { title: 'SEQUENCE', value: ({ sequence }) => sequence, align: 'right' },
      { title: 'GIVEN UP', value: ({ at }) => at },
      { title: 'ALERT', value: ({ alertId }) => alertId },
      { title: 'ATTEMPTS', value: ({ attempts }) => attempts, align: 'right' },
      { title: 'WHY', value: ({ failure }) => `${failure.code}: ${failure.detail}` },
    ],
  })
  return EXIT.ok
}

/** `sequitur webhook redeliver NAME [SEQUENCE…]`. */
export async function webhookRedeliver(
  context: CommandContext,
  name: string,
  sequences: readonly string[],
  options: CommonOptions,
): Promise<ExitCode> {
  const client = clientOf(context, options)
  const wanted =
    sequences.length > 0
      ? sequences
      : (await deadLetters(client, name)).map(({ sequence }) => String(sequence))
  const trials: Array<Trial & { readonly sequence: string }> = []
  for (const sequence of wanted) {
    const path = `${pathOf(name)}/dead-letters/${encodeURIComponent(sequence)}/redeliver`
    trials.push({ sequence, ...(await client.json<Trial>(path, { method: 'POST' })) })
  }
  await printTrials(context, trials, options)
  return trials.every(({ delivered }) => delivered) ? EXIT.ok : EXIT.findings
}

const PAGE_MAX = 500

async function deadLetters(client: ApiClient, name: string): Promise<readonly DeadLetter[]> {
  const found: DeadLetter[] = []
  let cursor: string | undefined
  do {
    const page: { readonly deadLetters: readonly DeadLetter[]; readonly next?: string } = await client.json(
      `${pathOf(name)}/dead-letters`,
      { query: { limit: PAGE_MAX, cursor } },
    )
    found.push(...page.deadLetters)
    cursor = page.next
  } while (cursor !== undefined)
  return found
}

async function printWebhooks(
  { terminal }: CommandContext,
  webhooks: readonly Webhook[],
  options: CommonOptions,
): Promise<ExitCode> {
  await printRows(terminal, webhooks, {
    format: formatOf(terminal, options.output),
    none: 'there are no webhooks',
    columns: [
      { title: 'WEBHOOK', value: ({ webhook }) => webhook },
      {
        title: 'STATE',
        value: ({ enabled }) => (enabled ? 'enabled' : 'disabled'),
        style: ({ enabled }) => (enabled ? 'green' : 'dim'),
      },
      { title: 'CHANGE', value: ({ change }) => change },
      { title: 'URL', value: ({ url }) => url },
      {
        title: 'ONLY',
        value: ({ filter = {} }) =>
          Object.entries(filter)
            .map(([name, values]) => `${name}=${values.join(',')}`)
            .join(' '),
      },
      { title: 'WHY', value: ({ disabledBecause }) => disabledBecause },
    ],
  })
  return EXIT.ok
}

async function printTrials(
  { terminal }: CommandContext,
  trials: ReadonlyArray<Trial & { readonly webhook?: string; readonly sequence?: string }>,
  options: CommonOptions,
): Promise<void> {
  await printRows(terminal, trials, {
    format: formatOf(terminal, options.output),
    none: 'there are no dead letters',
    columns: [
      { title: 'SENT', value: ({ webhook, sequence }) => webhook ?? sequence },
      {
        title: 'ARRIVED',
        value: ({ delivered }) => (delivered ? 'yes' : 'no'),
        style: ({ delivered }) => (delivered ? 'green' : 'red'),
      },
      { title: 'STATUS', value: ({ status }) => status, align: 'right' },
      { title: 'MS', value: ({ durationMs }) => durationMs, align: 'right' },
      {
        title: 'WHY',
        value: ({ failure }) => (failure === undefined ? undefined : `${failure.code}: ${failure.detail}`),
      },
    ],
  })
}

const clientOf = ({ environment }: CommandContext, { server }: CommonOptions): ApiClient =>
  new ApiClient({ server, environment })

const pathOf = (name: string): string => `/v1/webhooks/${encodeURIComponent(name)}`
