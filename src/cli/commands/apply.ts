import type { ListDefinition, Problem } from '../../engine/index.ts'
import { ApiClient, type ProblemEntry, problemOf } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { type CompiledFiles, compileRules } from '../rules/compile-rules.ts'
import { findRuleFiles } from '../rules/find-rule-files.ts'
import { type Removed, removalOf } from '../rules/removal.ts'
import { ruleBodies } from '../rules/rule-bodies.ts'
import { unfedInFiles } from '../rules/unfed-subjects.ts'
import { listsNotAmong } from '../rules/unknown-lists.ts'
import { type Column, formatOf, type OutputFormat, printRows } from '../terminal/output.ts'
import { counted, errorsIn, printProblems } from '../terminal/problems.ts'

export interface ApplyOptions extends ServerOptions {
  readonly prune?: boolean
  readonly dryRun?: boolean
  readonly reason?: string
  readonly managedBy?: string
  readonly force?: boolean
  readonly partialMatches?: string
  readonly breakGlass?: boolean
  readonly output?: OutputFormat
}

interface Change {
  readonly kind: 'rule' | 'list'
  readonly id: string
  readonly change: 'created' | 'updated' | 'unchanged' | 'removed' | 'proposed'
  readonly version: number
  /** Id of the proposal, when others must approve the change. */
  readonly proposal?: string
}

type Changed = Omit<Change, 'kind'>

interface Applied {
  readonly rules: readonly Changed[]
  readonly warnings: readonly ProblemEntry[]
}

type ListChanged = Changed & Activated & Partial<Pick<Applied, 'warnings'>>

interface RuleHead {
  readonly id: string
  readonly managedBy?: string
}

interface Activated {
  readonly activation?: { readonly state: string }
}

const COLUMNS: readonly Column<Change>[] = [
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'NAME', value: ({ id }) => id },
  { title: 'CHANGE', value: ({ change }) => change, style: ({ change }) => STYLES[change] },
  { title: 'VERSION', value: ({ version }) => version },
  { title: 'PROPOSAL', value: ({ proposal }) => proposal },
]
const STYLES = {
  created: 'green',
  updated: 'yellow',
  removed: 'red',
  unchanged: 'dim',
  proposed: 'yellow',
} as const

/**
 * `sequitur apply -f DIR|FILE`: makes the service's rules and lists those of the files. Nothing is sent when one of them is wrong.
 * Lists go first, so that a rule finds what it names. Exit code 4 when a change waits for others.
 */
export async function apply(
  { terminal, environment }: CommandContext,
  paths: readonly string[],
  options: ApplyOptions,
): Promise<ExitCode> {
  const { files } = findRuleFiles(paths)
  const compiled = compileRules(files)
  printProblems(terminal, compiled.problems)
  const errors = errorsIn(compiled.problems)
  if (errors > 0) {
    terminal.note(`${counted(errors, 'error')} in the rules: nothing was sent`)
    return EXIT.usage
  }
  const service = new Applying(new ApiClient({ server: options.server, environment }), options)
  for (const { definition } of compiled.lists) await service.putList(definition)
  printProblems(terminal, listsNotAmong(compiled, await service.listNames(compiled)))
  for (const body of ruleBodies(files)) await service.putRules(body)
  printProblems(terminal, unfedInFiles(service.warnings, compiled))
  if (options.prune === true) await service.prune(compiled)
  printProblems(terminal, service.listWarnings)
  const { changes, pending, left } = service
  await printRows(terminal, changes, {
    format: formatOf(terminal, options.output),
    columns: COLUMNS.filter(
      ({ title }) => title !== 'PROPOSAL' || changes.some(({ proposal }) => proposal !== undefined),
    ),
    none: 'nothing to do',
  })
  const proposed = changes.filter(({ change }) => change === 'proposed')
  const changed = changes.filter(({ change }) => change !== 'unchanged' && change !== 'proposed')
  const rules = changed.filter(({ kind }) => kind === 'rule').length
  const lists = changed.length - rules
  const what = `${counted(rules, 'rule')}${lists === 0 ? '' : ` and ${counted(lists, 'list')}`}`
  if (left.length > 0)
    terminal.note(
      `not removed, because another place manages them: ${left.join(', ')} (--managed-by, --force)`,
    )
  if (pending.length > 0) terminal.note(`not yet known to every worker: ${pending.join(', ')}`)
  terminal.note(
    options.dryRun === true
      ? `${what} would change; nothing was stored`
      : `${what} changed, ${changes.length - changed.length - proposed.length} as before`,
  )
  if (proposed.length === 0) return EXIT.ok
  terminal.note(
    `${counted(proposed.length, 'rule')} did not change yet: others approve with sequitur proposal approve`,
  )
  return EXIT.pending
}

