/** Codes of the problems and errors of this folder; each has its row in docs/reference/errors.md. */
export const CATALOGUE_CODES = [
  'bucket-unavailable',
  'one-rule-only',
  'rule-id-differs',
  'rule-too-expensive',
  'subject-not-fed',
] as const
