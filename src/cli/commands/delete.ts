import { ApiClient } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { type Removed, removalOf } from '../rules/removal.ts'
import { type OutputFormat, printValue } from '../terminal/output.ts'

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
