/** So much is remembered; the oldest goes first. */
const REMEMBERED_MAX = 20_000

/** What was made of a text, so that the same text makes it once. */
export class Remembered<T> {
  readonly #known = new Map<string, T>()

  get(id: string): T | undefined {
    return this.#known.get(id)
  }

  set(id: string, made: T): void {
    const oldest = this.#known.size < REMEMBERED_MAX ? undefined : this.#known.keys().next().value
    if (oldest !== undefined) this.#known.delete(oldest)
    this.#known.set(id, made)
  }
}
