import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import { createInbox, type Msg, nanos, nuid, type Subscription } from '@nats-io/transport-node'
import type { LogEntry } from '../../engine/index.ts'
import { answerOfConnection, type Broker, findStream } from '../broker/index.ts'
import { Tombstones } from '../erasure/index.ts'
import { toEntry } from '../log-entry.ts'
import { isServiceError, ServiceError } from '../service-error.ts'
import type { BatchSource, StreamIdentity } from '../worker/ports.ts'
import { positionProof } from './position-proof.ts'
import { DeliveryReader, readPending } from './reply-subject.ts'
import { verifyPosition } from './verify-position.ts'

export interface CursorOptions {
  readonly stream: string
  /** The last entry already processed; 0 for none. */
  readonly after: number
  /** Entries that may be requested and not yet taken. */
  readonly entriesMax?: number
  /** Payload bytes of one request; a single entry may be larger. */
  readonly bytesMax?: number
  /** Without a message or heartbeat for this long, the consumer is made anew. */
  readonly stallMs?: number
}

const ENTRIES_MAX = 5_000
const BYTES_MAX = 16 * 1024 * 1024
/** How long a broker that is coming back may say that it has no such stream before it is believed. */
const MISSING_MS_MAX = 5_000
const HEARTBEAT_MS = 1_000
const EXPIRES_MS = 20_000
/** Enough of a random name that no two consumers of a stream share it. */
const CONSUMER_NAME_LENGTH = 12

/**
 * The input log in order, from a position on. Its consumer keeps no acknowledgements and is thrown away whenever anything is
 * doubtful (a gap in what was delivered, a silent server, a reconnect): the position is ours. A new one is only made in the same
 * stream, holding the entry that was read last: a server that came back without its tail would hand out other entries under the
 * same numbers. Pulls are bounded, so what is not taken is not read.
 */
export function openCursor(broker: Broker, options: CursorOptions): BatchSource {
  return new Cursor(broker, options)
}

class Cursor implements BatchSource {
  readonly #broker: Broker
  readonly #stream: string
  readonly #entriesMax: number
  readonly #bytesMax: number
  readonly #stallMs: number
  #last: number
  #lastEntry: LogEntry | undefined
  #lastReply = ''
  #identity: StreamIdentity | undefined
  #missingSince: number | undefined
  readonly #tombstones: Tombstones
  #isGapKnown = false
  #buffer: LogEntry[] = []
  /** Requested from the server and not delivered yet. */
  #requested = 0
  #consumerSequence = 0
  #generation = 0
  #consumer = ''
  #subscription: Subscription | undefined
  #watch: NodeJS.Timeout | undefined
  readonly #deliveries = new DeliveryReader()
  #heardAt = 0
  /** Something came since `heardAt`: the clock is read by the watch, not for every message. */
  #hasHeard = false
  #wake: (() => void) | undefined
  #failure: unknown
  #closed = false
  #placing = false
  #isDoubtful = false
  #forget: (() => void) | undefined

  constructor(broker: Broker, options: CursorOptions) {
    this.#broker = broker
    this.#stream = options.stream
    this.#last = options.after
    this.#tombstones = new Tombstones(broker, options.stream)
    this.#entriesMax = options.entriesMax ?? ENTRIES_MAX
    this.#bytesMax = Math.max(options.bytesMax ?? BYTES_MAX, broker.connection.info?.max_payload ?? 0)
    this.#stallMs = options.stallMs ?? 3 * HEARTBEAT_MS
  }

