import { JetStreamApiError, jetstream } from '@nats-io/jetstream'
import { headers as natsHeaders } from '@nats-io/transport-node'
import type { Broker } from '../broker/index.ts'

export interface IncomingEvent {
  readonly subject: string
  /** As it will stand in the log. */
  readonly payload: string
  /** The same id within the broker's window is stored once. */
  readonly id?: string
  readonly headers?: Readonly<Record<string, string>>
}

export type Intake =
  | { readonly ok: true; readonly sequence: number; readonly duplicate: boolean }
  | { readonly ok: false; readonly code: string; readonly message: string }

/** The way of events into the input log over HTTP. */
export interface EventIntake {
  /** Subject filters that the log takes from publishers. */
  subjects(): Promise<readonly string[]>
  /** Larger payloads are refused. */
  readonly payloadBytesMax: number
  /** Answers when each event is stored by the broker (or is not), in order. */
  store(events: readonly IncomingEvent[]): Promise<readonly Intake[]>
}

/** Publishes on their way at a time. */
const WINDOW = 512

export function natsEventIntake(
  broker: Broker,
  options: {
    readonly stream: string
    readonly subjects: () => Promise<readonly string[]>
    readonly payloadBytesMax: number
  },
): EventIntake {
  const client = jetstream(broker.connection, { timeout: 5_000 })
  const storeOne = async (event: IncomingEvent): Promise<Intake> => {
    const headers = natsHeaders()
    for (const [name, value] of Object.entries(event.headers ?? {})) headers.set(name, value)
    try {
      const stored = await client.publish(event.subject, event.payload, {
        ...(event.id === undefined ? {} : { msgID: event.id }),
        ...(event.headers === undefined ? {} : { headers }),
        expect: { streamName: options.stream },
      })
      return { ok: true, sequence: stored.seq, duplicate: stored.duplicate }
    } catch (error) {
      const refused = error instanceof JetStreamApiError
      return {
        ok: false,
        code: refused ? 'event-refused' : 'event-not-stored',
        message: refused
          ? `the broker refused it: ${error.message}`
          : 'the broker did not confirm it; it may or may not be stored: send it again with the same id',
      }
    }
  }
  return {
    subjects: options.subjects,
    payloadBytesMax: options.payloadBytesMax,
    store: async (events) => {
      const results: Intake[] = []
      for (let start = 0; start < events.length; start += WINDOW)
        results.push(...(await Promise.all(events.slice(start, start + WINDOW).map(storeOne))))
      return results
    },
  }
}
