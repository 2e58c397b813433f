/** Codes of the problems and errors of this folder; each has its row in docs/reference/errors.md. */
export const CATALOGUE_CODES = [
  'bucket-unavailable',
  'candidate-namespace-differs',
  'one-rule-only',
  'partial-matches-not-kept',
  'rule-id-differs',
  'rule-too-expensive',
  'share-needs-same-key',
  'subject-not-fed',
] as const
