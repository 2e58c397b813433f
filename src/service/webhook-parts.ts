import type { AuditLog } from './audit/index.ts'
import { ALERT_STREAM, type Broker } from './broker/index.ts'
import { type Catalogue, openBucket } from './catalogue/index.ts'
import type { WebhooksConfig } from './config/index.ts'
import { natsStreamTail, type Services } from './http/index.ts'
import type { Log, WebhookMetrics } from './telemetry/index.ts'
import {
  Courier,
  consumerOf,
  forgetPosition,
  openDeadLetters,
  WEBHOOKS_BUCKET,
  WebhookDeliverer,
  WebhookDesk,
  waitingOf,
} from './webhooks/index.ts'

export interface WebhookPartsOptions {
  readonly broker: Broker
  readonly config: WebhooksConfig
  readonly catalogue: Catalogue
  readonly audit: AuditLog
  readonly metrics: WebhookMetrics
  readonly log: Log
  readonly now: () => number
}

/** What the routes need of webhooks, with the deliverer running behind it. */
export async function createWebhooks(options: WebhookPartsOptions): Promise<{
  readonly services: Pick<Services, 'webhooks' | 'courier' | 'webhookWaiting'>
  readonly stop: (graceMs?: number) => Promise<void>
}> {
  const { broker, config, catalogue, audit, metrics, log, now } = options
  const courier = new Courier({ config, deadLetters: await openDeadLetters(broker, config.deadLetters), now })
  const desk = new WebhookDesk({
    bucket: await openBucket(broker.connection, WEBHOOKS_BUCKET),
    now,
    check: (text) => courier.check(text),
    nextAlert: natsStreamTail(broker, ALERT_STREAM).next,
    forget: (record) => forgetPosition(broker, consumerOf(record)),
  })
  const deliverer = new WebhookDeliverer({
    broker,
    desk,
    changes: natsStreamTail(broker, `KV_${WEBHOOKS_BUCKET}`),
    courier,
    config,
    metrics,
    log,
    now,
    random: Math.random,
    namespaceOf: async (rule) => (await catalogue.get(rule))?.record.summary?.namespace,
    disabled: async ({ record }, because) => {
      await audit.append({
        actor: 'service',
        action: 'disableWebhook',
        object: `/v1/webhooks/${record.webhook}`,
        outcome: 'done',
        status: 410,
        reason: because,
        before: record.version,
        after: record.version + 1,
      })
    },
  })
  await deliverer.start()
  return {
    services: {
      webhooks: desk,
      courier,
      webhookWaiting: (record) => waitingOf(broker, record),
    },
    stop: (graceMs) => deliverer.close(graceMs),
  }
}
