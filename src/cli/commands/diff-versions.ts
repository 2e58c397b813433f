import { CliError } from '../cli-error.ts'
import { ApiClient } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { formatOf, type OutputFormat, printValue } from '../terminal/output.ts'

interface VersionDiff {
  readonly diff: string
  readonly why?: string
}

interface NamedVersion {
  readonly id: string
  readonly version: number
}

/** `RULE@VERSION`; undefined where an argument is something else. */
export function namedVersion(text: string): NamedVersion | undefined {
  const [, id, version] = /^([A-Za-z0-9][A-Za-z0-9_-]{0,63})@([1-9]\d{0,8})$/.exec(text) ?? []
  return id === undefined ? undefined : { id, version: Number(version) }
}

/** `sequitur diff RULE@A [RULE@B]`: what changed between two versions, or in one. */
export async function diffVersions(
  { terminal, environment }: CommandContext,
  [first, second, ...more]: readonly NamedVersion[],
  options: ServerOptions & { readonly output?: OutputFormat },
): Promise<ExitCode> {
  if (first === undefined || more.length > 0 || (second !== undefined && second.id !== first.id))
    throw new CliError('bad-option', 'two versions of one rule are compared', {
      exitCode: EXIT.usage,
      hint: 'for example sequitur diff card-testing@6 card-testing@7',
    })
  const { id, version } = second ?? first
  const client = new ApiClient({ server: options.server, environment })
  const path = `/v1/rules/${encodeURIComponent(id)}/versions/${version}/diff`
  const against = second === undefined ? undefined : first.version
  const found = await client.json<VersionDiff>(path, { query: { against } })
  const format = formatOf(terminal, options.output)
  if (format !== 'table') await printValue(terminal, found, format)
  else {
    if (found.diff !== '') terminal.print(coloured(found.diff, terminal).trimEnd())
    terminal.note(found.why ?? 'One of the versions has no text, or does not compile.')
  }
  return found.diff === '' ? EXIT.ok : EXIT.findings
}

const STYLES = { '+': 'green', '-': 'red', '@': 'dim' } as const

function coloured(diff: string, terminal: CommandContext['terminal']): string {
  return diff
    .split('\n')
    .map((line) => {
      const style = STYLES[line[0] as keyof typeof STYLES]
      return style === undefined ? line : terminal.style(style, line)
    })
    .join('\n')
}
