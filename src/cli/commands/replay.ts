import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReplayResult } from '../../service/index.ts'
import { CliError } from '../cli-error.ts'
import { ApiClient } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { findRuleFiles } from '../rules/find-rule-files.ts'
import { formatOf, type OutputFormat } from '../terminal/output.ts'
import { printResult } from './replay/print-result.ts'
import type { FileOptions } from './replay/replay-file.ts'

export interface ReplayOptions extends ServerOptions, Partial<FileOptions> {
  readonly since?: string
  readonly until?: string
  readonly against?: string
  readonly share?: string
  readonly wholeLog?: boolean
  readonly output?: OutputFormat
}

interface ReplayView {
  readonly id: string
  readonly state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled'
  readonly progress: { readonly entries: number; readonly total: number; readonly eventTime?: string }
  readonly result?: ReplayResult
  readonly error?: { readonly code: string; readonly message: string }
}

const LOOK_MS = 250
const STORED = /^([A-Za-z0-9][A-Za-z0-9_-]{0,63})(?:@(\d{1,9}))?$/

/** `sequitur replay RULES`: what they would have raised, over the log of a service or over a file. */
export async function replay(
  context: CommandContext,
  paths: readonly string[],
  options: ReplayOptions,
): Promise<ExitCode> {
  const { terminal } = context
  const format = formatOf(terminal, options.output)
  if (options.input === undefined) return replayLog(context, paths, { options, format })
  for (const name of ['since', 'until', 'against', 'wholeLog', 'share'] as const)
    if (options[name] !== undefined)
      throw new CliError(
        'bad-option',
        `--input has no place for --${name === 'wholeLog' ? 'whole-log' : name}`,
        {
          exitCode: EXIT.usage,
          hint: 'a file is read whole, in this process, and nothing was raised on it',
        },
      )
  const { replayFile } = await import('./replay/replay-file.ts')
  const progress = progressLine(context)
  const { result, refused } = await replayFile(
    context,
    paths,
    { ...options, input: options.input },
    {
      progress: progress.show,
      alerts: (texts) => {
        for (const text of texts) terminal.print(text)
      },
    },
  )
  progress.clear()
  if (options.alerts !== true) await printResult(terminal, result, format)
  return refused > 0 ? EXIT.input : EXIT.ok
}

async function replayLog(
  context: CommandContext,
  paths: readonly string[],
  { options, format }: { readonly options: ReplayOptions; readonly format: OutputFormat },
): Promise<ExitCode> {
  const { terminal, environment, signal } = context
  const client = new ApiClient({ server: options.server, environment })
  const { against, share } = options
  let replay = await client.json<ReplayView>('/v1/replays', {
    method: 'POST',
    contentType: 'application/json',
    body: JSON.stringify({
      ...rulesOf(paths),
      since: options.since,
      until: options.until,
      against: against === undefined || against === 'live' ? against : versionOf(against),
      share: share === undefined ? undefined : Number(share),
      wholeLog: options.wholeLog,
    }),
  })
  const path = `/v1/replays/${replay.id}`
  const progress = progressLine(context)
  while (replay.state === 'queued' || replay.state === 'running') {
    const { entries, total, eventTime } = replay.progress
    progress.show(
      replay.state === 'queued'
        ? 'waiting for another replay'
        : `${entries.toLocaleString('en')} of ${total.toLocaleString('en')} entries${eventTime === undefined ? '' : `, at ${eventTime}`}`,
    )
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
    // Whoever stops watching does not want it to go on.
    replay = await client.json<ReplayView>(path, signal.aborted ? { method: 'DELETE' } : {})
  }
  progress.clear()
  if (replay.result === undefined)
    throw replay.error === undefined
      ? new CliError('replay-cancelled', 'the replay was cancelled')
      : new CliError(replay.error.code, replay.error.message)
  if (options.alerts === true) await printAlerts(context, client, path)
  else await printResult(terminal, replay.result, format)
  const { difference } = replay.result
  return difference !== undefined && difference.onlyOld.count + difference.onlyNew.count > 0
    ? EXIT.findings
    : EXIT.ok
}

async function printAlerts({ terminal }: CommandContext, client: ApiClient, path: string): Promise<void> {
  let cursor: string | undefined
  do {
    const page: { readonly alerts: readonly unknown[]; readonly next?: string } = await client.json(
      `${path}/alerts`,
      { query: { limit: 500, cursor } },
    )
    for (const alert of page.alerts) terminal.print(JSON.stringify(alert))
    cursor = page.next
  } while (cursor !== undefined)
}

/** Files where there are any of that name; otherwise ids of stored rules. */
function rulesOf(paths: readonly string[]): object {
  const stored = paths.map((path) => (existsSync(path) ? null : STORED.exec(path)))
  if (stored.every((found) => found !== null))
    return {
      rules: stored.map(([, id, version]) => ({
        id,
        ...(version === undefined ? {} : { version: Number(version) }),
      })),
    }
  return {
    source: findRuleFiles(paths)
      .files.map(({ text }) => `${text.trimEnd()}\n`)
      .join('---\n'),
  }
}

function versionOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new CliError('bad-option', `--against ${text} is neither live nor a version`, {
    exitCode: EXIT.usage,
  })
}

/** One line on a terminal that goes when there is a result; nothing in a pipe. */
function progressLine({ terminal }: CommandContext): {
  readonly show: (text: string) => void
  readonly clear: () => void
} {
  const write = (text: string): void => {
    if (terminal.isInteractive && process.stderr.isTTY === true) process.stderr.write(`\r\u001b[K${text}`)
  }
  return { show: write, clear: () => write('') }
}
