import type { KeyGroup, RouteTarget } from './lane.ts'
import { twice } from './numbers.ts'

/** Lanes that an index finds together, in the order of their rules: all of one key group, each the only one of its rule. */
export interface LaneRun {
  readonly lanes: Int32Array
  /** Their rules, side by side: they need not be looked for one by one. */
  readonly targets: readonly RouteTarget[]
  /** Of the tap that each was found by; known to hold. */
  readonly bits: number
  readonly group: KeyGroup
  /** Numbers of their reaches, each once. */
  readonly reaches: readonly number[]
}

/** Gets what an index finds. */
export interface LaneSink {
  /**
   * A lane, by number, with a tap whose shared conjuncts hold or fail with an error; `bits` are those of taps that are known to hold by
   * that: none for an error. The same may be said twice.
   */
  meet(lane: number, bits: number): void
  meetRun(run: LaneRun): void
}

/** For whom a run is nothing but its lanes. */
export function meetEach(sink: LaneSink, { lanes, bits }: LaneRun): void {
  for (let index = 0; index < lanes.length; index++) sink.meet(lanes[index] as number, bits)
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

  meetRun(run: LaneRun): void {
    meetEach(this, run)
  }
}
