/** Codes of the errors of this folder; each has its row in docs/reference/errors.md. */
export const ERASURE_CODES = ['erasure-refused', 'erasure-waits', 'erasures-unavailable'] as const
