/** Codes of the ServiceErrors that this folder throws; each has its row in docs/reference/errors.md. */
export const WORKER_CODES = ['engine-failed', 'outbox-gap', 'partition-lost'] as const
