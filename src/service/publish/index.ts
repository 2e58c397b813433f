import type { Broker } from '../broker/index.ts'
import { ServiceError } from '../service-error.ts'
import type { AlertSink } from '../worker/ports.ts'
import { BatchSink, type SinkOptions } from './batch-sink.ts'
import { SequenceSink } from './sequence-sink.ts'

export type { SinkOptions } from './batch-sink.ts'
export { PUBLISH_CODES } from './codes.ts'
export { Backoff } from './retry.ts'

/** The way of publishing that the server can do. Throws `partitions-need-newer-server` where it cannot fence several writers. */
export function openAlertSink(
  broker: Broker,
  options: SinkOptions & { readonly partitions: number },
): AlertSink {
  if (broker.hasAtomicBatch) return new BatchSink(broker, options)
  if (options.partitions > 1)
    throw new ServiceError(
      'partitions-need-newer-server',
      `nats-server ${broker.serverVersion} cannot keep the alerts of ${options.partitions} partitions in order`,
      { hint: 'run nats-server 2.12.1 or newer, or one partition' },
    )
  return new SequenceSink(broker, options)
}
