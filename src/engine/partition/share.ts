import { fnv1a32 } from '../route/index.ts'

/** Shares are counted in hundredths of a percent. */
const PARTS = 10_000

/**
 * Whether a key falls into a share of a rule's keys. A key of a share is in every larger one too. Which keys come first differs from
 * rule to rule and has nothing to do with the partition that owns a key. Frozen: on replay the same keys must be found.
 */
export function isInShare(rule: string, key: string, percent: number): boolean {
  if (percent <= 0) return false
  return mixed(fnv1a32(`canary\n${rule}\n${key}`)) % PARTS < Math.round((percent * PARTS) / 100)
}

/** Every bit of the hash depends on all of it (the end of MurmurHash3): FNV's lowest bits alone follow those of the key. */
function mixed(hash: number): number {
  let mix = hash ^ (hash >>> 16)
  mix = Math.imul(mix, 0x85ebca6b)
  mix ^= mix >>> 13
  mix = Math.imul(mix, 0xc2b2ae35)
  return (mix ^ (mix >>> 16)) >>> 0
}
