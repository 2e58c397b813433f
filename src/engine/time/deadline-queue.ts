import { invariant } from '../model/index.ts'

/** Something with deadlines of its own (a rule's matcher). `rank` breaks ties: equal deadlines fire in order of rank. */
export interface DeadlineOwner {
  /** May change, as long as the order of all does not. */
  rank: number
  /** The earliest time at which `fire` has something to do; Infinity for never. */
  nextDeadline(): number
  /** Fires everything due at `time`. */
  fire(time: number): void
}

/** An owner's place in the queue. */
export interface Deadline {
  readonly owner: DeadlineOwner
  /** When the queue looks at the owner next; never later than its earliest deadline. */
  at: number
  place: number
}

/** The deadlines of all rules of a partition, in one order: by time, then by rank. A binary heap with one entry per owner. */
export class DeadlineQueue {
  readonly #heap: Deadline[] = []

  add(owner: DeadlineOwner): Deadline {
    const entry = { owner, at: owner.nextDeadline(), place: this.#heap.length }
    this.#heap.push(entry)
    this.#rise(entry)
    return entry
  }

  remove(entry: Deadline): void {
    const last = this.#heap.pop() as Deadline
    if (last === entry) return
    this.#put(last, entry.place)
    this.#rise(last)
    this.#sink(last)
  }

  /** The owner's earliest deadline is `at` now. A later one than before is noticed when the earlier one comes up. */
  bringForward(entry: Deadline, at: number): void {
    if (at >= entry.at) return
    entry.at = at
    this.#rise(entry)
  }

  /** Time has reached `time`: fires every deadline `<= time`, one instant after the other. */
  advance(time: number): void {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || first.at > time) return
      const due = first.owner.nextDeadline()
      if (due <= first.at) {
        const at = first.at
        first.owner.fire(at)
        first.at = first.owner.nextDeadline()
        invariant(first.at > at, 'a deadline that fired is over')
      } else first.at = due
      this.#sink(first)
    }
  }

  #precedes(a: Deadline, b: Deadline): boolean {
    return a.at < b.at || (a.at === b.at && a.owner.rank < b.owner.rank)
  }

  #put(entry: Deadline, place: number): void {
    this.#heap[place] = entry
    entry.place = place
  }

  #rise(entry: Deadline): void {
    let place = entry.place
    while (place > 0) {
      const parent = this.#heap[(place - 1) >> 1] as Deadline
      if (!this.#precedes(entry, parent)) break
      this.#put(parent, place)
      place = (place - 1) >> 1
    }
    this.#put(entry, place)
  }

  #sink(entry: Deadline): void {
    const heap = this.#heap
    let place = entry.place
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      const right = heap[child + 1]
      if (right !== undefined && this.#precedes(right, heap[child] as Deadline)) child++
      const least = heap[child] as Deadline
      if (!this.#precedes(least, entry)) break
      this.#put(least, place)
      place = child
    }
    this.#put(entry, place)
  }
}
