import { ApiClient } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { compileRules } from '../rules/compile-rules.ts'
import { findRuleFiles, type RuleFile } from '../rules/find-rule-files.ts'
import { type Column, formatOf, type OutputFormat, printRows } from '../terminal/output.ts'
import { counted, errorsIn, printProblems } from '../terminal/problems.ts'

export interface ApplyOptions extends ServerOptions {
  readonly prune?: boolean
  readonly dryRun?: boolean
  readonly reason?: string
  readonly output?: OutputFormat
}

interface Change {
  readonly id: string
  readonly change: 'created' | 'updated' | 'unchanged' | 'removed'
  readonly version: number
}

interface Applied {
  readonly rules: readonly Change[]
}

const COLUMNS: readonly Column<Change>[] = [
  { title: 'RULE', value: ({ id }) => id },
  { title: 'CHANGE', value: ({ change }) => change, style: ({ change }) => STYLES[change] },
  { title: 'VERSION', value: ({ version }) => version },
]
const STYLES = { created: 'green', updated: 'yellow', removed: 'red', unchanged: 'dim' } as const

/** Texts of one request; the service takes 256 KiB. */
const CHARACTERS_MAX = 60_000

/** `sequitur apply -f DIR|FILE`: makes the service's rules those of the files. Nothing is sent when one of them is wrong. */
export async function apply(
  { terminal, environment }: CommandContext,
  paths: readonly string[],
  options: ApplyOptions,
): Promise<ExitCode> {
  const { files } = findRuleFiles(paths)
  const { rules, problems } = compileRules(files)
  printProblems(terminal, problems)
  if (errorsIn(problems) > 0) {
    terminal.note(`${counted(errorsIn(problems), 'error')} in the rules: nothing was sent`)
    return EXIT.usage
  }
  const client = new ApiClient({ server: options.server, environment })
  const query = { dryRun: options.dryRun === true, reason: options.reason }
  const changes: Change[] = []
  for (const body of bodiesOf(files)) {
    const applied = await client.json<Applied>('/v1/rules:apply', {
      method: 'POST',
      contentType: 'application/yaml',
      query,
      body,
    })
    changes.push(...applied.rules)
  }
  if (options.prune === true) {
    const kept = new Set(rules.map(({ program }) => program.definition.id))
    const { rules: running } = await client.json<{ rules: ReadonlyArray<{ id: string }> }>('/v1/rules')
    for (const { id } of running.filter((rule) => !kept.has(rule.id))) {
      const removed = await client.json<{ version: number }>(`/v1/rules/${encodeURIComponent(id)}`, {
        method: 'DELETE',
        query: { ...query, force: true },
      })
      changes.push({ id, change: 'removed', version: removed.version })
    }
  }
  await printRows(terminal, changes, {
    format: formatOf(terminal, options.output),
    columns: COLUMNS,
    none: 'nothing to do',
  })
  const changed = changes.filter(({ change }) => change !== 'unchanged').length
  terminal.note(
    options.dryRun === true
      ? `${counted(changed, 'rule')} would change; nothing was stored`
      : `${counted(changed, 'rule')} changed, ${changes.length - changed} as before`,
  )
  return EXIT.ok
}

/** Files as YAML documents (of which JSON is a part), several to a request. */
function bodiesOf(files: readonly RuleFile[]): readonly string[] {
  const bodies: string[] = []
  let body = ''
  for (const { text, format } of files) {
    // YAML does not take all of JSON's white space.
    const yaml =
      format === 'json'
        ? JSON.stringify(JSON.parse(text), null, 2)
        : text.replace(/^\uFEFF/, '').replace(/^---[ \t]*\r?\n/, '')
    const document = `---\n${yaml}${yaml.endsWith('\n') ? '' : '\n'}`
    if (body !== '' && body.length + document.length > CHARACTERS_MAX) {
      bodies.push(body)
      body = ''
    }
    body += document
  }
  return [...bodies, body]
}
