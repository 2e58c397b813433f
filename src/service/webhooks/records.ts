/** Webhooks in force: key = name. */
export const WEBHOOKS_BUCKET = 'SEQUITUR_WEBHOOKS'

/** Which alerts; all that is named holds, and of each list one is enough. */
export interface WebhookFilter {
  readonly rules?: readonly string[]
  readonly namespaces?: readonly string[]
  readonly severities?: readonly string[]
}

/** A webhook as its bucket holds it. A removed one stays without an address, so that its versions go on. */
export interface WebhookRecord {
  readonly webhook: string
  /** Every write is the next one. */
  readonly version: number
  readonly description?: string
  readonly url: string
  readonly filter?: WebhookFilter
  /** Name of the secret in the configuration; the secret itself is never stored. */
  readonly secret: string
  readonly enabled: boolean
  /** Why it was disabled without anybody asking for it. */
  readonly disabledBecause?: string
  /** First sequence of the alert log that it may see: what was raised before it was made is none of its business. */
  readonly from: number
  readonly removed?: true
  readonly author?: string
  readonly reason?: string
  readonly at: string
}

/** Of the alert log. A webhook that is removed and made again is another one, and begins anew. */
export const consumerOf = ({ webhook, from }: Pick<WebhookRecord, 'webhook' | 'from'>): string =>
  `webhook-${webhook}-${from}`
