import { ApiClient } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { formatOf, type OutputFormat, printRows, printValue } from '../terminal/output.ts'
import { printable } from '../terminal/printable.ts'

interface CommonOptions extends ServerOptions {
  readonly output?: OutputFormat
}

interface DecideOptions extends CommonOptions {
  readonly comment?: string
}

interface Said {
  readonly by?: string
  readonly at: string
  readonly comment?: string
}

interface Proposal {
  readonly id: string
  readonly rule: string
  readonly change: 'created' | 'updated' | 'removed'
  readonly state: 'pending' | 'approved' | 'applied' | 'rejected' | 'withdrawn' | 'expired' | 'stale'
  readonly status?: string
  readonly did?: string
  readonly candidate?: { readonly version: number; readonly share: number }
  readonly partialMatchesMode?: string
  readonly base: { readonly version?: number; readonly status?: string }
  readonly author?: string
  readonly reason?: string
  readonly at: string
  readonly expiresAt: string
  readonly needed: number
  readonly approvals: readonly Said[]
  readonly settlement?: Said
  readonly version?: number
  readonly diff?: string
  readonly partialMatches?: { readonly kept: number; readonly drained: number; readonly dropped: number }
}

/** `sequitur proposal list`. */
export async function proposalList(
  context: CommandContext,
  { rule, state, ...options }: CommonOptions & { readonly rule?: string; readonly state?: string },
): Promise<ExitCode> {
  const { proposals, more } = await clientOf(context, options).json<{
    readonly proposals: readonly Proposal[]
    readonly more: number
  }>('/v1/proposals', { query: { rule, state, limit: 1000 } })
  await print(context, proposals, options)
  if (more > 0) context.terminal.note(`${more} older ones are not shown: narrow it by --rule or --state`)
  return EXIT.ok
}

/** `sequitur proposal show ID`: who wants what and why, the diff, and what becomes of partial matches. */
export async function proposalShow(
  context: CommandContext,
  id: string,
  options: CommonOptions,
): Promise<ExitCode> {
  const { terminal } = context
  const proposal = await clientOf(context, options).json<Proposal>(pathOf(id))
  if (options.output !== undefined && options.output !== 'table') {
    await printValue(terminal, proposal, options.output)
    return EXIT.ok
  }
  const { approvals, settlement, partialMatches } = proposal
  const facts: ReadonlyArray<readonly [name: string, value: string | undefined]> = [
    ['proposal', `${proposal.id}, ${proposal.state}`],
    ['change', changeOf(proposal)],
    ['by', `${proposal.author ?? 'nobody'}, ${proposal.at}`],
    ['because', proposal.reason],
    ['approved', `${approvals.length} of ${proposal.needed}`],
    ...approvals.map((said) => ['', saidOf(said)] as const),
    [proposal.state, settlement === undefined ? undefined : saidOf(settlement)],
    ['until', proposal.state === 'pending' ? proposal.expiresAt : undefined],
    [
      'partial matches',
      partialMatches === undefined
        ? undefined
        : `${partialMatches.kept} kept, ${partialMatches.drained} drained, ${partialMatches.dropped} dropped`,
    ],
    ['asked of them', proposal.partialMatchesMode],
  ]
  for (const [name, value] of facts)
    if (value !== undefined) terminal.print(`${name.padEnd(17)}${printable(value)}`)
  terminal.print('')
  for (const line of (proposal.diff ?? '').split('\n').slice(0, -1)) {
    const style = line.startsWith('+') ? 'green' : line.startsWith('-') ? 'red' : 'dim'
    terminal.print(terminal.style(style, printable(line)))
  }
  return EXIT.ok
}

/** `sequitur proposal approve ID...`; exit code 4 when one of them waits for more. */
export const proposalApprove = (
  context: CommandContext,
  ids: readonly string[],
  options: DecideOptions,
): Promise<ExitCode> => decide(context, 'approve', ids, options)

/** `sequitur proposal reject ID... --comment TEXT`. */
export const proposalReject = (
  context: CommandContext,
  ids: readonly string[],
  options: DecideOptions,
): Promise<ExitCode> => decide(context, 'reject', ids, options)

/** `sequitur proposal withdraw ID...`: one's own. */
export const proposalWithdraw = (
  context: CommandContext,
  ids: readonly string[],
  options: DecideOptions,
): Promise<ExitCode> => decide(context, 'withdraw', ids, options)

async function decide(
  context: CommandContext,
  action: 'approve' | 'reject' | 'withdraw',
  ids: readonly string[],
  options: DecideOptions,
): Promise<ExitCode> {
  const client = clientOf(context, options)
  const decided: Proposal[] = []
  try {
    for (const id of ids)
      decided.push(
        await client.json<Proposal>(`${pathOf(id)}:${action}`, {
          method: 'POST',
          contentType: 'application/json',
          body: JSON.stringify({ comment: options.comment }),
        }),
      )
  } finally {
    // What was decided before one was refused is decided.
    if (decided.length > 0) await print(context, decided, options)
  }
  return decided.some(({ state }) => state === 'pending') ? EXIT.pending : EXIT.ok
}

const STYLES = {
  pending: 'yellow',
  approved: 'yellow',
  applied: 'green',
  rejected: 'red',
  withdrawn: 'dim',
  expired: 'dim',
  stale: 'dim',
} as const

async function print(
  { terminal }: CommandContext,
  proposals: readonly Proposal[],
  options: CommonOptions,
): Promise<void> {
  await printRows(terminal, proposals, {
    format: formatOf(terminal, options.output),
    none: 'there are no proposals',
    columns: [
      { title: 'PROPOSAL', value: ({ id }) => id },
      { title: 'STATE', value: ({ state }) => state, style: ({ state }) => STYLES[state] },
      { title: 'RULE', value: ({ rule }) => rule },
      { title: 'CHANGE', value: changeOf },
      { title: 'APPROVED', value: ({ approvals, needed }) => `${approvals.length}/${needed}` },
      { title: 'BY', value: ({ author }) => author },
      { title: 'AT', value: ({ at }) => at },
      { title: 'WHY', value: ({ reason }) => reason },
    ],
  })
}

function changeOf({ change, base, status, did, candidate }: Proposal): string {
  if (change === 'removed') return 'remove'
  const what = did ?? (change === 'created' ? 'create' : 'update')
  const beside = candidate && `, candidate ${candidate.version} at ${candidate.share} % of the keys`
  return `${what}, ${base.status ?? 'none'} → ${status}${beside ?? ''}`
}

const saidOf = ({ by, at, comment }: Said): string =>
  [by, at, comment].filter((part) => part !== undefined).join(', ')

const pathOf = (id: string): string => `/v1/proposals/${encodeURIComponent(id)}`

const clientOf = ({ environment }: CommandContext, { server }: CommonOptions): ApiClient =>
  new ApiClient({ server, environment })
