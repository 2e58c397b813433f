import { DiscardPolicy, jetstream, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { nanos, headers as natsHeaders } from '@nats-io/transport-node'
import { type Broker, findStream, isNotFound, WEBHOOK_DEAD_LETTERS_STREAM } from '../broker/index.ts'
import { ServiceError } from '../service-error.ts'
import { readStream, storedAt } from '../stream-page.ts'
import type { WebhookCode } from './codes.ts'
import type { Reason } from './verdict.ts'

const PREFIX = 'sequitur.webhook-dead-letter.'
export const WEBHOOK_DEAD_LETTER_SUBJECTS = [`${PREFIX}*`]

/** An alert that could not be delivered. */
export interface NewDeadLetter {
  readonly webhook: string
  /** Of the alert. */
  readonly alertId: string
  /** In the alert log. */
  readonly alertSequence: number
  readonly attempts: number
  readonly reason: Reason
  /** The alert as it stood in the log. */
  readonly body: Uint8Array
}

export interface DeadLetter extends NewDeadLetter {
  readonly sequence: number
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface DeadLetters {
  /** Resolves when it is stored; the same alert of the same webhook is stored once. */
  add(letter: NewDeadLetter): Promise<void>
  get(sequence: number): Promise<DeadLetter | undefined>
  /** Oldest first, behind the cursor. */
  page(
    webhook: string,
    query: { readonly after: number; readonly limit: number },
  ): Promise<{ readonly letters: readonly DeadLetter[]; readonly next?: number }>
  remove(sequence: number): Promise<void>
}

/** Opens the stream of the dead letters and creates it when it is not there. A full one takes no more, rather than forget. */
export async function openDeadLetters(
  broker: Broker,
  limits: { readonly retentionMs: number; readonly bytesMax: number },
): Promise<DeadLetters> {
  const config = {
    name: WEBHOOK_DEAD_LETTERS_STREAM,
    subjects: WEBHOOK_DEAD_LETTER_SUBJECTS,
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_age: limits.retentionMs > 0 ? nanos(limits.retentionMs) : 0,
    max_bytes: limits.bytesMax > 0 ? limits.bytesMax : -1,
    duplicate_window: nanos(limits.retentionMs > 0 ? Math.min(120_000, limits.retentionMs) : 120_000),
  }
  try {
    if ((await findStream(broker, WEBHOOK_DEAD_LETTERS_STREAM)) === undefined)
      await broker.manager.streams.add(config)
    else await broker.manager.streams.update(WEBHOOK_DEAD_LETTERS_STREAM, config)
  } catch (cause) {
    throw new ServiceError('stream-mismatch', `cannot set up stream ${WEBHOOK_DEAD_LETTERS_STREAM}`, {
      hint: `another stream may take ${PREFIX}*; see \`nats stream ls\``,
      cause,
    })
  }
  const client = jetstream(broker.connection, { timeout: 5_000 })
  return {
    add: async (letter) => {
      const { webhook, alertId, alertSequence, attempts, reason } = letter
      const headers = natsHeaders()
      for (const [name, value] of [
        ['Sequitur-Alert', printable(alertId)],
        ['Sequitur-Alert-Sequence', alertSequence],
        ['Sequitur-Attempts', attempts],
        ['Sequitur-Code', reason.code],
        ['Sequitur-Detail', printable(reason.detail)],
        ['Sequitur-Status', reason.status ?? ''],
      ] as const)
        headers.set(name, String(value))
      await client.publish(PREFIX + webhook, letter.body, { headers, msgID: `${webhook} ${alertSequence}` })
    },
    get: async (sequence) => {
      try {
        const message = await broker.manager.streams.getMessage(WEBHOOK_DEAD_LETTERS_STREAM, {
          seq: sequence,
        })
        return message === null
          ? undefined
          : letterOf({
              subject: message.subject,
              sequence,
              at: message.time.getTime(),
              header: (name) => message.header.get(name),
              body: message.data,
            })
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
      }
    },
    page: async (webhook, { after, limit }) => {
      const letters: DeadLetter[] = []
      await readStream(
        broker.connection,
        { stream: WEBHOOK_DEAD_LETTERS_STREAM, filter: PREFIX + webhook, from: after + 1, max: limit + 1 },
        (message) => {
          letters.push(
            letterOf({
              subject: message.subject,
              sequence: message.seq,
              at: storedAt(message),
              header: (name) => message.headers?.get(name) ?? '',
              body: message.data,
            }),
          )
          return letters.length <= limit
        },
      )
      const last = letters[limit - 1]
      return letters.length > limit && last !== undefined
        ? { letters: letters.slice(0, limit), next: last.sequence }
        : { letters }
    },
    remove: async (sequence) => {
      try {
        await broker.manager.streams.deleteMessage(WEBHOOK_DEAD_LETTERS_STREAM, sequence)
      } catch (error) {
        // Somebody else delivered it meanwhile.
        if (!isNotFound(error)) throw error
      }
    },
  }
}

function letterOf(message: {
  readonly subject: string
  readonly sequence: number
  readonly at: number
  readonly header: (name: string) => string
  readonly body: Uint8Array
}): DeadLetter {
  const { header } = message
  const status = header('Sequitur-Status')
  return {
    sequence: message.sequence,
    at: message.at,
    webhook: message.subject.slice(PREFIX.length),
    alertId: header('Sequitur-Alert'),
    alertSequence: Number(header('Sequitur-Alert-Sequence')),
    attempts: Number(header('Sequitur-Attempts')),
    reason: {
      code: header('Sequitur-Code') as WebhookCode,
      detail: header('Sequitur-Detail'),
      ...(status === '' ? {} : { status: Number(status) }),
    },
    body: message.body,
  }
}

/** Headers take no line breaks. */
const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 512)
