export { ALERT_SCHEMA, alertEffect, alertSubject, type Withheld } from './alert.ts'
export {
  type Disclosure,
  deadLetterEffect,
  lateEffect,
  type NewEffect,
  noticeEffect,
  redacted,
} from './effects.ts'
export { isoTime } from './iso-time.ts'
export { type SuppressionState, Suppressions } from './suppression.ts'
export { alertText } from './template.ts'
export { type TokenBucket, type TokenRate, takeToken, tokenBucket } from './token-bucket.ts'
