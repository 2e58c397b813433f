/** Codes of the problems of this folder, and of the reasons in dead letters; each has its row in docs/reference/errors.md. */
export const WEBHOOK_CODES = [
  'webhook-address-not-allowed',
  'webhook-dead-letter-not-found',
  'webhook-gone',
  'webhook-not-an-alert',
  'webhook-not-found',
  'webhook-secret-unknown',
  'webhook-target-failed',
  'webhook-target-not-allowed',
  'webhook-target-refused',
  'webhook-target-too-slow',
  'webhook-target-unreachable',
  'webhooks-too-many',
] as const

export type WebhookCode = (typeof WEBHOOK_CODES)[number]
