import { readFileSync } from 'node:fs'
import {
  eventTime,
  type JsonValue,
  type LogEntry,
  type NearestMiss,
  type RuleProgram,
  streamSequence,
  type Trace,
  traceRule,
} from '../../engine/index.ts'
import { CliError } from '../cli-error.ts'
import { ApiClient } from '../client/api-client.ts'
import { noteSuspension } from '../client/suspension.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { compileRules } from '../rules/compile-rules.ts'
import { findRuleFiles, type RuleFile } from '../rules/find-rule-files.ts'
import { type OutputFormat, printValue } from '../terminal/output.ts'
import { printable } from '../terminal/printable.ts'
import { errorsIn, printProblems } from '../terminal/problems.ts'
import type { Terminal } from '../terminal/terminal.ts'

export interface WhyOptions extends ServerOptions {
  readonly since?: string
  readonly until?: string
  readonly event?: string
  readonly ruleVersion?: string
  /** File of events, as NDJSON; no service is asked. */
  readonly input?: string
  readonly output?: OutputFormat
}

/** What is printed of an answer: the service's has its span besides. */
type Shown = Pick<
  Trace,
  'rule' | 'version' | 'key' | 'events' | 'alerts' | 'lines' | 'withoutKey' | 'cut'
> & {
  readonly nearestMiss?: NearestMiss
  readonly since?: string
  readonly until?: string
  readonly read?: number
  readonly historyCut?: { readonly limit: string; readonly max: number; readonly at: string }
}

const FILE = /\.(ya?ml|json)$/i

/** `sequitur why RULE KEY`: what the rule did with the events of the key, from the service or from a file of events. */
export async function why(
  { terminal, environment }: CommandContext,
  rule: string,
  key: string | undefined,
  options: WhyOptions,
): Promise<ExitCode> {
  if (options.input !== undefined) return whyOffline(terminal, rule, key, options)
  const client = new ApiClient({ server: options.server, environment })
  const [file] = FILE.test(rule) ? findRuleFiles([rule]).files : []
  const { since, until } = options
  const answer = await client.json<Shown>('/v1/why', {
    method: 'POST',
    contentType: 'application/json',
    body: JSON.stringify({
      ...(file === undefined ? { rule } : { source: file.text, format: file.format }),
      ...(key === undefined ? {} : { key: keyOf(key) }),
      ...(options.event === undefined ? {} : { event: Number(options.event) }),
      ...(options.ruleVersion === undefined ? {} : { version: Number(options.ruleVersion) }),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    }),
  })
  if (file === undefined) await noteSuspension(terminal, client, rule)
  return print(terminal, answer, { output: options.output, file: file?.path })
}

async function whyOffline(
  terminal: Terminal,
  path: string,
  key: string | undefined,
  { input = '-', output }: WhyOptions,
): Promise<ExitCode> {
  if (key === undefined) throw new CliError('bad-option', 'name a key', { exitCode: EXIT.usage })
  const { rules, problems } = compileRules(findRuleFiles([path]).files)
  printProblems(terminal, problems)
  if (errorsIn(problems) > 0) return EXIT.usage
  const entries = readEvents(input)
  const program = onlyOne(rules, path)
  const answer = traceRule(program, entries, { stream: 'INPUT' }, { key: keyOf(key) })
  return print(terminal, answer, { output, file: path })
}

function onlyOne(
  rules: ReadonlyArray<{ readonly file: RuleFile; readonly program: RuleProgram }>,
  path: string,
): RuleProgram {
  const [rule] = rules
  if (rule !== undefined && rules.length === 1) return rule.program
  const ids = rules.map(({ program }) => program.definition.id).join(', ')
  throw new CliError('bad-option', `${path} holds ${rules.length} rules: ${ids}`, {
    exitCode: EXIT.usage,
    hint: 'name a file with one rule',
  })
}

/** One event a line: `{ "time": …, "subject": …, "data": { … } }`, in the order of the log. */
function readEvents(path: string): readonly LogEntry[] {
  let text: string
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (error) {
    throw new CliError('file-not-readable', `${path}: ${(error as Error).message}`, { exitCode: EXIT.input })
  }
  const encoder = new TextEncoder()
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const event = eventOf(line)
    if (event === undefined)
      throw new CliError('file-not-readable', `${path}:${index + 1}: this line is no event`, {
        exitCode: EXIT.input,
        hint: '{ "time": "2026-01-01T00:00:00Z", "subject": "payments.card", "data": { "card": "c1" } }',
      })
    return {
      sequence: streamSequence(index + 1),
      subject: event.subject,
      ingestedAt: eventTime(event.time),
      payload: encoder.encode(JSON.stringify(event.data)),
    }
  })
}

function eventOf(
  line: string,
): { readonly subject: string; readonly time: number; readonly data: object } | undefined {
  try {
    const { subject, time, data } = JSON.parse(line) as Readonly<Record<string, unknown>>
    const at = typeof time === 'number' ? time : Date.parse(String(time))
    if (typeof subject !== 'string' || Number.isNaN(at) || typeof data !== 'object' || data === null)
      return undefined
    return { subject, time: at, data }
  } catch {
    return undefined
  }
}

/** JSON where it is an array or an object, else text as it is: that also stands for a number. */
function keyOf(text: string): JsonValue {
  if (!/^[[{]/.test(text)) return text
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return text
  }
}

/** Exit code 1 when there was no alert. */
async function print(
  terminal: Terminal,
  answer: Shown,
  { output, file }: { readonly output: OutputFormat | undefined; readonly file: string | undefined },
): Promise<ExitCode> {
  const exitCode = answer.alerts.some(({ kind }) => kind !== 'withheld-alert') ? EXIT.ok : EXIT.findings
  const format = output ?? (terminal.isInteractive ? 'table' : 'ndjson')
  if (format === 'ndjson') for (const line of answer.lines) terminal.print(JSON.stringify(line))
  else if (format === 'table') printStory(terminal, answer, file)
  else await printValue(terminal, answer, format)
  return exitCode
}

/** `file`: where the text comes from, when it is none of the stored versions. */
function printStory(terminal: Terminal, answer: Shown, file: string | undefined): void {
  const key = Object.values(answer.key).map(String).join('/')
  terminal.print(printable(`${answer.rule} (${file ?? `version ${answer.version}`}), key ${key}`))
  let day = ''
  for (const { at, text } of answer.lines) {
    const date = at?.slice(0, 10) ?? day
    if (date !== day) terminal.print(terminal.style('dim', date))
    day = date
    terminal.print(`  ${terminal.style('dim', (at?.slice(11, 19) ?? '').padEnd(8))}  ${printable(text)}`)
  }
  if (answer.events.length === 0) {
    const span = answer.since === undefined ? '' : ` between ${answer.since} and ${answer.until}`
    terminal.note(
      `no event of this key${span}${answer.read === undefined ? '' : `; ${answer.read} events were read`}`,
    )
  }
  const { withoutKey, historyCut, cut } = answer
  if (withoutKey.count > 0)
    terminal.note(`${withoutKey.count} events on the rule's subjects have no usable key`)
  if (historyCut !== undefined)
    terminal.note(
      `reading ended at ${historyCut.at}: ${historyCut.max} ${historyCut.limit} are the most; name a shorter time`,
    )
  if (cut !== undefined) terminal.note(`${cut.events} more events of the key are not shown`)
}
