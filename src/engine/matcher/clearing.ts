import type { EventTime } from '../model/index.ts'
import type { MatcherHost } from './contract.ts'
import { ExpiryWheel } from './expiry-wheel.ts'

/**
 * States of keys that wait to be cleared away, after the limit of the pattern and where that completes nothing: with those of other
 * rules, when the host has a place for it, so that ten thousand rules do not mean ten thousand deadlines.
 */
export class Clearing<S extends object> {
  readonly #host: MatcherHost
  readonly #spanMs: number
  readonly #wheel: ExpiryWheel<undefined, S> | undefined

  /** `spanMs`: how far ahead of now the times of states lie at most. */
  constructor(host: MatcherHost, spanMs: number) {
    this.#host = host
    this.#spanMs = Number.isFinite(spanMs) ? spanMs : 1
    this.#wheel = host.sweepLater === undefined ? new ExpiryWheel(this.#spanMs) : undefined
  }

  /** The matcher's `sweep` is called with the state some time after `time`. */
  add(time: number, state: S): void {
    if (this.#wheel === undefined) this.#host.sweepLater?.(state, time, this.#spanMs)
    else this.#wheel.add(time, undefined, state)
  }

  /** When the matcher has to ask for it itself. */
  get next(): number {
    return this.#wheel === undefined ? Number.POSITIVE_INFINITY : this.#wheel.next
  }

  takeUntil(time: EventTime, sweep: (state: S) => void): void {
    this.#wheel?.takeUntil(time, (_, state) => sweep(state))
  }
}
