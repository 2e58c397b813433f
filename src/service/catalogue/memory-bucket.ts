import { subjectMatches } from '../subjects.ts'
import type { Bucket, BucketEntry } from './bucket.ts'

/** A bucket in memory, for tests and dry runs. */
export function memoryBucket(): Bucket & { delete(key: string): void } {
  const entries = new Map<string, BucketEntry>()
  let revision = 0
  return {
    get: async (key) => entries.get(key),
    put: async (key, value, expected) => {
      if (expected !== undefined && (entries.get(key)?.revision ?? 0) !== expected) return undefined
      revision += 1
      entries.set(key, { key, value, revision })
      return revision
    },
    entries: async (filter = '>') => [...entries.values()].filter(({ key }) => subjectMatches(filter, key)),
    delete: (key) => {
      revision += 1
      entries.set(key, { key, value: undefined, revision })
    },
  }
}
