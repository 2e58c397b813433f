import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { readLists } from '../../../engine/index.ts'
import {
  type Config,
  engineOptions,
  loadConfig,
  type ReplayResult,
  ReplayRun,
} from '../../../service/index.ts'
import { CliError } from '../../cli-error.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-code.ts'
import { durationOption } from '../../options.ts'
import { compileRules } from '../../rules/compile-rules.ts'
import { findRuleFiles, statusOf } from '../../rules/find-rule-files.ts'
import { counted, errorsIn, printProblems } from '../../terminal/problems.ts'
import { EventLines } from './event-lines.ts'

export interface FileOptions {
  readonly input: string
  readonly subject?: string
  readonly lateness?: string
  readonly config?: string
  readonly alerts?: boolean
}

export interface FileReplay {
  readonly result: ReplayResult
  readonly refused: number
}

const PART_BYTES = 1_048_576
const REFUSED_SHOWN = 10

/** Rules over a file, in this process and without a broker. */
export async function replayFile(
  { terminal, environment, signal }: CommandContext,
  paths: readonly string[],
  options: FileOptions,
  shown: { readonly progress: (text: string) => void; readonly alerts: (texts: readonly string[]) => void },
): Promise<FileReplay> {
  const { files } = findRuleFiles(paths)
  const { rules, problems } = compileRules(files)
  printProblems(terminal, problems)
  if (errorsIn(problems) > 0)
    throw new CliError('rule-not-accepted', 'the rules are not in order: nothing was replayed', {
      exitCode: EXIT.usage,
    })
  const run = new ReplayRun({
    programs: rules.map(({ program }) => program),
    engine: engineOf(environment, options),
    lists: Object.fromEntries(
      files.flatMap(({ text, format }) => {
        const lists = readLists(text, { format })
        return lists.ok ? lists.value.map(({ name, values }) => [name, values.map(({ value }) => value)]) : []
      }),
    ),
    ...(options.alerts === true ? { keptMax: Number.POSITIVE_INFINITY } : {}),
  })
  let refused = 0
  const lines = new EventLines({
    subject: options.subject,
    startMs: Date.now(),
    refused: ({ line, why }) => {
      refused += 1
      if (refused <= REFUSED_SHOWN) terminal.note(`${options.input}:${line}: not an event: ${why}`)
    },
  })
  const startedAt = performance.now()
  for await (const part of contentOf(options.input)) {
    if (signal.aborted) break
    run.take(lines.take(part as Buffer))
    const kept = run.tally.takeKept()
    if (options.alerts === true) shown.alerts(kept)
    shown.progress(`${run.entries.toLocaleString('en')} events`)
  }
  run.take(lines.end())
  run.endAtLastEvent()
  if (options.alerts === true) shown.alerts(run.tally.takeKept())
  if (refused > 0) terminal.note(`${counted(refused, 'line')} of ${options.input} could not be read`)
  const result = run.result(performance.now() - startedAt)
  return { refused, result: { firstSequence: 1, lastSequence: lines.sequence, ...result } }
}

function engineOf(environment: NodeJS.ProcessEnv, options: FileOptions): ReturnType<typeof engineOptions> {
  const loaded = loadConfig({
    environment,
    overrides: {},
    ...(options.config === undefined ? {} : { file: options.config }),
  })
  if (!loaded.ok) {
    throw new CliError('config-wrong-value', 'the configuration is not in order', {
      exitCode: EXIT.usage,
      problems: loaded.problems,
    })
  }
  const config: Config = loaded.value
  const latenessMs = durationOption('--lateness', options.lateness)
  const engine = engineOptions(config)
  return latenessMs === undefined
    ? engine
    : { ...engine, sources: [{ name: 'file', subjects: ['>'], latenessMs }] }
}

function contentOf(input: string): Readable {
  if (input === '-') return process.stdin
  if (statusOf(input).isDirectory())
    throw new CliError('file-not-readable', `${input} is a folder`, { exitCode: EXIT.input })
  const file = createReadStream(input, { highWaterMark: PART_BYTES })
  if (!/\.gz$/i.test(input)) return file
  const plain = createGunzip({ chunkSize: PART_BYTES })
  file.on('error', (error) => plain.destroy(error))
  return file.pipe(plain)
}
