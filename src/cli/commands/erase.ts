import { setTimeout as sleep } from 'node:timers/promises'
import { ApiClient } from '../client/api-client.ts'
import type { CommandContext, ServerOptions } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { formatOf, type OutputFormat, printRows } from '../terminal/output.ts'

export interface EraseOptions extends ServerOptions {
  readonly output?: OutputFormat
  readonly reason: string
  readonly rules?: readonly string[]
  readonly dryRun?: boolean
  /** False: do not wait until it is done. */
  readonly wait: boolean
}

interface ErasurePlace {
  readonly place: string
  readonly done: boolean
  readonly found?: Readonly<Record<string, number>>
}

interface Erasure {
  readonly id: string
  readonly places: readonly ErasurePlace[]
  readonly trouble?: { readonly code: string; readonly message: string }
}

const LOOK_MS = 250

/** `sequitur erase KEY`: asks, waits until every place is done, and says what was found where. */
export async function erase(context: CommandContext, key: string, options: EraseOptions): Promise<ExitCode> {
  const { terminal, environment } = context
  const client = new ApiClient({ server: options.server, environment })
  const { reason, rules, dryRun = false } = options
  let erasure = await client.json<Erasure>('/v1/erasures', {
    method: 'POST',
    contentType: 'application/json',
    query: { dryRun },
    body: JSON.stringify({ key: keyOf(key), reason, rules }),
  })
  const { id } = erasure
  let told = ''
  while (options.wait && erasure.places.some(({ done }) => !done)) {
    const trouble = erasure.trouble === undefined ? '' : `${erasure.trouble.code}: ${erasure.trouble.message}`
    if (trouble !== told) terminal.note(`${id} waits: ${trouble}`)
    told = trouble
    await sleep(LOOK_MS)
    erasure = await client.json<Erasure>(`/v1/erasures/${id}`, {})
  }
  terminal.note(`erasure ${id}${dryRun ? ' (nothing was erased)' : ''}`)
  await printRows(terminal, erasure.places, {
    format: formatOf(terminal, options.output),
    none: '',
    columns: [
      { title: 'PLACE', value: ({ place }) => place },
      {
        title: 'STATE',
        value: ({ done }) => (done ? (dryRun ? 'counted' : 'erased') : 'waiting'),
        style: ({ done }) => (done ? 'green' : 'yellow'),
      },
      {
        title: 'FOUND',
        value: ({ found }) =>
          Object.entries(found ?? {})
            .map(([name, count]) => `${name}=${count}`)
            .join(' '),
      },
    ],
  })
  return EXIT.ok
}

/** JSON where it is JSON of a key (a number, a list of parts), else the text as it is. */
function keyOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value === null ? text : value
  } catch {
    return text
  }
}
