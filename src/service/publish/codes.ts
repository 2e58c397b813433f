/** Codes of the ServiceErrors that this folder throws; each has its row in docs/reference/errors.md. */
export const PUBLISH_CODES = [
  'alert-log-lost',
  'alert-log-refused',
  'alert-log-unavailable',
  'partitions-need-newer-server',
] as const
