import { createHash } from 'node:crypto'
import type { Erasure } from './records.ts'
import type { ErasureStore } from './store.ts'

/** For tests: requests in memory, which nobody carries out. */
export function memoryErasureStore(): ErasureStore {
  const erasures: Erasure[] = []
  return {
    all: async () => erasures,
    request: async (request, key) => {
      erasures.push({
        request,
        progress: undefined,
        partitions: new Map(),
        key: { ...key, sequence: erasures.length + 1 },
      })
    },
    putProgress: async () => undefined,
    putPartition: async () => undefined,
    eraseKey: async () => undefined,
    hash: async (text) => createHash('sha256').update(text).digest('hex'),
  }
}