/** `git:repository@commit`: the commit changes, the repository stays. */
const placeOf = (managedBy: string): string => managedBy.replace(/@[^@]*$/, '')

/** The requests of one `apply`, and what came of them. */
class Applying {
  readonly changes: Change[] = []
  /** What the service said of rules that it took. */
  readonly warnings: Problem[] = []
  readonly listWarnings: Problem[] = []
  /** Lists that are stored and on their way. */
  readonly pending: string[] = []
  readonly #client: ApiClient
  readonly #query: { readonly dryRun: boolean; readonly reason: string | undefined }
  /** What holds for rules alone: lists know no approval, and are managed by nobody. */
  readonly #ruleQuery: {
    readonly managedBy: string | undefined
    readonly force: boolean
    readonly breakGlass: true | undefined
  }
  readonly #partialMatches: string | undefined
  /** Rules that are in no file, and that another place manages. */
  readonly left: string[] = []

  constructor(client: ApiClient, options: ApplyOptions) {
    const { dryRun, reason, managedBy, force, partialMatches, breakGlass } = options
    this.#client = client
    this.#ruleQuery = {
      managedBy,
      force: force === true,
      breakGlass: breakGlass === true ? true : undefined,
    }
    this.#partialMatches = partialMatches
    this.#query = { dryRun: dryRun === true, reason }
  }

  async putRules(body: string): Promise<void> {
    const applied = await this.#client.json<Applied>('/v1/rules:apply', {
      method: 'POST',
      contentType: 'application/yaml',
      query: { ...this.#query, ...this.#ruleQuery, partialMatches: this.#partialMatches },
      body,
    })
    this.changes.push(...applied.rules.map((change) => ({ kind: 'rule', ...change }) as const))
    this.warnings.push(...applied.warnings.map(problemOf))
  }

  async putList({ name, ...text }: ListDefinition): Promise<void> {
    await this.#changeList(name, {
      method: 'PUT',
      contentType: 'application/json',
      body: JSON.stringify({ list: name, ...text }),
    })
  }

  /** Lists that there are, or are going to be. */
  async listNames({ rules, lists }: CompiledFiles): Promise<readonly string[]> {
    if (rules.every(({ program }) => program.lists.length === 0)) return []
    return [...(await this.#lists()), ...lists.map(({ definition }) => definition.name)]
  }

  /** Lists are only removed where lists are kept in files: others are kept in the service alone. */
  async prune({ rules, lists }: CompiledFiles): Promise<void> {
    const kept = new Set(rules.map(({ program }) => program.definition.id))
    const { rules: running } = await this.#client.json<{ rules: readonly RuleHead[] }>('/v1/rules')
    for (const { id, managedBy } of running.filter((rule) => !kept.has(rule.id))) {
      if (managedBy !== undefined && !this.#mayRemove(managedBy)) {
        this.left.push(id)
        continue
      }
      const removed = await this.#client.json<Removed>(`/v1/rules/${encodeURIComponent(id)}`, {
        method: 'DELETE',
        headers: { 'if-match': '*' },
        query: { ...this.#query, ...this.#ruleQuery },
      })
      this.changes.push({ kind: 'rule', id, ...removalOf(removed) })
    }
    const names = new Set(lists.map(({ definition }) => definition.name))
    if (names.size === 0) return
    for (const name of await this.#lists())
      if (!names.has(name)) await this.#changeList(name, { method: 'DELETE' })
  }

  #mayRemove(managedBy: string): boolean {
    const { managedBy: ours, force } = this.#ruleQuery
    return force || (ours !== undefined && placeOf(ours) === placeOf(managedBy))
  }

  async #lists(): Promise<readonly string[]> {
    const { lists } = await this.#client.json<{ lists: ReadonlyArray<{ list: string }> }>('/v1/lists')
    return lists.map(({ list }) => list)
  }

  async #changeList(
    name: string,
    request: { readonly method: 'PUT' | 'DELETE'; readonly contentType?: string; readonly body?: string },
  ): Promise<void> {
    const { change, version, activation, warnings } = await this.#client.json<ListChanged>(
      `/v1/lists/${encodeURIComponent(name)}`,
      { ...request, query: { ...this.#query, force: true } },
    )
    this.changes.push({ kind: 'list', id: name, change, version })
    this.listWarnings.push(...(warnings ?? []).map(problemOf))
    if (activation !== undefined && activation.state !== 'active') this.pending.push(name)
  }
}
