import { DeliverPolicy, jetstream } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { type AlertSummary, alertSummary } from '../terminal/alert-line.ts'

export interface AlertFeed {
  stop(): Promise<void>
}

/** Alerts as any subscriber gets them: from the stream `ALERTS`, raised and in shadow. */
export async function followAlerts(
  connection: NatsConnection,
  onAlert: (alert: AlertSummary) => void,
): Promise<AlertFeed> {
  const consumer = await jetstream(connection).consumers.get('ALERTS', {
    filter_subjects: ['alerts.>', 'shadow.alerts.>'],
    deliver_policy: DeliverPolicy.New,
  })
  const messages = await consumer.consume()
  const run = async (): Promise<void> => {
    for await (const message of messages) {
      const alert = alertSummary(message.json())
      if (alert !== undefined) onAlert(alert)
    }
  }
  const running = run()
  return {
    stop: async () => {
      await messages.close()
      await running
    },
  }
}
