import { ApiClient } from '../client/api-client.ts'
import { followStream } from '../client/live-stream.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { alertLine, alertSummary, timeColumn } from '../terminal/alert-line.ts'
import { formatOf, type OutputFormat } from '../terminal/output.ts'
import { printable } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'

export interface TailOptions extends ServerOptions {
  readonly output?: OutputFormat
  /** Ends after so many. */
  readonly limit?: string
}

/** `sequitur tail alerts`: alerts as they are raised, none missed over a lost connection. */
export async function tailAlerts(
  context: CommandContext,
  options: TailOptions & {
    readonly rule?: string
    readonly severity?: string
    readonly key?: string
    readonly mode?: string
  },
): Promise<ExitCode> {
  const { rule, severity, key, mode } = options
  return tail(context, options, {
    path: '/v1/alerts/stream',
    query: { rule, severity, key, mode },
    line: (terminal, data) => {
      const alert = alertSummary((data as { readonly alert?: unknown }).alert)
      return alert === undefined ? undefined : alertLine(terminal, alert, Date.now())
    },
  })
}

/** `sequitur tail events`: a look at the input log; at high rates only a part of it, and it says so. */
export async function tailEvents(
  context: CommandContext,
  options: TailOptions & { readonly subject?: string },
): Promise<ExitCode> {
  return tail(context, options, {
    path: '/v1/events/stream',
    query: { subject: options.subject },
    line: (terminal, data) => {
      const event = data as {
        readonly subject: string
        readonly storedAt: string
        readonly data?: unknown
        readonly text?: string
      }
      const payload = event.data === undefined ? (event.text ?? '') : JSON.stringify(event.data)
      return `${terminal.style('dim', timeColumn(event.storedAt, Date.now()))}  ${terminal.style('cyan', printable(event.subject).padEnd(28))}  ${printable(payload)}`
    },
  })
}

interface Tailed {
  readonly path: string
  readonly query: Readonly<Record<string, string | undefined>>
  readonly line: (terminal: Terminal, data: unknown) => string | undefined
}

async function tail(context: CommandContext, options: TailOptions, tailed: Tailed): Promise<ExitCode> {
  const { terminal, environment, signal } = context
  const client = new ApiClient({ server: options.server, environment })
  const format = formatOf(terminal, options.output)
  const enough = options.limit === undefined ? Number.POSITIVE_INFINITY : Number(options.limit)
  const ended = new AbortController()
  const until = AbortSignal.any([signal, ended.signal])
  let seen = 0
  const stream = followStream(client, {
    path: tailed.path,
    query: tailed.query,
    signal: until,
    onOpen: () => terminal.note(terminal.style('dim', `Connected to ${client.url}; Ctrl-C ends.`)),
    onLost: () => terminal.note('The connection is lost; trying again …'),
  })
  for await (const { event, data } of stream) {
    if (event === 'skipped') {
      terminal.note(`… ${(data as { readonly count: number }).count} more in this second`)
      continue
    }
    const text = format === 'table' ? tailed.line(terminal, data) : JSON.stringify(data)
    if (text === undefined) continue
    terminal.print(text)
    seen += 1
    if (seen >= enough) break
  }
  ended.abort()
  return EXIT.ok
}
