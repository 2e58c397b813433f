import { crc32 } from 'node:zlib'

/**
 * What tells the entry at the position from another one that took its sequence after a stream lost its tail or was restored from
 * an older copy: the time it was stored, its subject, and a checksum of its payload.
 */
export const positionProof = (entry: {
  readonly subject: string
  readonly ingestedAt: number
  readonly payload: Uint8Array
}): string => `${entry.ingestedAt}:${crc32(entry.payload, crc32(entry.subject)).toString(16)}`
