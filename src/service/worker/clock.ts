import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from './ports.ts'

/** The machine's clocks: the wall's for stamps, the monotonic one for lengths of time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await sleep(ms, undefined, signal === undefined ? {} : { signal })
    } catch {
      // Woken by the signal: whoever sleeps looks at it next.
    }
  },
}
