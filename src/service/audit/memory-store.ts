import type { AuditStore, StoredText } from './audit-log.ts'

/** For tests: the log in memory. */
export function memoryAuditStore(): AuditStore {
  const texts: StoredText[] = []
  return {
    last: async () => texts.at(-1),
    append: async (text, expectedLast) => {
      if (texts.length !== expectedLast) return false
      texts.push({ sequence: texts.length + 1, text })
      return true
    },
    read: async (from, max) => texts.slice(from - 1, from - 1 + max),
  }
}
