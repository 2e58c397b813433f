import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import { createInbox, type Msg, nanos, nuid, type Subscription } from '@nats-io/transport-node'
import type { LogEntry } from '../../engine/index.ts'
import type { Broker } from '../broker/index.ts'
import { Tombstones } from '../erasure/index.ts'
import { toEntry } from '../log-entry.ts'
import { ServiceError } from '../service-error.ts'
import { DeliveryReader, readPending } from './reply-subject.ts'

export interface SpanReaderOptions {
  readonly stream: string
  /** Subject filters; empty: everything. */
  readonly subjects: readonly string[]
  /** Sequences, both inclusive. */
  readonly first: number
  readonly last: number
}

const ENTRIES_MAX = 10_000
const BYTES_MAX = 32 * 1024 * 1024
const EXPIRES_MS = 5_000
const SILENT_MS_MAX = 7_000
const PLACES_MAX = 20
const FORGOTTEN_MS = 30_000

/**
 * A stored part of a stream, in order, as fast as it is taken: two requests at most are on their way, and what is not taken is not
 * asked for. Its consumer keeps no acknowledgements; after a gap or a silence a new one goes on behind what was read.
 */
export class SpanReader {
  readonly #broker: Broker
  readonly #options: SpanReaderOptions
  readonly #bytesMax: number
  readonly #deliveries = new DeliveryReader()
  #read: number
  readonly #tombstones: Tombstones
  #pending = 0
  #buffer: LogEntry[] = []
  #requested = 0
  #consumer = ''
  #consumerSequence = 0
  #generation = 0
  #places = 0
  #heardAt = 0
  #subscription: Subscription | undefined
  #isOver = false
  #failure: unknown
  #wake: (() => void) | undefined

  constructor(broker: Broker, options: SpanReaderOptions) {
    this.#broker = broker
    this.#options = options
    this.#read = options.first - 1
    this.#tombstones = new Tombstones(broker, options.stream)
    this.#bytesMax = Math.max(BYTES_MAX, broker.connection.info?.max_payload ?? 0)
  }

  /** Entries of the span that were not handed out yet, as last seen. */
  get pending(): number {
    return this.#pending + this.#buffer.length
  }

  async *batches(): AsyncIterable<readonly LogEntry[]> {
    if (this.#options.first > this.#options.last) return
    const watch = setInterval(() => this.#check(), 1_000)
    // What was on its way over the old connection never comes, and behind the last entry nothing would show it.
    const forget = this.#broker.onReconnect(() => this.#replace())
    try {
      await this.#tombstones.load()
      await this.#place()
      for (;;) {
        if (this.#buffer.length === 0) {
          if (this.#failure !== undefined) throw this.#failure
          if (this.#isOver) return
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
    } finally {
      forget()
      clearInterval(watch)
      await this.#drop()
    }
  }

  async #place(): Promise<void> {
    await this.#drop()
    this.#places += 1
    if (this.#places > PLACES_MAX)
      throw new ServiceError(
        'replay-log-silent',
        `the broker does not deliver stream ${this.#options.stream}`,
      )
    const generation = this.#generation
    const { subjects, stream } = this.#options
    const info = await this.#broker.manager.consumers.add(stream, {
      name: `sequitur-replay-${nuid.next()}`,
      ack_policy: AckPolicy.None,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanos(FORGOTTEN_MS),
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#read + 1,
      ...(subjects.length === 0 ? {} : { filter_subjects: [...subjects] }),
    })
    if (generation !== this.#generation) return
    this.#consumer = info.name
    this.#consumerSequence = 0
    this.#requested = 0
    this.#pending = info.num_pending
    this.#heardAt = performance.now()
    if (info.num_pending === 0) {
      this.#end()
      return
    }
    this.#subscription = this.#broker.connection.subscribe(createInbox(this.#broker.options.inboxPrefix), {
      callback: (error, message) => {
        if (error === null && generation === this.#generation) this.#take(message)
      },
    })
    this.#pull()
  }

  #pull(): void {
    if (this.#isOver || this.#subscription === undefined) return
    const room = Math.min(ENTRIES_MAX - this.#buffer.length, this.#pending) - this.#requested
    if (room <= 0 || (room < ENTRIES_MAX / 2 && this.#requested > 0)) return
    this.#requested += room
    this.#heardAt = performance.now()
    const request = { batch: room, max_bytes: this.#bytesMax, expires: nanos(EXPIRES_MS) }
    this.#broker.connection.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${this.#options.stream}.${this.#consumer}`,
      JSON.stringify(request),
      { reply: this.#subscription.getSubject() },
    )
  }

  #take(message: Msg): void {
    this.#heardAt = performance.now()
    const { reply } = message
    if (reply === undefined || !reply.startsWith('$JS.ACK.')) {
      this.#takeStatus(message)
      return
    }
    const { streamSequence, consumerSequence, storedAt } = this.#deliveries.read(reply)
    if (consumerSequence !== this.#consumerSequence + 1) {
      this.#replace()
      return
    }
    this.#consumerSequence = consumerSequence
    this.#requested -= 1
    if (streamSequence > this.#options.last) {
      this.#end()
      return
    }
    this.#passErased(streamSequence - 1)
    this.#read = streamSequence
    this.#pending = readPending(reply)
    this.#places = 0
    this.#buffer.push(toEntry(message, streamSequence, storedAt))
    if (streamSequence === this.#options.last || this.#pending === 0) this.#end()
    else this.#rouse()
  }

  /** Ends a request: it expired, or the next entry would have been too many bytes for what was left of it. */
  #takeStatus(message: Msg): void {
    const code = message.headers?.code
    if (code === 100) return
    const left = Number(message.headers?.get('Nats-Pending-Messages'))
    this.#requested = Number.isFinite(left) && left > 0 ? Math.max(0, this.#requested - left) : 0
    // A request that expires is one that the consumer has nothing for, though by our count it has.
    if (code === 409) this.#pull()
    else if (code !== 408 || this.#pending > 0) this.#replace()
  }

  #check(): void {
    if (this.#isOver || this.#requested === 0) return
    if (performance.now() - this.#heardAt > SILENT_MS_MAX) this.#replace()
  }

  #replace(): void {
    this.#place().catch((error: unknown) => {
      this.#failure = error
      this.#rouse()
    })
  }

  /** What stands for the erased entries up to `last`, in their place. */
  #passErased(last: number): void {
    this.#buffer.push(...this.#tombstones.entries(this.#read + 1, last, this.#options.subjects))
    this.#read = Math.max(this.#read, last)
  }

  #end(): void {
    if (!this.#isOver) this.#passErased(this.#options.last)
    this.#isOver = true
    this.#rouse()
  }

  async #drop(): Promise<void> {
    this.#generation += 1
    this.#subscription?.unsubscribe()
    this.#subscription = undefined
    const consumer = this.#consumer
    this.#consumer = ''
    if (consumer === '') return
    try {
      await this.#broker.manager.consumers.delete(this.#options.stream, consumer)
    } catch {
      // The broker forgets it by itself after a while.
    }
  }

  #rouse(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}
