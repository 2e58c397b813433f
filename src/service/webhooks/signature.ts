import { createHmac } from 'node:crypto'

export interface SignedContent {
  readonly id: string
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly body: Uint8Array
}

/** The header `webhook-signature`: one signature for each key, so that a receiver may have the old or the new one. */
export const signatureOf = ({ id, timestamp, body }: SignedContent, keys: readonly Uint8Array[]): string =>
  keys
    .map((key) => createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64'))
    .map((signature) => `v1,${signature}`)
    .join(' ')
