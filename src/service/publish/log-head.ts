import type { StoredMsg } from '@nats-io/jetstream'
import { ALERT_STREAM, answerOfConnection, type Broker, isNotFound } from '../broker/index.ts'
import { ServiceError } from '../service-error.ts'
import { type Marker, markerSubject, readMarker } from './marker.ts'

/** The last message of the log that tells how far a partition's writer is. */
export interface LogHead {
  /** Its sequence in the stream; 0 when there is none. */
  readonly sequence: number
  readonly marker: Marker | undefined
}

/** From the leader, never from a replica that may be behind. */
export async function readMarkerHead(
  broker: Broker,
  partition: number,
  signal: AbortSignal,
): Promise<LogHead> {
  try {
    const message = await answerOfConnection(
      broker,
      broker.manager.streams.getMessage(ALERT_STREAM, { last_by_subj: markerSubject(partition) }),
      signal,
    )
    if (message === null) return { sequence: 0, marker: undefined }
    return { sequence: message.seq, marker: readMarker(message.string()) }
  } catch (error) {
    if (isNotFound(error)) return { sequence: 0, marker: undefined }
    throw unavailable(error)
  }
}

interface StreamHead {
  readonly sequence: number
  readonly number: number | undefined
}

/** How far back a foreign message may hide the last one of ours. */
const FOREIGN_MAX = 100

/** The end of the stream, and the number of the last effect in it, for the writer that owns all of it. */
export async function readStreamHead(broker: Broker, signal: AbortSignal): Promise<StreamHead> {
  try {
    return await answerOfConnection(broker, searchHead(broker), signal)
  } catch (error) {
    if (isNotFound(error)) return { sequence: 0, number: undefined }
    throw unavailable(error)
  }
}

async function searchHead(broker: Broker): Promise<StreamHead> {
  const { state } = await broker.manager.streams.info(ALERT_STREAM)
  const farthest = Math.max(1, state.first_seq, state.last_seq - FOREIGN_MAX)
  for (let sequence = state.last_seq; sequence >= farthest; sequence -= 1) {
    const message = await messageAt(broker, sequence)
    const header = message?.header?.get('Sequitur-Number') ?? ''
    const number = header === '' ? readMarker(message?.string() ?? '')?.number : Number(header)
    if (number !== undefined) return { sequence: state.last_seq, number }
  }
  return { sequence: state.last_seq, number: undefined }
}

/** Undefined where it was erased. */
async function messageAt(broker: Broker, sequence: number): Promise<StoredMsg | undefined> {
  try {
    return (await broker.manager.streams.getMessage(ALERT_STREAM, { seq: sequence })) ?? undefined
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

export const unavailable = (cause: unknown): ServiceError =>
  new ServiceError('alert-log-unavailable', `the alert log ${ALERT_STREAM} does not answer`, {
    hint: 'the worker keeps the effects and tries again',
    cause,
  })
