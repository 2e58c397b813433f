import { ApiClient, type ProblemEntry, problemOf } from '../client/api-client.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { type Removed, removalOf } from '../rules/removal.ts'
import { printValue } from '../terminal/output.ts'
import { printProblems } from '../terminal/problems.ts'
import type { StepOptions } from './rule-step.ts'

/** `sequitur delete rule ID`. Its versions stay, so it can be restored. Exit code 4 when others must approve it. */
export async function deleteRule(
  { terminal, environment }: CommandContext,
  id: string,
  options: StepOptions,
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
  options: Pick<StepOptions, 'server' | 'output' | 'dryRun' | 'reason'>,
): Promise<ExitCode> {
  const client = new ApiClient({ server: options.server, environment })
  const { dryRun, reason, output } = options
  const removed = await client.json<{ readonly warnings?: readonly ProblemEntry[] }>(
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
