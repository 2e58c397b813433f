import { ApiClient, problemOf } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { type Removed, removalOf } from '../rules/removal.ts'
import { type OutputFormat, printValue } from '../terminal/output.ts'
import { printProblems } from '../terminal/problems.ts'

export interface DeleteOptions extends ServerOptions {
  readonly output?: OutputFormat
  readonly dryRun?: boolean
  readonly reason?: string
  readonly managedBy?: string
  readonly force?: boolean
  readonly breakGlass?: boolean
}

/** `sequitur delete rule ID`. Its versions stay, so it can be restored. Exit code 4 when others must approve it. */
export async function deleteRule(
  { terminal, environment }: CommandContext,
  id: string,
  options: DeleteOptions,
): Promise<ExitCode> {
  const client = new ApiClient({ server: options.server, environment })
  const { dryRun, reason, managedBy, force, breakGlass } = options
  const removed = await client.json<Removed>(`/v1/rules/${encodeURIComponent(id)}`, {
    method: 'DELETE',
    // Whatever its revision is; what another place manages only by force.
    headers: { 'if-match': '*' },
    query: { dryRun: dryRun === true, reason, managedBy, force: force === true, breakGlass },
  })
  const { proposal } = removalOf(removed)
  if (options.output !== undefined && options.output !== 'table')
    await printValue(terminal, removed, options.output)
  else if (terminal.isInteractive || options.dryRun === true)
    terminal.note(
      options.dryRun === true
        ? `${id} would be removed`
        : proposal === undefined
          ? `${id} is removed; its versions are kept`
          : `${id} is not removed yet: others approve with sequitur proposal approve ${proposal}`,
    )
  else await printValue(terminal, removed, 'ndjson')
  return proposal === undefined ? EXIT.ok : EXIT.pending
}

/** `sequitur delete list NAME`. Rules that look values up in it are named. */
export async function deleteList(
  { terminal, environment }: CommandContext,
  name: string,
  options: Pick<DeleteOptions, 'server' | 'output' | 'dryRun' | 'reason'>,
): Promise<ExitCode> {
  const client = new ApiClient({ server: options.server, environment })
  const { dryRun, reason, output } = options
  const removed = await client.json<{ readonly warnings?: ReadonlyArray<Parameters<typeof problemOf>[0]> }>(
    `/v1/lists/${encodeURIComponent(name)}`,
    { method: 'DELETE', query: { dryRun: dryRun === true, reason, force: true } },
  )
  printProblems(terminal, (removed.warnings ?? []).map(problemOf))
  if (output !== undefined && output !== 'table') await printValue(terminal, removed, output)
  else if (terminal.isInteractive || dryRun === true)
    terminal.note(dryRun === true ? `${name} would be removed` : `${name} is removed`)
  else await printValue(terminal, removed, 'ndjson')
  return EXIT.ok
}
