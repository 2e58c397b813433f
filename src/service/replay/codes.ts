/** Codes of replays; each has its row in docs/reference/errors.md. */
export const REPLAY_CODES = [
  'replay-ended',
  'replay-failed',
  'replay-log-silent',
  'replay-rule-broken',
] as const
