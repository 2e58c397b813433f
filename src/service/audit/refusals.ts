const WINDOW_MS = 60_000
const KINDS_MAX = 1_000

/** Lets the first of the same refusals through, and then one per minute with the number of those between: nobody fills the log by knocking. */
export class RefusalCounter {
  readonly #seen = new Map<string, { at: number; held: number }>()

  /** How many were held back since the last that got through; undefined: hold this one back, too. */
  admit(kind: string, now: number): number | undefined {
    const known = this.#seen.get(kind)
    if (known !== undefined && now - known.at < WINDOW_MS) {
      known.held += 1
      return undefined
    }
    if (known === undefined && this.#seen.size >= KINDS_MAX) {
      for (const [name, { at }] of this.#seen) if (now - at >= WINDOW_MS) this.#seen.delete(name)
      // Too many at a time: they share one place.
      if (this.#seen.size >= KINDS_MAX) return kind === OTHERS ? 0 : this.admit(OTHERS, now)
    }
    this.#seen.set(kind, { at: now, held: 0 })
    return known?.held ?? 0
  }
}

const OTHERS = 'others'
