import type { DeadLetter, DeadLetters } from './dead-letters.ts'

/** For tests: dead letters in memory. */
export function memoryDeadLetters(now: () => number): DeadLetters {
  const letters = new Map<number, DeadLetter>()
  let sequence = 0
  return {
    add: async (letter) => {
      sequence += 1
      letters.set(sequence, { ...letter, sequence, at: now() })
    },
    get: async (wanted) => letters.get(wanted),
    page: async (webhook, { after, limit }) => {
      const found = [...letters.values()].filter(
        (letter) => letter.webhook === webhook && letter.sequence > after,
      )
      const last = found[limit - 1]
      return found.length > limit && last !== undefined
        ? { letters: found.slice(0, limit), next: last.sequence }
        : { letters: found }
    },
    remove: async (wanted) => void letters.delete(wanted),
  }
}
