import { headers as newHeaders, nuid } from '@nats-io/transport-node'
import type { Effect } from '../../engine/index.ts'
import { type Broker, WRONG_LAST_SEQUENCE } from '../broker/index.ts'
import { failPoint } from '../fail-point.ts'
import { ServiceError } from '../service-error.ts'
import type { AlertSink } from '../worker/ports.ts'
import { type LogHead, readMarkerHead } from './log-head.ts'
import { type Marker, markerSubject, writeMarker } from './marker.ts'
import { effectHeaders, type OutgoingMessage, type PublishAnswer, PublishRequests } from './requests.ts'
import type { Backoff } from './retry.ts'

/** The server takes 1,000 messages a batch; one is the marker. */
const EFFECTS_PER_BATCH = 900
const TIMEOUT_MS = 5_000
/** JetStream: "atomic publish batch contains duplicate message id", of this batch or of the duplicate window. */
const DUPLICATE_ID = 10201

export interface SinkOptions {
  readonly partition: number
  readonly backoff: Backoff
  /** Number of the last effect before an erasure: it was in the log. */
  readonly settledEffects?: number
  /** Called for every failure that is going to be tried again. */
  readonly onTrouble: (error: ServiceError) => void
}

/**
 * Effects and the marker of their partition in one atomic batch, which the server takes only if the marker before it is the one
 * we know. So a batch is in the log wholly or not, once, and never behind a newer owner's.
 */
export class BatchSink implements AlertSink {
  readonly #broker: Broker
  readonly #options: SinkOptions
  readonly #requests: PublishRequests
  readonly #closing = new AbortController()
  #epoch = 0
  #markerSequence = 0

  constructor(broker: Broker, options: SinkOptions) {
    this.#broker = broker
    this.#options = options
    this.#requests = new PublishRequests(broker)
  }

  async claim(epoch: number): Promise<number> {
    for (;;) {
      const head = await this.#readHead()
      this.#epoch = Math.max(epoch, (head.marker?.epoch ?? 0) + 1)
      const number = head.marker?.number ?? 0
      const answer = await this.#publish([this.#marker({ epoch: this.#epoch, number }, head.sequence)])
      if (answer?.seq !== undefined && answer.error === undefined) {
        this.#markerSequence = answer.seq
        return number
      }
      const after = await this.#readHead()
      if (after.marker?.epoch === this.#epoch) {
        this.#markerSequence = after.sequence
        return after.marker.number
      }
      await this.#options.backoff.wait(this.#closing.signal)
    }
  }

  async publish(effects: readonly Effect[]): Promise<void> {
    for (let start = 0; start < effects.length; start += EFFECTS_PER_BATCH)
      await this.#publishBatch(effects.slice(start, start + EFFECTS_PER_BATCH))
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#requests.close()
  }

  async #publishBatch(effects: readonly Effect[]): Promise<void> {
    const number = effects.at(-1)?.number ?? 0
    let isIdTaken = false
    for (;;) {
      const marker = this.#marker({ epoch: this.#epoch, number }, this.#markerSequence)
      const messages = effects.map((effect) => ({
        subject: effect.subject,
        payload: effect.payload,
        headers: effectHeaders(this.#options.partition, effect, isIdTaken),
      }))
      const answer = await this.#publish([marker, ...messages])
      if (answer?.seq !== undefined && answer.error === undefined) {
        this.#markerSequence = answer.seq - effects.length
        this.#options.backoff.reset()
        return
      }
      if (await this.#isStored(number, answer)) return
      isIdTaken ||= answer?.error?.err_code === DUPLICATE_ID
    }
  }

  /** After an answer that leaves doubt: the marker in the log says whether the batch is there, is missing, or is not ours to write. */
  async #isStored(number: number, answer: PublishAnswer | undefined): Promise<boolean> {
    const code = answer?.error?.err_code
    if (answer?.error !== undefined && code !== WRONG_LAST_SEQUENCE && code !== DUPLICATE_ID)
      this.#options.onTrouble(refused(answer))
    await this.#options.backoff.wait(this.#closing.signal)
    const head = await this.#readHead()
    if (head.marker === undefined || head.marker.epoch < this.#epoch) {
      // The log lost its tail, our claim with it. Only a claim of our own makes it ours again; what is missing is in the outbox.
      throw new ServiceError('alert-log-lost', 'the alert log lost the marker of this worker', {
        hint: 'the worker claims the partition anew and publishes what is missing from its outbox',
      })
    }
    if (head.marker.epoch > this.#epoch) throw fenced(head.marker)
    this.#markerSequence = head.sequence
    return head.marker.number >= number
  }

  #marker(marker: Marker, expected: number): OutgoingMessage {
    const headers = newHeaders()
    headers.set('Nats-Expected-Last-Subject-Sequence', String(expected))
    return { subject: markerSubject(this.#options.partition), payload: writeMarker(marker), headers }
  }

  async #publish(messages: readonly OutgoingMessage[]): Promise<PublishAnswer | undefined> {
    const last = messages.at(-1)
    if (last === undefined) return undefined
    try {
      if (messages.length > 1) {
        const batch = nuid.next()
        for (const [index, message] of messages.entries()) {
          message.headers.set('Nats-Batch-Id', batch)
          message.headers.set('Nats-Batch-Sequence', String(index + 1))
          if (message === last) message.headers.set('Nats-Batch-Commit', '1')
          else this.#requests.send(message)
          if (index === messages.length >> 1) failPoint('mid-publish')
        }
      }
      return await this.#requests.publish(last, TIMEOUT_MS)
    } catch {
      // The connection is closing or reconnecting: the fate is unknown, and the head will tell.
      return undefined
    }
  }

  async #readHead(): Promise<LogHead> {
    for (;;) {
      try {
        return await readMarkerHead(this.#broker, this.#options.partition, this.#closing.signal)
      } catch (error) {
        if (this.#closing.signal.aborted) throw error
        this.#options.onTrouble(error as ServiceError)
        await this.#options.backoff.wait(this.#closing.signal)
      }
    }
  }
}

export const fenced = (marker: Marker): ServiceError =>
  new ServiceError('fenced', `another worker has taken this partition over (epoch ${marker.epoch})`, {
    hint: 'this one stops; nothing of it was published since',
  })

export const refused = (answer: PublishAnswer): ServiceError =>
  new ServiceError(
    'alert-log-refused',
    `the alert log refused: ${answer.error?.description ?? 'no reason given'}`,
    {
      hint: 'the worker keeps the effects and tries again; look at the limits of stream ALERTS',
    },
  )
