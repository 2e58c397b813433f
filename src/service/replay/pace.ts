import { setTimeout as sleep } from 'node:timers/promises'

/** Longer pauses would make a slow replay look dead. */
const PAUSE_MS_MAX = 1_000
const PAUSE_MS_MIN = 2

/** Keeps the processor time of this process at its share of one core: rests as long as it has worked too much. */
export function createPace(share: number): () => Promise<void> | undefined {
  let startedAt = performance.now()
  let before = process.cpuUsage()
  return () => {
    if (share >= 1) return undefined
    const used = process.cpuUsage(before)
    const now = performance.now()
    const restMs = (used.user + used.system) / 1000 / share - (now - startedAt)
    if (restMs < PAUSE_MS_MIN) return undefined
    // The pause itself belongs to the next reckoning's past.
    startedAt = now + Math.min(restMs, PAUSE_MS_MAX)
    before = process.cpuUsage()
    return sleep(Math.min(restMs, PAUSE_MS_MAX))
  }
}
