import type { KeyGroup, Lane, Reach, RouteTarget } from './lane.ts'
import { Numbered, twice } from './numbers.ts'

/*
 * What an event asks and changes of a lane, as a row of numbers: thousands of rules lie scattered in memory, and an event that meets a
 * few of them must not look in a dozen places for each.
 */
const ROW = 8
/** 1 while the event at hand has met the lane. */
const MET = 0
/** Bits of taps that are known to be satisfied by the event at hand. */
const MASK = 1
/** Numbers of what it has in common with others. */
const REACH = 2
const GROUP = 3
/** Of its rule. */
const RANK = 4
/** Position among the rule's lanes. */
const ORDER = 5
const FLAGS = 6

const NEEDS_EVERY_EVENT = 1
const DIRECT = 2

/** Beyond so many a general sort is faster than insertion. */
const INSERTION_MAX = 64
/** Ranks, orders and places among the met lanes, packed into one number each. */
const ORDERS_MAX = 64
const PLACES_MAX = 4096

/** Stands where a rule has gone: somebody may still remember that the lane had state. */
const NOBODY: RouteTarget = {
  rank: 0,
  has: () => false,
  deliver: () => undefined,
  predicateFailed: () => undefined,
  keyUnusable: () => undefined,
  charge: () => undefined,
  isGuest: false,
  chargeReading: () => undefined,
  isOverdrawn: false,
}

/** All lanes of a router by number, and those that the event at hand has met. */
export class LaneTable {
  readonly groups = new Numbered<KeyGroup>()
  readonly reaches = new Numbered<Reach>()
  readonly targets: RouteTarget[] = []
  readonly #lanes = new Numbered<Lane>()
  /** Numbers of the lanes met, the first `met` of them. */
  order = new Int32Array(64)
  met = 0
  #rows = new Int32Array(64 * ROW)
  #places = new Float64Array(64)

  nextNumber(): number {
    return this.#lanes.nextNumber()
  }

  add(lane: Lane): void {
    const { number, group, reach } = lane
    this.#lanes.add(lane)
    this.targets[number] = lane.target
    if ((number + 1) * ROW > this.#rows.length) this.#rows = twice(this.#rows)
    const flags = (lane.needsEveryEvent ? NEEDS_EVERY_EVENT : 0) | (lane.direct ? DIRECT : 0)
    this.#rows.set([0, 0, reach.number, group.number, lane.target.rank, lane.order, flags], number * ROW)
  }

  remove(lane: Lane): void {
    this.targets[lane.number] = NOBODY
    this.#lanes.remove(lane)
  }

  lane(number: number): Lane {
    return this.#lanes.items[number] as Lane
  }

  /** Its rule has got another rank. */
  rerank({ number, target }: Lane): void {
    this.#rows[number * ROW + RANK] = target.rank
  }

  isMet(number: number): boolean {
    return this.#rows[number * ROW + MET] === 1
  }

  /** The event at hand meets a lane; `bits` of its taps are known to be satisfied. */
  meet(number: number, bits: number): void {
    const rows = this.#rows
    const at = number * ROW
    if (rows[at + MET] === 1) {
      rows[at + MASK] = (rows[at + MASK] as number) | bits
      return
    }
    rows[at + MET] = 1
    rows[at + MASK] = bits
    if (this.met === this.order.length) this.#grow()
    this.order[this.met++] = number
  }

  /** The next event has met nobody yet. */
  clear(): void {
    const rows = this.#rows
    for (let index = 0; index < this.met; index++) rows[(this.order[index] as number) * ROW + MET] = 0
    this.met = 0
  }

  mask(number: number): number {
    return this.#rows[number * ROW + MASK] as number
  }

  setMask(number: number, mask: number): void {
    this.#rows[number * ROW + MASK] = mask
  }

  reach(number: number): Reach {
    return this.reaches.items[this.#rows[number * ROW + REACH] as number] as Reach
  }

  group(number: number): KeyGroup {
    return this.groups.items[this.#rows[number * ROW + GROUP] as number] as KeyGroup
  }

  isFirst(number: number): boolean {
    return this.#rows[number * ROW + ORDER] === 0
  }

  needsEveryEvent(number: number): boolean {
    return ((this.#rows[number * ROW + FLAGS] as number) & NEEDS_EVERY_EVENT) !== 0
  }

  isDirect(number: number): boolean {
    return ((this.#rows[number * ROW + FLAGS] as number) & DIRECT) !== 0
  }

  /** Brings the met lanes into the order of their rules, and of the lanes within a rule. */
  sort(): void {
    const { order, met } = this
    const rows = this.#rows
    const places = this.#places
    for (let index = 0; index < met; index++) {
      const number = order[index] as number
      const at = number * ROW
      const place = (rows[at + RANK] as number) * ORDERS_MAX + (rows[at + ORDER] as number)
      if (met > INSERTION_MAX) {
        places[index] = place
        continue
      }
      let to = index
      while (to > 0 && (places[to - 1] as number) > place) {
        places[to] = places[to - 1] as number
        order[to] = order[to - 1] as number
        to--
      }
      places[to] = place
      order[to] = number
    }
    if (met > INSERTION_MAX) this.#sortMany()
  }

  #sortMany(): void {
    const { met } = this
    const numbers = this.order.slice(0, met)
    const places = this.#places
    if (met > PLACES_MAX) {
      const sorted = Array.from(numbers.keys()).sort((a, b) => (places[a] as number) - (places[b] as number))
      sorted.forEach((from, to) => {
        this.order[to] = numbers[from] as number
      })
      return
    }
    for (let index = 0; index < met; index++) places[index] = (places[index] as number) * PLACES_MAX + index
    places.subarray(0, met).sort()
    for (let index = 0; index < met; index++) {
      const place = places[index] as number
      this.order[index] = numbers[place - Math.floor(place / PLACES_MAX) * PLACES_MAX] as number
    }
  }

  #grow(): void {
    this.order = twice(this.order)
    this.#places = new Float64Array(this.order.length)
  }
}