  get pending(): number {
    return readPending(this.#lastReply) + this.#buffer.length
  }

  async *batches(): AsyncIterable<readonly LogEntry[]> {
    this.#watch = setInterval(() => this.#check(), HEARTBEAT_MS / 2)
    this.#forget = this.#broker.onReconnect(() => this.#replace())
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
    this.#forget?.()
    clearInterval(this.#watch)
    this.#drop()
    this.#rouse()
  }

  #replace(): void {
    if (this.#placing) return
    this.#place().catch((error: unknown) => this.#fail(error))
  }

  /** A fresh consumer right behind what we have, however often it takes. */
  async #place(): Promise<void> {
    if (this.#placing) return
    this.#placing = true
    try {
      while (!this.#closed && this.#failure === undefined) {
        this.#drop()
        try {
          await answerOfConnection(this.#broker, this.#create(this.#generation))
          return
        } catch (error) {
          if (isServiceError(error)) this.#fail(error)
          else if (this.#broker.connection.isClosed()) this.#fail(closed(error))
          // The server is away or still electing; what it said is of no use to anybody before it is back.
          else await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 150))
        }
      }
    } finally {
      this.#placing = false
    }
  }

  /** Throws unless the stream is the one that was read so far, and still holds what was read last. */
  async #recognise(): Promise<void> {
    const info = await findStream(this.#broker, this.#stream)
    if (info === undefined) {
      const now = performance.now()
      this.#missingSince ??= now
      const isCertain = now - this.#missingSince > MISSING_MS_MAX
      const message = `there is no stream ${this.#stream}`
      throw isCertain ? new ServiceError('input-stream-not-found', message) : new Error(message)
    }
    this.#missingSince = undefined
    this.#identity ??= { stream: this.#stream, created: info.created }
    await this.#tombstones.load()
    await verifyPosition(this.#broker, info, {
      isErased: (first, last) => this.#tombstones.cover(first, last),
      position: this.#last,
      identity: this.#identity,
      positionProof: this.#lastEntry === undefined ? undefined : positionProof(this.#lastEntry),
    })
  }

  async #create(attempt: number): Promise<void> {
    const { connection, manager } = this.#broker
    // The broker repeats it with every message: short, and what it is for stands in the description.
    const name = nuid.next().slice(-CONSUMER_NAME_LENGTH)
    await this.#recognise()
    await manager.consumers.add(this.#stream, {
      name,
      description: 'reads the input log for a partition of Sequitur',
      ack_policy: AckPolicy.None,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanos(30_000),
      ...(this.#last === 0
        ? { deliver_policy: DeliverPolicy.All }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.#last + 1 }),
    })
    if (this.#closed || attempt !== this.#generation) return
    this.#generation += 1
    const generation = this.#generation
    this.#consumer = name
    this.#consumerSequence = 0
    this.#requested = 0
    this.#isDoubtful = false
    this.#heardAt = performance.now()
    this.#subscription = connection.subscribe(createInbox(this.#broker.options.inboxPrefix), {
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
    const request = {
      batch: room,
      max_bytes: this.#bytesMax,
      expires: nanos(EXPIRES_MS),
      idle_heartbeat: nanos(HEARTBEAT_MS),
    }
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.#stream}.${this.#consumer}`
    try {
      this.#broker.connection.publish(subject, JSON.stringify(request), {
        reply: this.#subscription.getSubject(),
      })
    } catch {
      // Closing or reconnecting: the watch makes a new consumer once the connection is back.
      this.#isDoubtful = true
    }
  }

  #take(message: Msg): void {
    this.#hasHeard = true
    const { reply } = message
    if (reply === undefined || !reply.startsWith('$JS.ACK.')) {
      this.#takeStatus(message)
      return
    }
    const { streamSequence: sequence, consumerSequence, storedAt } = this.#deliveries.read(reply)
    if (consumerSequence !== this.#consumerSequence + 1) {
      this.#replace()
      return
    }
    this.#consumerSequence = consumerSequence
    this.#requested -= 1
    if (sequence <= this.#last) return
    if (sequence !== this.#last + 1 && !this.#passErased(sequence)) {
      if (!this.#isGapKnown) {
        // What was erased since the consumer was made is written down, and read when it is made anew.
        this.#isGapKnown = true
        this.#replace()
        return
      }
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
    this.#isGapKnown = false
    this.#last = sequence
    this.#lastReply = reply
    this.#lastEntry = toEntry(message, sequence, storedAt)
    this.#buffer.push(this.#lastEntry)
    this.#rouse()
  }

  /** Puts what stands for the erased entries before `sequence` into the log's place of them; false where something else is missing. */
  #passErased(sequence: number): boolean {
    const first = this.#last + 1
    // Whoever begins at the start begins where the log begins.
    if (this.#last !== 0 && !this.#tombstones.cover(first, sequence - 1)) return false
    this.#buffer.push(...this.#tombstones.entries(first, sequence - 1))
    return true
  }

  /** Heartbeats keep the watch quiet; every other status ends a pull, wholly or by what it says is left of it. */
  #takeStatus(message: Msg): void {
    const code = message.headers?.code
    if (code === 100) return
    const pending = Number(message.headers?.get('Nats-Pending-Messages'))
    this.#requested = Number.isFinite(pending) && pending > 0 ? Math.max(0, this.#requested - pending) : 0
    const isOver = code === 404 || code === 408 || (code === 409 && !isGone(message))
    if (isOver) this.#pull()
    // Not at once: a server that refuses what we ask would be asked without end.
    else this.#isDoubtful = true
  }

  #check(): void {
    if (this.#hasHeard) this.#heardAt = performance.now()
    this.#hasHeard = false
    const silentMs = performance.now() - this.#heardAt
    if (this.#isDoubtful || (this.#requested > 0 && silentMs >= this.#stallMs)) this.#replace()
  }

  #drop(): void {
    this.#generation += 1
    this.#subscription?.unsubscribe()
    this.#subscription = undefined
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#drop()
    clearInterval(this.#watch)
    this.#rouse()
  }

  #rouse(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

/** The consumer or its leader is not there any more. */
const isGone = (message: Msg): boolean => /deleted|leadership/i.test(message.headers?.description ?? '')

const closed = (cause: unknown): ServiceError =>
  new ServiceError('broker-closed', 'the connection to the broker is closed', { cause })
