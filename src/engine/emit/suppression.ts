/** One suppression key of one rule: alerts before `until` are kept back. */
export interface SuppressionState {
  until: number
  /** Kept back since the last alert that passed. */
  count: number
  /** Rises with every alert of the rule that passes: who passed longest ago is the first to be forgotten. */
  readonly order: number
  /** The key whose alert passed, where it is not the suppression key itself. */
  readonly owner?: string
}

/**
 * Keeps repeated alerts back, per suppression key, in event time. The first passes; the number kept back since rides on the next. A
 * key is forgotten when its time is over and nothing was kept back, or one more such time later.
 */
export class Suppressions {
  #forMs: number
  readonly #waitMs: number
  readonly #keysMax: number
  /** In order of `order`. */
  readonly #states = new Map<string, SuppressionState>()
  readonly #dirty = new Set<string>()
  #order = 0

  /** `waitMs`: so long at most an alert may wait after its match was complete. */
  constructor(options: { readonly forMs: number; readonly waitMs: number; readonly keysMax: number }) {
    this.#forMs = options.forMs
    this.#waitMs = options.waitMs
    this.#keysMax = options.keysMax
  }

  /** The rule has another length of time now: what was kept back under the old one is forgotten. */
  keepBackFor(forMs: number): void {
    if (forMs === this.#forMs) return
    this.#forMs = forMs
    for (const key of this.#states.keys()) this.erase(key)
  }

  /** Nothing is kept back and nothing has changed. */
  get isIdle(): boolean {
    return this.#states.size === 0 && this.#dirty.size === 0
  }

  get size(): number {
    return this.#states.size
  }

  /**
   * Of an alert whose match was complete at `time`, at `now` or before. Undefined: keep it back. A number: let it pass; so many were kept
   * back before it. `owner`: whose alert it is.
   */
  admit(key: string, time: number, now: number, owner: string = key): number | undefined {
    this.#dirty.add(key)
    const state = this.#states.get(key)
    if (state !== undefined && time < state.until) {
      state.count++
      return undefined
    }
    const count = state === undefined || this.#isOver(state, time) ? 0 : state.count
    this.#states.delete(key)
    this.#states.set(key, {
      until: time + this.#forMs,
      count: 0,
      order: ++this.#order,
      ...(owner === key ? {} : { owner }),
    })
    if (this.#states.size > this.#keysMax) this.#makeRoom(now)
    return count
  }

  /** When alerts of the key pass again. */
  until(key: string): number {
    return this.#states.get(key)?.until ?? 0
  }

  /** Forgets what is over for every alert that is still to come. When it is called makes no difference to what is admitted. */
  sweep(now: number): void {
    const earliest = now - this.#waitMs
    for (const [key, state] of this.#states) {
      if (state.until > earliest) return
      if (this.#isOver(state, earliest)) this.erase(key)
    }
  }

  erase(key: string): void {
    if (this.#states.delete(key)) this.#dirty.add(key)
  }

  /** What the other keeps back is kept back here too; where both know a key, the other's word counts. */
  takeOver(other: Suppressions): void {
    const states = new Map(this.#states)
    for (const [key, state] of other.#states) states.set(key, state)
    this.#states.clear()
    for (const [key, state] of [...states].sort(([, a], [, b]) => a.until - b.until)) {
      this.#states.set(key, { ...state, order: ++this.#order })
      this.#dirty.add(key)
    }
    this.#makeRoom(Number.NEGATIVE_INFINITY)
  }

  /** Every suppression key, and whose alert passed under it. */
  *owners(): Iterable<readonly [key: string, owner: string]> {
    for (const [key, { owner = key }] of this.#states) yield [key, owner]
  }

  keys(): IterableIterator<string> {
    return this.#states.keys()
  }

  /** In order of `order`. */
  restore(key: string, state: SuppressionState): void {
    this.#states.set(key, state)
    this.#order = state.order
  }

  drainChanges(visit: (key: string, state: SuppressionState | undefined) => void): void {
    for (const key of this.#dirty) visit(key, this.#states.get(key))
    this.#dirty.clear()
  }

  #isOver(state: SuppressionState, time: number): boolean {
    return time >= (state.count === 0 ? state.until : state.until + this.#forMs)
  }

  #makeRoom(now: number): void {
    this.sweep(now)
    for (const key of this.#states.keys()) {
      if (this.#states.size <= this.#keysMax) return
      this.erase(key)
    }
  }
}
