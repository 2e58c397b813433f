import type { Terminal } from '../terminal/terminal.ts'
import type { ApiClient } from './api-client.ts'

interface Statistics {
  readonly total?: { readonly status: string; readonly suspendedUntil?: number }
}

/** Says so where a rule sees no events because it has used too much fuel: nothing that it shows or says is whole then. */
export async function noteSuspension(terminal: Terminal, client: ApiClient, rule: string): Promise<void> {
  const { total } = await client.json<Statistics>(`/v1/rules/${encodeURIComponent(rule)}/stats`)
  if (total?.suspendedUntil === undefined) return
  terminal.note(
    `${rule} is suspended: it used too much fuel, and sees no events before entry ${total.suspendedUntil} of the input log`,
  )
}
