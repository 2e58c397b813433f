import { jetstream } from '@nats-io/jetstream'
import type { Broker } from '../broker/index.ts'
import type { Clock } from './ports.ts'

const SUBJECT = 'sequitur.log.tick'

export interface TickerOptions {
  readonly broker: Broker
  readonly intervalMs: number
  /** Whether something waits for time to pass, and nothing has come in lately that would make it. */
  readonly isNeeded: () => boolean
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Writes ticks into the input log while it is idle. The message id is the second, so several workers make one tick. */
export async function runTicker(options: TickerOptions): Promise<void> {
  const client = jetstream(options.broker.connection, { timeout: 2_000 })
  while (!options.signal.aborted) {
    await options.clock.sleep(options.intervalMs, options.signal)
    if (options.signal.aborted || !options.isNeeded()) continue
    const slot = Math.floor(options.clock.now() / options.intervalMs)
    // A tick that fails is made up for by the next one.
    await client.publish(SUBJECT, '{}', { msgID: `tick.${slot}` }).catch(() => undefined)
  }
}
