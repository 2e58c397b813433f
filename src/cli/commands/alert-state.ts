import { ApiClient } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { formatOf, type OutputFormat, printRows } from '../terminal/output.ts'

export interface StateOptions extends ServerOptions {
  readonly output?: OutputFormat
  readonly note?: string
  readonly verdict?: string
}

interface State {
  readonly id: string
  readonly state: string
  readonly verdict?: string
  readonly who?: string
  readonly note?: string
}

/** `sequitur ack|close|reopen ID…`: of alerts by id or sequence. */
export async function setAlertState(
  { terminal, environment }: CommandContext,
  action: 'acknowledge' | 'close' | 'reopen',
  ids: readonly string[],
  options: StateOptions,
): Promise<ExitCode> {
  const client = new ApiClient({ server: options.server, environment })
  const { note, verdict } = options
  const states: State[] = []
  for (const id of ids)
    states.push(
      await client.json<State>(`/v1/alerts/${encodeURIComponent(id)}/${action}`, {
        method: 'POST',
        contentType: 'application/json',
        body: JSON.stringify({ note, verdict }),
      }),
    )
  await printRows(terminal, states, {
    format: formatOf(terminal, options.output),
    none: 'no alerts',
    columns: [
      { title: 'ALERT', value: ({ id }) => id },
      { title: 'STATE', value: ({ state }) => state },
      { title: 'VERDICT', value: (state) => state.verdict },
      { title: 'WHO', value: ({ who }) => who },
      { title: 'NOTE', value: (state) => state.note },
    ],
  })
  return EXIT.ok
}
