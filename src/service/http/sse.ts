import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { EventSink } from './route.ts'

const HEARTBEAT_MS = 15_000

/** Writes server-sent events to a response until `run` ends or the signal is aborted. */
export async function streamEvents(
  response: ServerResponse,
  signal: AbortSignal,
  run: (sink: EventSink) => Promise<void>,
): Promise<void> {
  // A comment at once tells proxies and callers that the stream is open; later ones keep it open.
  response.write(': open\n\n')
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(': alive\n\n')
  }, HEARTBEAT_MS)
  heartbeat.unref()
  try {
    await run({
      send: async ({ id, event, data }) => {
        if (signal.aborted) return
        const text = `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
        if (response.write(text)) return
        await once(response, 'drain', { signal }).catch(() => undefined)
      },
    })
  } finally {
    clearInterval(heartbeat)
    response.end()
  }
}
