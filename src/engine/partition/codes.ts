/** Codes of the notices that a partition emits; each has its row in docs/reference/errors.md. */
export const NOTICE_CODES = [
  'alerts-rate-limited',
  'control-unreadable',
  'drain-ended',
  'list-values-refused',
  'partial-matches-draining',
  'partial-matches-dropped',
  'partial-matches-shed',
  'skip-step-missed',
  'reorder-buffer-full',
  'rule-quarantined',
  'rule-resumed',
  'rule-suspended',
  'silence-refused',
  'withheld-not-recorded',
] as const

export type NoticeCode = (typeof NOTICE_CODES)[number]
