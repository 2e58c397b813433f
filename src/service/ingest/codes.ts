/** Codes of the ServiceErrors that this folder throws; each has its row in docs/reference/errors.md. */
export const INGEST_CODES = [
  'stream-gap',
  'stream-recreated',
  'stream-rolled-back',
  'stream-truncated',
] as const
