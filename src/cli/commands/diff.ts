import { existsSync } from 'node:fs'
import { CliError } from '../cli-error.ts'
import { ApiClient } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { compileRules } from '../rules/compile-rules.ts'
import { findRuleFiles } from '../rules/find-rule-files.ts'
import { readRuleFiles } from '../rules/read-rule-files.ts'
import { formatOf, type OutputFormat, printRows } from '../terminal/output.ts'
import { counted, errorsIn, printProblems } from '../terminal/problems.ts'
import { diffVersions, namedVersion } from './diff-versions.ts'

export interface DiffOptions extends ServerOptions {
  readonly partialMatches?: string
  readonly prune?: boolean
  readonly output?: OutputFormat
}

interface PartialMatches {
  readonly kept: number
  readonly drained: number
  readonly dropped: number
}

interface Difference {
  readonly field: string
  readonly before: string
  readonly after: string
  readonly keepsPartialMatches: boolean
}

interface Planned {
  readonly change: 'created' | 'updated' | 'unchanged' | 'removed'
  readonly partialMatches?: PartialMatches
  readonly differences?: readonly Difference[]
}

interface Row extends Planned {
  readonly id: string
}

const STYLES = { created: 'green', updated: 'yellow', removed: 'red', unchanged: 'dim' } as const

/** `sequitur diff -f DIR`, `sequitur diff RULE@A RULE@B`: what the service has otherwise, and what would become of its partial matches. Stores nothing. */
export async function diff(
  context: CommandContext,
  paths: readonly string[],
  options: DiffOptions,
): Promise<ExitCode> {
  const versions = paths.map((path) => (existsSync(path) ? undefined : namedVersion(path)))
  if (versions.every((each) => each !== undefined)) return diffVersions(context, versions, options)
  const { terminal, environment } = context
  const { files } = findRuleFiles(paths)
  const { rules, problems } = compileRules(files)
  printProblems(terminal, problems)
  if (errorsIn(problems) > 0) return EXIT.usage
  const shared = files.find((file) => readRuleFiles([file]).rules.length !== 1)
  if (shared !== undefined)
    throw new CliError('bad-option', `${shared.path} does not hold exactly one rule`, {
      exitCode: EXIT.usage,
      hint: 'give each rule a file of its own; `sequitur apply --dry-run` takes several',
    })
  const client = new ApiClient({ server: options.server, environment })
  const query = { dryRun: true, force: true }
  const { partialMatches } = options
  const rows: Row[] = []
  for (const { file, program } of rules) {
    const { id } = program.definition
    const planned = await client.json<Planned>(`/v1/rules/${encodeURIComponent(id)}`, {
      method: 'PUT',
      contentType: file.format === 'json' ? 'application/json' : 'application/yaml',
      query: { ...query, partialMatches },
      body: file.text,
    })
    rows.push(rowOf(id, planned))
  }
  if (options.prune === true) {
    const named = new Set(rows.map(({ id }) => id))
    const { rules: stored } = await client.json<{ rules: ReadonlyArray<{ id: string }> }>('/v1/rules')
    for (const { id } of stored.filter((rule) => !named.has(rule.id))) {
      const path = `/v1/rules/${encodeURIComponent(id)}`
      const removed = await client.json<Planned>(path, { method: 'DELETE', query })
      rows.push(rowOf(id, { ...removed, change: 'removed' }))
    }
  }
  await printRows(terminal, rows, {
    format: formatOf(terminal, options.output),
    none: 'there are no rules',
    columns: [
      { title: 'RULE', value: ({ id }) => id },
      { title: 'CHANGE', value: ({ change }) => change, style: ({ change }) => STYLES[change] },
      { title: 'KEPT', value: ({ partialMatches }) => partialMatches?.kept, align: 'right' },
      { title: 'DRAINED', value: ({ partialMatches: after }) => after?.drained, align: 'right' },
      { title: 'DROPPED', value: ({ partialMatches }) => partialMatches?.dropped, align: 'right' },
      { title: 'WHAT', value: ({ differences }) => (differences ?? []).map(({ field }) => field).join(', ') },
    ],
  })
  const different = rows.filter(({ change }) => change !== 'unchanged')
  const dropped = different.reduce((sum, { partialMatches }) => sum + (partialMatches?.dropped ?? 0), 0)
  const loss = dropped === 0 ? '' : `; ${dropped} of their partial matches would be dropped`
  terminal.note(`${counted(different.length, 'rule')} would change${loss}`)
  return different.length === 0 ? EXIT.ok : EXIT.findings
}

const rowOf = (id: string, { change, partialMatches, differences }: Planned): Row => ({
  id,
  change,
  ...(change === 'unchanged' || partialMatches === undefined ? {} : { partialMatches }),
  ...(change === 'unchanged' || differences === undefined ? {} : { differences }),
})
