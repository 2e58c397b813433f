import { sha256 } from '@noble/hashes/sha2.js'
import type { Match } from '../model/index.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const encoder = new TextEncoder()
/** One for all alerts: small buffers outside the heap have the collector mark all of it, the sooner the more of them there are. */
const BLANK = sha256.create()
const hasher = sha256.create()
const digest = new Uint8Array(32)
let scratch = new Uint8Array(4_096)

/** 26 characters of base32: 130 bits of the SHA-256 of a text. */
export function contentHash(text: string): string {
  if (text.length * 3 > scratch.length) scratch = new Uint8Array(text.length * 6)
  const { written } = encoder.encodeInto(text, scratch)
  BLANK._cloneInto(hasher).update(scratch.subarray(0, written)).digestInto(digest)
  let hash = ''
  let bits = 0
  let value = 0
  for (const byte of digest) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      hash += ALPHABET[(value >>> (bits - 5)) & 31]
      bits -= 5
    }
    value &= (1 << bits) - 1
    if (hash.length >= 26) break
  }
  return hash.slice(0, 26)
}

export function hexDigest(bytes: Uint8Array): string {
  let text = ''
  for (const byte of sha256(bytes)) text += byte.toString(16).padStart(2, '0')
  return text
}

/** `<rule>.<version>.<hash>`: the same for the same events in the same steps, on every replay. */
export function alertId(parts: {
  readonly rule: string
  readonly version: number
  readonly key: string
  readonly match: Match
  readonly timedOut: boolean
}): string {
  const { rule, version, key, match } = parts
  let content = `${rule}\n${version}\n${parts.timedOut ? 'timeout' : 'match'}\n${match.completedAt}\n`
  for (const events of match.events) {
    for (const event of events) content += `${event.sequence},`
    content += ';'
  }
  return `${rule}.${version}.${contentHash(`${content}\n${key}`)}`
}
