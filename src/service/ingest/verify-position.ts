import type { StreamInfo } from '@nats-io/jetstream'
import { type Broker, isNotFound } from '../broker/index.ts'
import { ServiceError } from '../service-error.ts'
import { positionProof } from './position-proof.ts'

export interface KnownPosition {
  readonly position: number
  readonly identity: { readonly stream: string; readonly created: string } | undefined
  readonly positionProof: string | undefined
  /** Whether all entries between two were erased on purpose. */
  readonly isErased?: (first: number, last: number) => boolean
}

/**
 * Makes sure that the stream is the one that the checkpoint was taken from, and still holds what comes next. Throws
 * `stream-recreated`, `stream-rolled-back` or `stream-truncated`: nothing is ever skipped in silence.
 */
export async function verifyPosition(broker: Broker, info: StreamInfo, known: KnownPosition): Promise<void> {
  const { position, identity } = known
  if (position === 0 || identity === undefined) return
  const stream = info.config.name
  if (identity.stream !== stream || identity.created !== info.created)
    throw new ServiceError(
      'stream-recreated',
      `the checkpoint is of stream ${identity.stream} created ${identity.created}, but ${stream} was created ${info.created}`,
      { hint: 'restore the stream, or start with an empty data folder' },
    )
  if (info.state.last_seq < position)
    throw rolledBack(stream, `ends at ${info.state.last_seq}, before the position ${position}`)
  const { first_seq: first } = info.state
  if (first > position + 1 && known.isErased?.(position + 1, first - 1) !== true)
    throw new ServiceError(
      'stream-truncated',
      `stream ${stream} begins at ${info.state.first_seq}; entries from ${position + 1} on were never processed and are gone`,
      {
        hint: 'keep the input longer than a worker may be away; restore the stream, or start with an empty data folder',
      },
    )
  const proof = await proofAt(broker, stream, position)
  if (proof !== undefined && known.positionProof !== undefined && proof !== known.positionProof)
    throw rolledBack(stream, `holds another entry at ${position} than the one that was processed`)
}

async function proofAt(broker: Broker, stream: string, sequence: number): Promise<string | undefined> {
  try {
    const message = await broker.manager.streams.getMessage(stream, { seq: sequence })
    if (message === null) return undefined
    return positionProof({
      subject: message.subject,
      ingestedAt: Math.floor(message.time.getTime()),
      payload: message.data,
    })
  } catch (error) {
    // Expired or deleted on purpose since: nothing to compare with.
    if (isNotFound(error)) return undefined
    throw error
  }
}

const rolledBack = (stream: string, what: string): ServiceError =>
  new ServiceError('stream-rolled-back', `stream ${stream} ${what}`, {
    hint: 'the broker lost its tail or was restored from an older copy; restore the data folder of the same time, or start with an empty one',
  })
