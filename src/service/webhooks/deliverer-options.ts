import type { Broker } from '../broker/index.ts'
import type { WebhooksConfig } from '../config/index.ts'
import type { Log, WebhookMetrics } from '../telemetry/index.ts'
import type { Courier } from './courier.ts'
import type { StoredWebhook, WebhookDesk } from './webhook-desk.ts'

export interface DelivererOptions {
  readonly broker: Broker
  readonly desk: WebhookDesk
  /** The stream of the desk's bucket. Not a plain subscription: that one hears of a change before it is stored. */
  readonly changes: {
    next(): Promise<number>
    follow(
      options: { readonly filter: string; readonly from: number; readonly signal: AbortSignal },
      visit: () => Promise<void>,
    ): Promise<void>
  }
  readonly courier: Courier
  readonly config: Pick<WebhooksConfig, 'retry' | 'timeoutMs'>
  readonly metrics: WebhookMetrics
  readonly log: Log
  readonly now: () => number
  /** From 0 to below 1. */
  readonly random: () => number
  /** Of the rule now; undefined: there is no such rule. */
  readonly namespaceOf: (rule: string) => Promise<string | undefined>
  /** Hears of a webhook that was disabled because its target is gone. */
  readonly disabled: (webhook: StoredWebhook, because: string) => Promise<void>
}
