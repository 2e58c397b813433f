import { twice } from './numbers.ts'

/** Gets what an index finds. */
export interface LaneSink {
  /**
   * A lane, by number, with a tap whose shared conjuncts hold or fail with an error; `bits` are those of taps that are known to hold by
   * that: none for an error. The same may be said twice.
   */
  meet(lane: number, bits: number): void
}

/** Keeps what was found, to be looked over: a lane and its bits, again and again. */
export class Finds implements LaneSink {
  numbers = new Int32Array(64)
  /** How many numbers there are: twice the lanes. */
  length = 0

  meet(lane: number, bits: number): void {
    if (this.length === this.numbers.length) this.numbers = twice(this.numbers)
    this.numbers[this.length++] = lane
    this.numbers[this.length++] = bits
  }
}
