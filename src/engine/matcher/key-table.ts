/**
 * State by key. Whoever asks whether a key has state mostly asks for that state next, so the last answer is kept: in a table of many keys a
 * lookup is a few places of memory that are far from the processor.
 */
export class KeyTable<S> {
  readonly #states = new Map<string, S>()
  #key: string | undefined
  #state: S | undefined

  get size(): number {
    return this.#states.size
  }

  get(key: string): S | undefined {
    if (key === this.#key) return this.#state
    const state = this.#states.get(key)
    this.#key = key
    this.#state = state
    return state
  }

  set(key: string, state: S): void {
    this.#states.set(key, state)
    this.#key = key
    this.#state = state
  }

  delete(key: string): void {
    this.#states.delete(key)
    if (key === this.#key) this.#state = undefined
  }

  keys(): Iterable<string> {
    return this.#states.keys()
  }

  [Symbol.iterator](): Iterator<[string, S]> {
    return this.#states[Symbol.iterator]()
  }
}
