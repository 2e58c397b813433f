import { interned } from '../expression/index.ts'
import type { Scalar } from '../model/index.ts'

/** No rule asks for the value. */
export const UNASKED = -1

/** Small numbers for the values of a field that conditions compare it with: an event's value is looked up once and compared often. */
export class ValueIds {
  readonly #ids = new Map<Scalar, number>()
  readonly #users: number[] = []
  readonly #free: number[] = []

  acquire(value: Scalar): number {
    let id = this.#ids.get(value)
    if (id === undefined) {
      id = this.#free.pop() ?? this.#users.length
      this.#ids.set(typeof value === 'string' ? interned(value) : value, id)
      this.#users[id] = 0
    }
    this.#users[id] = (this.#users[id] as number) + 1
    return id
  }

  release(value: Scalar): void {
    const id = this.#ids.get(value)
    if (id === undefined) return
    const users = (this.#users[id] as number) - 1
    this.#users[id] = users
    if (users > 0) return
    this.#ids.delete(value)
    this.#free.push(id)
  }

  /** How many values there are. */
  get size(): number {
    return this.#ids.size
  }

  idOf(value: Scalar): number {
    return this.#ids.get(value) ?? UNASKED
  }
}
