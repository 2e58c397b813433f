/** Codes of the ServiceErrors that this folder throws; each has its row in docs/reference/errors.md. */
export const BROKER_CODES = [
  'broker-closed',
  'broker-credentials',
  'broker-not-nats',
  'broker-permission',
  'broker-refused',
  'broker-tls',
  'broker-unreachable',
  'broker-without-jetstream',
  'input-stream-missing-control',
  'input-stream-not-found',
  'nats-server-failed',
  'nats-server-not-found',
  'stream-mismatch',
] as const
