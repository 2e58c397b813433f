import { ApiClient, type ProblemEntry } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { formatOf, type OutputFormat, printValue } from '../terminal/output.ts'
import { counted } from '../terminal/problems.ts'

export interface StepOptions extends ServerOptions {
  readonly output?: OutputFormat
  readonly dryRun?: boolean
  readonly reason?: string
  readonly managedBy?: string
  readonly force?: boolean
  readonly breakGlass?: boolean
}

export interface ChangeOptions extends StepOptions {
  readonly partialMatches?: string
}

interface PartialMatches {
  readonly kept: number
  readonly drained: number
  readonly dropped: number
}

/** What the version with the text does. */
const STANDING = {
  live: 'in force',
  shadow: 'in force, in shadow',
  draft: 'a draft',
  disabled: 'disabled',
} as const

export interface Written {
  readonly version: number
  readonly textVersion?: number
  readonly status: keyof typeof STANDING
  readonly change: 'created' | 'updated' | 'unchanged'
  readonly candidate?: { readonly version: number; readonly share: number }
  /** Of a dry run. */
  readonly partialMatches?: PartialMatches
  readonly approvalsNeeded?: number
  readonly activation?: { readonly state: string; readonly partialMatches?: PartialMatches }
  readonly warnings?: readonly ProblemEntry[]
}

/** Others must approve it first. */
export interface Proposed {
  readonly id: string
  readonly needed: number
  readonly base: { readonly version?: number }
  readonly warnings?: readonly ProblemEntry[]
}

/** `sequitur promote` and its like: a change of a rule that needs no text. */
export async function takeStep(
  context: CommandContext,
  id: string,
  step: { readonly name: string; readonly body: object },
  options: ChangeOptions,
): Promise<ExitCode> {
  const client = new ApiClient({ server: options.server, environment: context.environment })
  const { reason, partialMatches } = options
  const written = await client.json<Written | Proposed>(`${addressOf(id)}:${step.name}`, {
    method: 'POST',
    contentType: 'application/json',
    query: { ...queryOf(options), partialMatches },
    body: JSON.stringify({ ...step.body, ...(reason === undefined ? {} : { reason }) }),
  })
  return printStep(context, id, written, options)
}

/** What a change did, or that others must approve it first. Gives the exit code. */
export async function printStep(
  { terminal }: CommandContext,
  id: string,
  written: Written | Proposed,
  { output, dryRun }: StepOptions,
): Promise<ExitCode> {
  const format = formatOf(terminal, output)
  if ('needed' in written) {
    const { id: proposal, base } = written
    const row = { id, change: 'proposed', version: (base.version ?? 0) + 1, proposal }
    if (format !== 'table') await printValue(terminal, row, format)
    terminal.note(`${id} did not change yet: others approve with sequitur proposal approve ${proposal}`)
    return EXIT.pending
  }
  const { candidate, textVersion, version, status, change, activation } = written
  const partialMatches = written.partialMatches ?? activation?.partialMatches
  const row = {
    id,
    change,
    version,
    inForce: textVersion ?? version,
    status,
    ...(candidate === undefined ? {} : { candidate: candidate.version, share: candidate.share }),
    ...(partialMatches === undefined ? {} : { partialMatches }),
    ...(activation === undefined ? {} : { activation: activation.state }),
  }
  if (format !== 'table') await printValue(terminal, row, format)
  else {
    const beside =
      candidate === undefined ? '' : `, candidate ${candidate.version} at ${candidate.share} % of the keys`
    terminal.note(`${id}: version ${row.inForce} ${STANDING[status]}${beside}`)
    if (partialMatches !== undefined) {
      const { kept, drained, dropped } = partialMatches
      terminal.note(`partial matches: ${kept} kept, ${drained} drained, ${dropped} dropped`)
    }
  }
  if (written.approvalsNeeded !== undefined)
    terminal.note(`${counted(written.approvalsNeeded, 'approval')} of others would be needed`)
  if (dryRun === true) terminal.note('nothing was stored')
  else if (activation !== undefined && activation.state !== 'active')
    terminal.note('not yet known to every worker')
  return EXIT.ok
}

export const addressOf = (id: string): string => `/v1/rules/${encodeURIComponent(id)}`

export const queryOf = ({ dryRun, managedBy, force, breakGlass }: StepOptions) => ({
  dryRun: dryRun === true,
  force: force === true,
  managedBy,
  breakGlass,
})
