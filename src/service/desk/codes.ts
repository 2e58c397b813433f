/** Codes of the problems of this folder; each has its row in docs/reference/errors.md. */
export const DESK_CODES = [
  'import-not-readable',
  'list-name-differs',
  'list-not-found',
  'list-too-large',
  'lists-too-many',
  'silence-ends-before-it-begins',
  'silence-matches-everything',
  'silence-too-long',
  'silences-too-many',
] as const
