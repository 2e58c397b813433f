export { ALERT_SCHEMA, alertEffect, alertSubject, type Withheld } from './alert.ts'
export {
  type Disclosure,
  deadLetterEffect,
  lateEffect,
  type NewEffect,
  noticeEffect,
} from './effects.ts'
export { isoTime } from './iso-time.ts'
export {
  HIDDEN,
  hidesKey,
  holdsField,
  namesHidden,
  redacted,
  redactedSteps,
  shownKey,
  withoutValues,
} from './redaction.ts'
export { type SuppressionState, Suppressions } from './suppression.ts'
export { alertText } from './template.ts'
export { type TokenBucket, type TokenRate, takeToken, tokenBucket } from './token-bucket.ts'
