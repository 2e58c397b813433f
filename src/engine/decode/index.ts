export type { ContentMode } from './attributes.ts'
export type { DeadLetterReason } from './codes.ts'
export { type DeadLetter, decodeEvent } from './decode.ts'
export { LoggedEvent } from './logged-event.ts'
export { DEFAULT_PAYLOAD_LIMITS, type PayloadLimits } from './payload-check.ts'
export {
  DEFAULT_SOURCE,
  type ResolvedSource,
  resolveSource,
  type SourceOptions,
  type TimestampField,
} from './source.ts'
export { readTimestamp } from './timestamp.ts'
