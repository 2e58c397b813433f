import { RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { type Broker, isNotFound } from '../broker/index.ts'
import { ServiceError } from '../service-error.ts'

/** Who asked for which erasure, how far it is, and what stood where entries were erased. */
export const ERASURE_STREAM = 'SEQUITUR_ERASURES'
export const ERASURE_SUBJECTS = ['sequitur.erasure.>']

export const erasureSubjects = {
  request: (id: string): string => `sequitur.erasure.request.${id}`,
  /** The key itself, until the erasure is done: the only message that holds it. */
  key: (id: string): string => `sequitur.erasure.key.${id}`,
  progress: (id: string): string => `sequitur.erasure.progress.${id}`,
  partition: (id: string, partition: number): string => `sequitur.erasure.partition.${id}.${partition}`,
  tombstones: (id: string, page: number): string => `sequitur.erasure.tombstones.${id}.${page}`,
  secret: 'sequitur.erasure.secret',
} as const

/** Of an erasure: everything but what its entries left behind. */
export const RECORD_FILTERS = [
  'sequitur.erasure.request.>',
  'sequitur.erasure.key.>',
  'sequitur.erasure.progress.>',
  'sequitur.erasure.partition.>',
]
export const TOMBSTONE_FILTER = 'sequitur.erasure.tombstones.>'
export const PROGRESS_FILTER = 'sequitur.erasure.progress.>'

/** The tokens behind the prefix: what it is, of which erasure, and which one of them. */
export function partsOfSubject(subject: string): readonly [kind: string, id: string, index: number] {
  const [, , kind = '', id = '', index = '0'] = subject.split('.')
  return [kind, id, Number(index)]
}

/** Creates the stream when it is not there; of every subject it keeps the last message. Throws `erasures-unavailable`. */
export async function ensureErasureStream(broker: Broker): Promise<void> {
  try {
    await broker.manager.streams.add({
      name: ERASURE_STREAM,
      subjects: ERASURE_SUBJECTS,
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      max_msgs_per_subject: 1,
      deny_purge: true,
      allow_direct: false,
    })
  } catch (cause) {
    throw new ServiceError(
      'erasures-unavailable',
      `the stream ${ERASURE_STREAM} can be neither opened nor created`,
      {
        hint: `check that no other stream takes sequitur.erasure.>, and that the NATS user may create it`,
        cause,
      },
    )
  }
}

/** Overwrites a stored message; one that is gone is no error. Throws `erasure-refused` where the stream or the user does not allow it. */
export async function eraseMessage(broker: Broker, stream: string, sequence: number): Promise<void> {
  try {
    await broker.manager.streams.deleteMessage(stream, sequence, true)
  } catch (cause) {
    if (isNotFound(cause)) return
    throw new ServiceError(
      'erasure-refused',
      `message ${sequence} of stream ${stream} cannot be erased: ${(cause as Error).message}`,
      {
        hint: `the stream must not deny deletes, and the worker's NATS user needs $JS.API.STREAM.MSG.DELETE.${stream}`,
        cause,
      },
    )
  }
}
