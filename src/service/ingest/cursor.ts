import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import { createInbox, type Msg, nanos, nuid, type Subscription } from '@nats-io/transport-node'
import { eventTime, type LogEntry, streamSequence } from '../../engine/index.ts'
import type { Broker } from '../broker/index.ts'
import { ServiceError } from '../service-error.ts'
import type { BatchSource } from '../worker/ports.ts'
import { readDelivery } from './reply-subject.ts'

export interface CursorOptions {
  readonly stream: string
  /** The last entry already processed; 0 for none. */
  readonly after: number
  /** Entries that may be requested and not yet taken. */
  readonly entriesMax?: number
  /** Without a message or heartbeat for this long, the consumer is made anew. */
  readonly stallMs?: number
}

const ENTRIES_MAX = 5_000
const HEARTBEAT_MS = 1_000
const EXPIRES_MS = 20_000

/**
 * The input log in order, from a position on. Its consumer keeps no acknowledgements and is thrown away whenever anything is
 * doubtful (a gap in what was delivered, a silent server, a reconnect): the position is ours. Pulls are bounded, so what is not
 * taken is not read.
 */
export function openCursor(broker: Broker, options: CursorOptions): BatchSource {
  return new Cursor(broker, options)
}

class Cursor implements BatchSource {
  readonly #broker: Broker
  readonly #stream: string
  readonly #entriesMax: number
  readonly #stallMs: number
  #last: number
  #buffer: LogEntry[] = []
  /** Requested from the server and not delivered yet. */
  #requested = 0
  #consumerSequence = 0
  #generation = 0
  #consumer = ''
  #subscription: Subscription | undefined
  #watch: NodeJS.Timeout | undefined
  #heardAt = 0
  #wake: (() => void) | undefined
  #failure: unknown
  #closed = false
  #resetting = false

  constructor(broker: Broker, options: CursorOptions) {
    this.#broker = broker
    this.#stream = options.stream
    this.#last = options.after
    this.#entriesMax = options.entriesMax ?? ENTRIES_MAX
    this.#stallMs = options.stallMs ?? 3 * HEARTBEAT_MS
  }

  async *batches(): AsyncIterable<readonly LogEntry[]> {
    this.#watch = setInterval(() => this.#check(), HEARTBEAT_MS / 2)
    void this.#followReconnects()
    await this.#place()
    while (!this.#closed) {
      if (this.#buffer.length === 0) {
        if (this.#failure !== undefined) throw this.#failure
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        continue
      }
      const batch = this.#buffer
      this.#buffer = []
      this.#pull()
      yield batch
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#watch)
    this.#drop()
    this.#rouse()
  }

  #replace(): void {
    if (this.#resetting) return
    this.#place().catch((error: unknown) => this.#fail(error))
  }

  /** A fresh consumer right behind what we have. */
  async #place(): Promise<void> {
    if (this.#resetting) return
    this.#resetting = true
    try {
      while (!this.#closed) {
        this.#drop()
        try {
          await this.#create()
          return
        } catch (error) {
          if (this.#broker.connection.isClosed()) {
            this.#fail(
              new ServiceError('broker-closed', 'the connection to the broker is closed', { cause: error }),
            )
            return
          }
          // The server is away or still electing; what it said is of no use to anybody before it is back.
          await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 200))
        }
      }
    } finally {
      this.#resetting = false
    }
  }

  async #create(): Promise<void> {
    const { connection, manager } = this.#broker
    const name = `sequitur-${nuid.next()}`
    await manager.consumers.add(this.#stream, {
      name,
      ack_policy: AckPolicy.None,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanos(30_000),
      ...(this.#last === 0
        ? { deliver_policy: DeliverPolicy.All }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.#last + 1 }),
    })
    if (this.#closed) return
    this.#generation += 1
    const generation = this.#generation
    this.#consumer = name
    this.#consumerSequence = 0
    this.#requested = 0
    this.#heardAt = performance.now()
    this.#subscription = connection.subscribe(createInbox(), {
      callback: (error, message) => {
        if (error === null && generation === this.#generation) this.#take(message)
      },
    })
    this.#pull()
  }

  #pull(): void {
    const room = this.#entriesMax - this.#buffer.length - this.#requested
    if (this.#subscription === undefined || room < this.#entriesMax / 2) return
    this.#requested += room
    const request = { batch: room, expires: nanos(EXPIRES_MS), idle_heartbeat: nanos(HEARTBEAT_MS) }
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.#stream}.${this.#consumer}`
    try {
      this.#broker.connection.publish(subject, JSON.stringify(request), {
        reply: this.#subscription.getSubject(),
      })
    } catch {
      // Closing or reconnecting: the watch makes a new consumer once the connection is back.
      this.#heardAt = 0
    }
  }

  #take(message: Msg): void {
    this.#heardAt = performance.now()
    const { reply } = message
    if (reply === undefined || !reply.startsWith('$JS.ACK.')) {
      this.#takeStatus(message)
      return
    }
    const { streamSequence: sequence, consumerSequence, storedAt } = readDelivery(reply)
    if (consumerSequence !== this.#consumerSequence + 1) {
      this.#replace()
      return
    }
    this.#consumerSequence = consumerSequence
    this.#requested -= 1
    if (sequence <= this.#last) return
    if (this.#last !== 0 && sequence !== this.#last + 1) {
      this.#fail(
        new ServiceError(
          'stream-gap',
          `stream ${this.#stream} has no entry between ${this.#last} and ${sequence}`,
          {
            hint: 'somebody deleted entries that were not processed yet; restore the stream, or start with an empty data folder',
          },
        ),
      )
      return
    }
    this.#last = sequence
    this.#buffer.push(toEntry(message, sequence, storedAt))
    this.#rouse()
  }

  /** Heartbeats keep the watch quiet; every other status ends a pull, wholly or by what it says is left of it. */
  #takeStatus(message: Msg): void {
    const code = message.headers?.code
    if (code === 100) return
    const pending = Number(message.headers?.get('Nats-Pending-Messages'))
    this.#requested = Number.isFinite(pending) && pending > 0 ? Math.max(0, this.#requested - pending) : 0
    const gone =
      code === 503 || (code === 409 && /deleted|leadership/i.test(message.headers?.description ?? ''))
    if (gone) this.#replace()
    else this.#pull()
  }

  #check(): void {
    const silentMs = performance.now() - this.#heardAt
    if (this.#requested > 0 && silentMs >= this.#stallMs) this.#replace()
  }

  async #followReconnects(): Promise<void> {
    for await (const status of this.#broker.connection.status()) {
      if (this.#closed) return
      if (status.type === 'reconnect') this.#replace()
    }
  }

  #drop(): void {
    this.#generation += 1
    this.#subscription?.unsubscribe()
    this.#subscription = undefined
  }

  #fail(error: unknown): void {
    this.#failure = error
    this.#drop()
    clearInterval(this.#watch)
    this.#rouse()
  }

  #rouse(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

function toEntry(message: Msg, sequence: number, storedAt: number): LogEntry {
  const entry = {
    sequence: streamSequence(sequence),
    subject: message.subject,
    ingestedAt: eventTime(storedAt),
    payload: message.data,
  }
  const { headers } = message
  if (headers === undefined) return entry
  const lower: Record<string, string> = {}
  for (const name of headers.keys()) lower[name.toLowerCase()] = headers.get(name)
  return { ...entry, headers: lower }
}
