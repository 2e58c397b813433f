import { AckPolicy, type ConsumerInfo, DeliverPolicy } from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import { ALERT_STREAM, type Broker, isNotFound } from '../broker/index.ts'
import type { DelivererOptions } from './deliverer-options.ts'
import { consumerOf, type WebhookRecord } from './records.ts'
import type { StoredWebhook } from './webhook-desk.ts'

/** Alerts of a webhook that wait for another attempt; when there are more, newer ones wait in the log. */
const WAITING_MAX = 1_000
/** Beyond the request: storing a dead letter, and answering the broker. */
const MARGIN_MS = 20_000

/** The durable consumer that is the webhook's position in the alert log; made when it is not there. */
export async function openPosition(
  { broker, config }: Pick<DelivererOptions, 'broker' | 'config'>,
  { record }: StoredWebhook,
): Promise<ConsumerInfo> {
  const { consumers, streams } = broker.manager
  const name = consumerOf(record)
  const ackWait = nanos(config.timeoutMs + MARGIN_MS)
  const known = await infoOf(broker, record)
  if (known !== undefined)
    return known.config.ack_wait === ackWait
      ? known
      : consumers.update(ALERT_STREAM, name, { ack_wait: ackWait })
  const { state } = await streams.info(ALERT_STREAM)
  return consumers.add(ALERT_STREAM, {
    durable_name: name,
    description: `Webhook ${record.webhook}`,
    filter_subject: 'alerts.>',
    ack_policy: AckPolicy.Explicit,
    ack_wait: ackWait,
    max_ack_pending: WAITING_MAX,
    deliver_policy: DeliverPolicy.StartSequence,
    // A log that is shorter than it was is another one: everything in it is new.
    opt_start_seq: record.from > state.last_seq + 1 ? 1 : record.from,
  })
}

/** Alerts that the webhook has not handled yet, also those that it will pass over. */
export async function waitingOf(broker: Broker, record: WebhookRecord): Promise<number> {
  const info = await infoOf(broker, record)
  return info === undefined ? 0 : info.num_pending + info.num_ack_pending
}

export async function forgetPosition(broker: Broker, consumer: string): Promise<void> {
  try {
    await broker.manager.consumers.delete(ALERT_STREAM, consumer)
  } catch (error) {
    // Another process was first.
    if (!isNotFound(error)) throw error
  }
}

async function infoOf(broker: Broker, record: WebhookRecord): Promise<ConsumerInfo | undefined> {
  try {
    return await broker.manager.consumers.info(ALERT_STREAM, consumerOf(record))
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
