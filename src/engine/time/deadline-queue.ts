import { invariant } from '../model/index.ts'

/** Something with deadlines of its own (a rule's matcher). `rank` breaks ties: equal deadlines fire in order of rank. */
export interface DeadlineOwner {
  rank: number
  /** The earliest time at which `fire` has something to do; Infinity for never. */
  nextDeadline(): number
  /** Fires everything due at `time`. */
  fire(time: number): void
}

/** An owner's place in the queue. */
export interface Deadline {
  readonly owner: DeadlineOwner
  /** Given to another when it is gone. */
  readonly number: number
  /** When the queue looks at the owner next; never later than its earliest deadline. */
  at: number
}

const SMALLEST = 64

/**
 * The deadlines of all rules of a partition, in one order: by time, then by rank. A binary heap with one entry per owner; what is
 * compared stands in arrays of numbers, because the owners lie scattered in memory, and many wait for the same time.
 */
export class DeadlineQueue {
  /** By number. */
  readonly #entries: Deadline[] = []
  readonly #free: number[] = []
  /** By number, the place in the heap. */
  #places = new Int32Array(SMALLEST)
  /** By place: number, time and rank. */
  #numbers = new Int32Array(SMALLEST)
  #times = new Float64Array(SMALLEST)
  #ranks = new Float64Array(SMALLEST)
  #size = 0

  add(owner: DeadlineOwner): Deadline {
    const number = this.#free.pop() ?? this.#entries.length
    const entry = { owner, number, at: owner.nextDeadline() }
    this.#entries[number] = entry
    if (this.#size === this.#numbers.length) this.#grow()
    this.#rise(this.#size++, number, entry.at, owner.rank)
    return entry
  }

  remove({ number }: Deadline): void {
    const place = this.#places[number] as number
    const last = --this.#size
    this.#free.push(number)
    if (place === last) return
    const [moved, at, rank] = [this.#numbers[last], this.#times[last], this.#ranks[last]] as [
      number,
      number,
      number,
    ]
    this.#rise(place, moved, at, rank)
    this.#sink(this.#places[moved] as number, moved, at, rank)
  }

  /** The owner has got another rank; the order of all does not change by it. */
  rerank({ number, owner }: Deadline): void {
    this.#ranks[this.#places[number] as number] = owner.rank
  }

  /** The owner's earliest deadline is `at` now. A later one than before is noticed when the earlier one comes up. */
  bringForward(entry: Deadline, at: number): void {
    if (at >= entry.at) return
    entry.at = at
    const place = this.#places[entry.number] as number
    this.#rise(place, entry.number, at, this.#ranks[place] as number)
  }

  /** Time has reached `time`: fires every deadline `<= time`, one instant after the other. */
  advance(time: number): void {
    for (;;) {
      if (this.#size === 0 || (this.#times[0] as number) > time) return
      const first = this.#entries[this.#numbers[0] as number] as Deadline
      const due = first.owner.nextDeadline()
      if (due <= first.at) {
        const { at } = first
        first.owner.fire(at)
        first.at = first.owner.nextDeadline()
        invariant(first.at > at, 'a deadline that fired is over')
      } else first.at = due
      const place = this.#places[first.number] as number
      this.#sink(place, first.number, first.at, this.#ranks[place] as number)
    }
  }

  /** Whether the entry at a place comes before one of that time and rank. */
  #precedes(place: number, at: number, rank: number): boolean {
    const time = this.#times[place] as number
    return time < at || (time === at && (this.#ranks[place] as number) < rank)
  }

  #put(place: number, number: number, at: number, rank: number): void {
    this.#numbers[place] = number
    this.#times[place] = at
    this.#ranks[place] = rank
    this.#places[number] = place
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#numbers[from] as number, this.#times[from] as number, this.#ranks[from] as number)
  }

  #rise(from: number, number: number, at: number, rank: number): void {
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!this.#follows(parent, at, rank)) break
      this.#move(parent, place)
      place = parent
    }
    this.#put(place, number, at, rank)
  }

  /** Whether the entry at a place comes behind one of that time and rank. */
  #follows(place: number, at: number, rank: number): boolean {
    const time = this.#times[place] as number
    return time > at || (time === at && (this.#ranks[place] as number) > rank)
  }

  #sink(from: number, number: number, at: number, rank: number): void {
    let place = from
    for (;;) {
      let child = 2 * place + 1
      if (child >= this.#size) break
      const right = child + 1
      if (
        right < this.#size &&
        this.#precedes(right, this.#times[child] as number, this.#ranks[child] as number)
      )
        child = right
      if (!this.#precedes(child, at, rank)) break
      this.#move(child, place)
      place = child
    }
    this.#put(place, number, at, rank)
  }

  #grow(): void {
    const length = this.#numbers.length * 2
    this.#places = copied(new Int32Array(length), this.#places)
    this.#numbers = copied(new Int32Array(length), this.#numbers)
    this.#times = copied(new Float64Array(length), this.#times)
    this.#ranks = copied(new Float64Array(length), this.#ranks)
  }
}

function copied<T extends Int32Array | Float64Array>(to: T, from: T): T {
  to.set(from)
  return to
}
