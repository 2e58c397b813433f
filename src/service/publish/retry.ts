import type { Clock } from '../worker/ports.ts'

const FIRST_MS = 20
const LONGEST_MS = 2_000

/** Waits longer after every failure, with jitter, so that many workers do not come back in step. */
export class Backoff {
  readonly #clock: Clock
  #waitMs = FIRST_MS

  constructor(clock: Clock) {
    this.#clock = clock
  }

  reset(): void {
    this.#waitMs = FIRST_MS
  }

  async wait(signal: AbortSignal): Promise<void> {
    const waitMs = this.#waitMs * (0.5 + Math.random() / 2)
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_MS)
    await this.#clock.sleep(waitMs, signal)
  }
}
