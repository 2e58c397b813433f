// The thread that reads the input log: connection, protocol and consumer cost as much as matching, and need not wait for it.
import { parentPort, workerData } from 'node:worker_threads'
import { type Broker, connectBroker } from '../broker/index.ts'
import { lowerThread } from '../priority.ts'
import { isServiceError } from '../service-error.ts'
import { openCursor } from './cursor.ts'
import { packEntries, transferable } from './packed-entries.ts'
import { BATCHES_MAX, type ReaderOrder, type ReaderReport } from './reader-messages.ts'
import { SpanReader } from './span-reader.ts'

const { broker: brokerOptions, what } = workerData as ReaderOrder
const RETRY_MS = 200

// What comes in now has to be fetched at once; the past only must not be in the way.
if (what.kind === 'span') lowerThread()

let granted = BATCHES_MAX
let proceed: (() => void) | undefined
parentPort?.on('message', () => {
  granted += 1
  proceed?.()
})

const say = (report: ReaderReport, owned: ArrayBuffer[] = []): void => parentPort?.postMessage(report, owned)

try {
  const broker = await connected()
  const source = what.kind === 'log' ? openCursor(broker, what.options) : new SpanReader(broker, what.options)
  for await (const batch of source.batches()) {
    while (granted === 0)
      await new Promise<void>((resolve) => {
        proceed = resolve
      })
    granted -= 1
    const entries = packEntries(batch)
    say({ kind: 'batch', entries, pending: source.pending }, transferable(entries))
  }
  await broker.close()
  say({ kind: 'end' })
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  if (!isServiceError(error)) say({ kind: 'failed', message })
  else {
    const { code, hint } = error
    say({ kind: 'failed', code, message, ...(hint === undefined ? {} : { hint }) })
  }
}

/** Whoever started the thread has a connection: a broker that does not answer now is on its way back. */
async function connected(): Promise<Broker> {
  for (;;) {
    try {
      return await connectBroker({ ...brokerOptions, name: `${brokerOptions.name}-reader` })
    } catch (error) {
      const isAway =
        isServiceError(error, 'broker-unreachable') || isServiceError(error, 'broker-without-jetstream')
      if (!isAway) throw error
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}
