import type { Meter } from '@opentelemetry/api'
import { counterOf, histogramOf, observableGaugeOf } from './instruments.ts'
import { METRICS } from './names.ts'

export interface WebhookReading {
  readonly webhook: string
  readonly enabled: boolean
  readonly waiting: number
}

/** What is counted about alerts on their way out over HTTP. */
export interface WebhookMetrics {
  attempted(attempt: {
    readonly webhook: string
    readonly outcome: 'delivered' | 'retried' | 'dead-lettered'
    readonly seconds: number
  }): void
  /** All webhooks as they are now. */
  webhooks(readings: readonly WebhookReading[]): void
}

export function createWebhookMetrics(meter: Meter): WebhookMetrics {
  const deliveries = counterOf(meter, METRICS.webhookDeliveries)
  const seconds = histogramOf(meter, METRICS.webhookSeconds)
  let known: readonly WebhookReading[] = []
  observableGaugeOf(meter, METRICS.webhookEnabled).addCallback((result) => {
    for (const { webhook, enabled } of known) result.observe(enabled ? 1 : 0, { webhook })
  })
  observableGaugeOf(meter, METRICS.webhookWaiting).addCallback((result) => {
    for (const { webhook, waiting } of known) result.observe(waiting, { webhook })
  })
  return {
    attempted: (attempt) => {
      deliveries.add(1, { webhook: attempt.webhook, outcome: attempt.outcome })
      seconds.record(attempt.seconds, { webhook: attempt.webhook })
    },
    webhooks: (readings) => {
      known = readings
    },
  }
}
