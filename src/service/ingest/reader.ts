import { Worker } from 'node:worker_threads'
import type { LogEntry } from '../../engine/index.ts'
import type { Broker } from '../broker/index.ts'
import { ServiceError } from '../service-error.ts'
import type { BatchSource } from '../worker/ports.ts'
import type { CursorOptions } from './cursor.ts'
import { type PackedEntries, unpackEntries } from './packed-entries.ts'
import type { ReaderOrder, ReaderReport } from './reader-messages.ts'
import type { SpanReaderOptions } from './span-reader.ts'

/** A cursor in a thread of its own, with a connection of its own: while a batch is processed, the next one is read. */
export function openReader(broker: Broker, options: CursorOptions): BatchSource {
  return new Reader({ broker: broker.options, what: { kind: 'log', options } })
}

/** A part of the log, read in a thread of its own. */
export async function* readSpan(
  broker: Broker,
  options: SpanReaderOptions,
): AsyncIterable<readonly LogEntry[]> {
  const reader = new Reader({ broker: broker.options, what: { kind: 'span', options } })
  try {
    yield* reader.batches()
  } finally {
    await reader.close()
  }
}

class Reader implements BatchSource {
  readonly #thread: Worker
  readonly #waiting: PackedEntries[] = []
  #pending = 0
  #failure: unknown
  #closed = false
  #isEnded = false
  #wake: (() => void) | undefined

  constructor(order: ReaderOrder) {
    const file = import.meta.url.endsWith('.ts') ? './reader-thread.ts' : './reader-thread.js'
    this.#thread = new Worker(new URL(file, import.meta.url), { workerData: order, name: 'reader' })
    this.#thread.on('message', (report: ReaderReport) => this.#hear(report))
    this.#thread.on('error', (error) => this.#fail(error))
    this.#thread.on('exit', () => this.#fail(new Error('the thread that reads the input log ended')))
  }

  get pending(): number {
    let entries = this.#pending
    for (const { ends } of this.#waiting) entries += ends.length
    return entries
  }

  async *batches(): AsyncIterable<readonly LogEntry[]> {
    while (!this.#closed) {
      const packed = this.#waiting.shift()
      if (packed !== undefined) {
        this.#thread.postMessage('more')
        yield unpackEntries(packed)
        continue
      }
      if (this.#isEnded) return
      if (this.#failure !== undefined) throw this.#failure
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#rouse()
    await this.#thread.terminate()
  }

  #hear(report: ReaderReport): void {
    if (report.kind === 'failed') {
      const { code, message, hint } = report
      this.#fail(
        code === undefined
          ? new Error(message)
          : new ServiceError(code, message, hint === undefined ? {} : { hint }),
      )
      return
    }
    if (report.kind === 'end') {
      this.#isEnded = true
      this.#rouse()
      return
    }
    this.#pending = report.pending
    this.#waiting.push(report.entries)
    this.#rouse()
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#rouse()
  }

  #rouse(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}
