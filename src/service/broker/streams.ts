import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import { ServiceError } from '../service-error.ts'
import { type Broker, isNotFound } from './connect.ts'

export const CONTROL_SUBJECT = 'sequitur.log.>'
export const ALERT_STREAM = 'ALERTS'
export const ALERT_STATES_STREAM = 'SEQUITUR_ALERT_STATES'
export const WEBHOOK_DEAD_LETTERS_STREAM = 'SEQUITUR_WEBHOOK_DEAD_LETTERS'

/** Everything the engine emits, and the markers that fence its writers. */
export const ALERT_SUBJECTS = [
  'alerts.>',
  'shadow.alerts.>',
  'withheld.alerts.>',
  'sequitur.late.>',
  'sequitur.dead-letter.>',
  'sequitur.notice.>',
  'sequitur.marker.>',
]

export interface InputStreamOptions {
  readonly stream: string
  readonly subjects: readonly string[]
  readonly sourceStreams: ReadonlyArray<{ readonly stream: string; readonly filter?: string }>
  /** The stream is the operator's: it is checked, never changed. */
  readonly inPlace: boolean
  /** False: a stream that is there stays as it is. Default: true. */
  readonly mayUpdate?: boolean
  readonly retentionMs: number
  readonly bytesMax: number
}

/**
 * Creates the input log, or brings its subjects, sources and limits up to date.
 * Throws `input-stream-not-found` and `input-stream-missing-control` for a stream read in place, `stream-mismatch` for overlaps.
 */
export async function ensureInputStream(broker: Broker, options: InputStreamOptions): Promise<StreamInfo> {
  const existing = await findStream(broker, options.stream)
  if (options.inPlace) return checkInPlace(existing, options)
  if (existing !== undefined && options.mayUpdate === false) return existing
  return putStream(broker, existing, {
    name: options.stream,
    subjects: [...options.subjects, CONTROL_SUBJECT],
    ...(options.sourceStreams.length === 0
      ? {}
      : {
          sources: options.sourceStreams.map(({ stream, filter }) => ({
            name: stream,
            ...(filter === undefined ? {} : { filter_subject: filter }),
          })),
        }),
    ...common(options),
  })
}

/** Creates the alert log, or brings it up to date. */
export async function ensureAlertStream(
  broker: Broker,
  options: { readonly retentionMs: number; readonly bytesMax: number; readonly mayUpdate?: boolean },
): Promise<StreamInfo> {
  const existing = await findStream(broker, ALERT_STREAM)
  if (existing !== undefined && options.mayUpdate === false) return existing
  return putStream(broker, existing, {
    name: ALERT_STREAM,
    subjects: ALERT_SUBJECTS,
    ...common(options),
    // Markers are read from the leader only: a stale answer would let two writers believe they hold the partition.
    allow_direct: false,
    ...(broker.hasAtomicBatch ? { allow_atomic: true } : {}),
  } as Partial<StreamConfig> & { name: string })
}

const common = (options: { readonly retentionMs: number; readonly bytesMax: number }) => ({
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  discard: DiscardPolicy.Old,
  max_age: options.retentionMs > 0 ? nanos(options.retentionMs) : 0,
  max_bytes: options.bytesMax > 0 ? options.bytesMax : -1,
  duplicate_window: nanos(120_000),
})

export async function findStream(broker: Broker, name: string): Promise<StreamInfo | undefined> {
  try {
    return await broker.manager.streams.info(name)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

async function putStream(
  broker: Broker,
  existing: StreamInfo | undefined,
  config: Partial<StreamConfig> & { name: string },
): Promise<StreamInfo> {
  try {
    if (existing === undefined) return await broker.manager.streams.add(config)
    // What an operator set by hand and we do not care about (replicas, placement, compression) stays as it is.
    return await broker.manager.streams.update(config.name, config)
  } catch (cause) {
    if (/permissions? violation/i.test((cause as Error).message))
      throw new ServiceError('broker-permission', `this NATS user may not set up stream ${config.name}`, {
        hint: 'start a worker first: it sets up the streams; or give the user the permissions of docs/guides/security.md',
        cause,
      })
    throw new ServiceError(
      'stream-mismatch',
      `cannot set up stream ${config.name}: ${(cause as Error).message}`,
      {
        hint: `another stream may take the same subjects (${config.subjects?.join(', ')}); see \`nats stream ls\``,
        cause,
      },
    )
  }
}

function checkInPlace(existing: StreamInfo | undefined, options: InputStreamOptions): StreamInfo {
  if (existing === undefined)
    throw new ServiceError(
      'input-stream-not-found',
      `there is no stream ${options.stream} to read in place`,
      {
        hint: 'correct input.stream, or set input.inPlace: false to have it created',
      },
    )
  const subjects = existing.config.subjects ?? []
  if (!subjects.includes(CONTROL_SUBJECT) && !subjects.includes('>'))
    throw new ServiceError(
      'input-stream-missing-control',
      `stream ${options.stream} does not take ${CONTROL_SUBJECT}, which rules and ticks need to be in order with the events`,
      { hint: `nats stream edit ${options.stream} --subjects='${[...subjects, CONTROL_SUBJECT].join(',')}'` },
    )
  return existing
}
