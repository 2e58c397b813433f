/** Why an entry of the input log could not become an event; each has its row in docs/reference/errors.md. */
export const DEAD_LETTER_CODES = [
  'number-not-finite',
  'payload-empty',
  'payload-not-an-object',
  'payload-not-json',
  'payload-not-utf8',
  'payload-too-deep',
  'payload-too-large',
  'payload-too-many-members',
  'time-ahead',
  'time-negative',
  'time-unreadable',
] as const

export type DeadLetterReason = (typeof DEAD_LETTER_CODES)[number]
