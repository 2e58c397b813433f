import { CliError } from '../cli-error.ts'
import { ApiClient, problemOf } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { compileRules } from '../rules/compile-rules.ts'
import { findRuleFiles } from '../rules/find-rule-files.ts'
import { unfedInFiles } from '../rules/unfed-subjects.ts'
import { formatOf, type OutputFormat, printRows } from '../terminal/output.ts'
import { errorsIn, printProblems } from '../terminal/problems.ts'
import {
  addressOf,
  type ChangeOptions,
  type Proposed,
  printStep,
  queryOf,
  type StepOptions,
  takeStep,
  type Written,
} from './rule-step.ts'

interface Version {
  readonly version: number
  readonly role: string
  readonly share?: number
  readonly matches: number
  readonly alerts: number
  readonly shadowAlerts: number
  readonly withheld: Readonly<Record<string, number>>
  readonly errors: number
  readonly keys: number
  readonly partialMatches: number
}

interface Candidate {
  readonly id: string
  readonly why: string
  readonly versions: readonly Version[]
}

const ROLE_STYLES: Readonly<Record<string, 'green' | 'yellow' | 'dim'>> = {
  'in-force': 'green',
  candidate: 'yellow',
  draining: 'dim',
}

/** `sequitur candidate set FILE`: runs the rule of a file beside the version in force. */
export async function candidateSet(
  context: CommandContext,
  file: string,
  options: StepOptions & { readonly share?: string },
): Promise<ExitCode> {
  const { terminal, environment } = context
  const { rules, problems } = compileRules(findRuleFiles([file]).files)
  printProblems(terminal, problems)
  if (errorsIn(problems) > 0) return EXIT.usage
  const [rule] = rules
  if (rule === undefined || rules.length !== 1)
    throw new CliError('bad-option', `${file} does not hold exactly one rule`, { exitCode: EXIT.usage })
  const { id } = rule.program.definition
  const client = new ApiClient({ server: options.server, environment })
  const written = await client.json<Written | Proposed>(`${addressOf(id)}/candidate`, {
    method: 'PUT',
    contentType: rule.file.format === 'json' ? 'application/json' : 'application/yaml',
    query: { ...queryOf(options), reason: options.reason, share: shareOf(options.share ?? '0') },
    body: rule.file.text,
  })
  printProblems(terminal, unfedInFiles((written.warnings ?? []).map(problemOf), { rules }))
  return printStep(context, id, written, options)
}

/** `sequitur candidate show RULE`: what the candidate and the version in force did since it came. */
export async function candidateShow(
  { terminal, environment }: CommandContext,
  id: string,
  options: ServerOptions & { readonly output?: OutputFormat },
): Promise<ExitCode> {
  const client = new ApiClient({ server: options.server, environment })
  const candidate = await client.json<Candidate>(`${addressOf(id)}/candidate`)
  await printRows(terminal, candidate.versions, {
    format: formatOf(terminal, options.output),
    none: 'no worker answers',
    columns: [
      { title: 'VERSION', value: ({ version }) => version, align: 'right' },
      { title: 'ROLE', value: ({ role }) => role, style: ({ role }) => ROLE_STYLES[role] },
      { title: 'SHARE', value: ({ share }) => (share === undefined ? '' : `${share} %`), align: 'right' },
      { title: 'MATCHES', value: ({ matches }) => matches, align: 'right' },
      { title: 'ALERTS', value: ({ alerts }) => alerts, align: 'right' },
      { title: 'SHADOW', value: ({ shadowAlerts }) => shadowAlerts, align: 'right' },
      { title: 'WITHHELD', value: ({ withheld }) => sum(Object.values(withheld)), align: 'right' },
      { title: 'ERRORS', value: ({ errors }) => errors, align: 'right' },
      { title: 'PARTIAL', value: ({ partialMatches }) => partialMatches, align: 'right' },
    ],
  })
  terminal.note(candidate.why)
  return EXIT.ok
}

/** `sequitur candidate share RULE PERCENT`. */
export const candidateShare = (
  context: CommandContext,
  id: string,
  percent: string,
  options: StepOptions,
): Promise<ExitCode> => takeStep(context, id, { name: 'share', body: { share: shareOf(percent) } }, options)

/** `sequitur promote RULE`: the candidate becomes the version in force. */
export const promote = (context: CommandContext, id: string, options: ChangeOptions): Promise<ExitCode> =>
  takeStep(context, id, { name: 'promote', body: {} }, options)

/** `sequitur rollback RULE`: takes the candidate away, or puts back what the last promotion replaced. */
export const rollback = (context: CommandContext, id: string, options: ChangeOptions): Promise<ExitCode> =>
  takeStep(context, id, { name: 'rollback', body: {} }, options)

/** `10`, `10%` and `10 %` are the same. */
function shareOf(text: string): number {
  const share = Number(/^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(text)?.[1])
  if (share >= 0 && share <= 100) return share
  throw new CliError('bad-option', `${text} is no share of the keys`, {
    exitCode: EXIT.usage,
    hint: 'write a number from 0 to 100, for example 10%',
  })
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
