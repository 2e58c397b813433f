import { ApiClient } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { type OutputFormat, printValue } from '../terminal/output.ts'

export interface DeleteOptions extends ServerOptions {
  readonly output?: OutputFormat
  readonly dryRun?: boolean
  readonly reason?: string
  readonly managedBy?: string
  readonly force?: boolean
}

/** `sequitur delete rule ID`. Its versions stay, so it can be restored. */
export async function deleteRule(
  { terminal, environment }: CommandContext,
  id: string,
  options: DeleteOptions,
): Promise<ExitCode> {
  const client = new ApiClient({ server: options.server, environment })
  const removed = await client.json<{ readonly version: number }>(`/v1/rules/${encodeURIComponent(id)}`, {
    method: 'DELETE',
    // Whatever its revision is; what another place manages only by force.
    headers: { 'if-match': '*' },
    query: {
      dryRun: options.dryRun === true,
      reason: options.reason,
      managedBy: options.managedBy,
      force: options.force === true,
    },
  })
  if (options.output !== undefined && options.output !== 'table')
    await printValue(terminal, removed, options.output)
  else if (terminal.isInteractive || options.dryRun === true)
    terminal.note(
      options.dryRun === true ? `${id} would be removed` : `${id} is removed; its versions are kept`,
    )
  else await printValue(terminal, removed, 'ndjson')
  return EXIT.ok
}
