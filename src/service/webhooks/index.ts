export { Courier, type Trial } from './courier.ts'
export {
  type DeadLetter,
  type DeadLetters,
  openDeadLetters,
  WEBHOOK_DEAD_LETTER_SUBJECTS,
} from './dead-letters.ts'
export { WebhookDeliverer } from './deliverer.ts'
export { memoryDeadLetters } from './memory-dead-letters.ts'
export { forgetPosition, waitingOf } from './position.ts'
export { consumerOf, WEBHOOKS_BUCKET, type WebhookRecord } from './records.ts'
export { createSender } from './sender.ts'
export { type Resolve, targetPolicy } from './target.ts'
export {
  type StoredWebhook,
  WebhookDesk,
  type WebhookOutcome,
  type WebhookText,
} from './webhook-desk.ts'
