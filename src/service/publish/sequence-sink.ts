import { headers as newHeaders, nuid } from '@nats-io/transport-node'
import type { Effect } from '../../engine/index.ts'
import { type Broker, WRONG_LAST_SEQUENCE } from '../broker/index.ts'
import { failPoint } from '../fail-point.ts'
import { ServiceError } from '../service-error.ts'
import type { AlertSink } from '../worker/ports.ts'
import { fenced, refused, type SinkOptions } from './batch-sink.ts'
import { readMarkerHead, readStreamHead } from './log-head.ts'
import { markerSubject, writeMarker } from './marker.ts'
import { effectHeaders, messageId, type PublishAnswer, PublishRequests } from './requests.ts'

const IN_FLIGHT_MAX = 500
const TIMEOUT_MS = 5_000

/**
 * For servers without atomic batches: one writer owns the whole stream, and every message says what it must follow. A claim is a
 * message too, so everything an older writer still sends is refused. The sequence alone would not do for messages in flight: when
 * one is refused because somebody else's message took its place, that message makes room for the one behind it. So each names
 * the message before it, too.
 */
export class SequenceSink implements AlertSink {
  readonly #broker: Broker
  readonly #options: SinkOptions
  readonly #requests: PublishRequests
  readonly #closing = new AbortController()
  #epoch = 0
  #lastSequence = 0

  constructor(broker: Broker, options: SinkOptions) {
    this.#broker = broker
    this.#options = options
    this.#requests = new PublishRequests(broker)
  }

  async claim(epoch: number): Promise<number> {
    for (;;) {
      const [marker, head] = await this.#retrying(() => Promise.all([this.#readMarker(), this.#readEnd()]))
      this.#epoch = Math.max(epoch, (marker.marker?.epoch ?? 0) + 1)
      // What stood at the end may have been erased since.
      const number = Math.max(head.number ?? marker.marker?.number ?? 0, this.#options.settledEffects ?? 0)
      const headers = newHeaders()
      headers.set('Nats-Expected-Last-Sequence', String(head.sequence))
      headers.set('Nats-Msg-Id', `claim.${nuid.next()}`)
      const payload = writeMarker({ epoch: this.#epoch, number })
      const answer = await this.#try({ subject: markerSubject(this.#options.partition), payload, headers })
      if (answer?.seq !== undefined && answer.error === undefined) {
        this.#lastSequence = answer.seq
        return number
      }
      await this.#options.backoff.wait(this.#closing.signal)
      const after = await this.#retrying(() => this.#readMarker())
      if (after.marker?.epoch === this.#epoch) {
        this.#lastSequence = after.sequence
        return after.marker.number
      }
    }
  }

  async publish(effects: readonly Effect[]): Promise<void> {
    const isIdTaken = new Set<number>()
    let rest = effects
    while (rest.length > 0) {
      const window = rest.slice(0, IN_FLIGHT_MAX)
      const answers = await this.#publishWindow(window, isIdTaken)
      const failed = answers.findIndex((answer) => answer?.seq === undefined || answer.error !== undefined)
      const duplicate = answers.findIndex((answer) => answer?.duplicate === true)
      if (failed === -1 && duplicate === -1) {
        this.#lastSequence += window.length
        this.#options.backoff.reset()
        rest = rest.slice(window.length)
      } else {
        const number = await this.#resume(answers[failed])
        const dropped = window[duplicate]
        if (dropped !== undefined && dropped.number > number) isIdTaken.add(dropped.number)
        rest = rest.filter((effect) => effect.number > number)
      }
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#requests.close()
  }

  #publishWindow(
    window: readonly Effect[],
    isIdTaken: ReadonlySet<number>,
  ): Promise<Array<PublishAnswer | undefined>> {
    const idOf = (effect: Effect): string => messageId(effect, isIdTaken.has(effect.number))
    return Promise.all(
      window.map((effect, index) => {
        const headers = effectHeaders(this.#options.partition, effect, isIdTaken.has(effect.number))
        headers.set('Nats-Expected-Last-Sequence', String(this.#lastSequence + index))
        const before = window[index - 1]
        if (before !== undefined) headers.set('Nats-Expected-Last-Msg-Id', idOf(before))
        if (index === 1) failPoint('mid-publish')
        return this.#try({ subject: effect.subject, payload: effect.payload, headers })
      }),
    )
  }

  /** Where the log stands after an answer that leaves doubt: the number of the last effect in it. */
  async #resume(answer: PublishAnswer | undefined): Promise<number> {
    if (answer?.error !== undefined && answer.error.err_code !== WRONG_LAST_SEQUENCE)
      this.#options.onTrouble(refused(answer))
    await this.#options.backoff.wait(this.#closing.signal)
    const { marker } = await this.#retrying(() => this.#readMarker())
    if (marker === undefined || marker.epoch < this.#epoch)
      throw new ServiceError('alert-log-lost', 'the alert log lost the marker of this worker', {
        hint: 'the worker claims the partition anew and publishes what is missing from its outbox',
      })
    if (marker.epoch > this.#epoch) throw fenced(marker)
    const head = await this.#retrying(() => this.#readEnd())
    this.#lastSequence = head.sequence
    return head.number ?? marker.number
  }

  async #try(message: Parameters<PublishRequests['publish']>[0]): Promise<PublishAnswer | undefined> {
    try {
      return await this.#requests.publish(message, TIMEOUT_MS)
    } catch {
      return undefined
    }
  }

  #readMarker(): ReturnType<typeof readMarkerHead> {
    return readMarkerHead(this.#broker, this.#options.partition, this.#closing.signal)
  }

  #readEnd(): ReturnType<typeof readStreamHead> {
    return readStreamHead(this.#broker, this.#closing.signal)
  }

  async #retrying<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await read()
      } catch (error) {
        if (this.#closing.signal.aborted) throw error
        this.#options.onTrouble(error as ServiceError)
        await this.#options.backoff.wait(this.#closing.signal)
      }
    }
  }
}
