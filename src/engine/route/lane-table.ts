import { invariant } from '../model/index.ts'
import { type LaneRun, type LaneSink, meetEach } from './finds.ts'
import { isBefore, type KeyGroup, type Lane, type Reach, type RouteTarget } from './lane.ts'
import { Numbered, twice } from './numbers.ts'
import { PlaceSet } from './place-set.ts'

/*
 * What an event asks and changes of a lane, as a row of numbers: thousands of rules lie scattered in memory, and an event that meets a
 * few of them must not look in a dozen places for each.
 */
const ROW = 4
/** Bits of taps that are known to be satisfied by the event at hand. */
const MASK = 0
/** Among all lanes, in order of their rules, and of the lanes within a rule. */
const PLACE = 1
/** Numbers of what it has in common with others; with that of the group, flags. */
const REACH = 2
const GROUP = 3

const FLAG_BITS = 3
const NEEDS_EVERY_EVENT = 1
const DIRECT = 2
const ONE_OF_SEVERAL = 4

/** Stands where a rule has gone: somebody may still remember that the lane had state. */
const NOBODY: RouteTarget = {
  rank: 0,
  has: () => false,
  deliver: () => false,
  predicateFailed: () => undefined,
  keyUnusable: () => undefined,
  charge: () => undefined,
  isGuest: false,
  chargeReading: () => undefined,
  isOverdrawn: false,
}

/** All lanes of a router by number, and those that the event at hand has met. */
export class LaneTable implements LaneSink {
  readonly groups = new Numbered<KeyGroup>()
  readonly reaches = new Numbered<Reach>()
  readonly targets: RouteTarget[] = []
  readonly #lanes = new Numbered<Lane>()
  /** Numbers of the lanes met, the first `met` of them; after `gather`. */
  order = new Int32Array(64)
  met = 0
  /** When the lanes of one run are all that were met: that run, and no others are in `order`. After `gather`. */
  run: LaneRun | undefined
  readonly #runs: LaneRun[] = []
  #rows = new Int32Array(64 * ROW)
  /** Numbers of the lanes by place. */
  #placed = new Int32Array(64)
  #size = 0
  /** From here on, rows do not know their places any more. */
  #unsettled = 0
  readonly #places = new PlaceSet()

  nextNumber(): number {
    return this.#lanes.nextNumber()
  }

  add(lane: Lane): void {
    const { number, group, reach } = lane
    this.#lanes.add(lane)
    this.targets[number] = lane.target
    if ((number + 1) * ROW > this.#rows.length) this.#rows = twice(this.#rows)
    const flags =
      (lane.needsEveryEvent ? NEEDS_EVERY_EVENT : 0) |
      (lane.direct ? DIRECT : 0) |
      (lane.isOneOfSeveral ? ONE_OF_SEVERAL : 0)
    this.#rows.set([0, 0, reach.number, (group.number << FLAG_BITS) | flags], number * ROW)
    const place = this.#placeOf(lane)
    if (this.#size === this.#placed.length) this.#grow()
    this.#placed.copyWithin(place + 1, place, this.#size++)
    this.#placed[place] = number
    this.#unsettled = Math.min(this.#unsettled, place)
  }

  remove(lane: Lane): void {
    const place = this.#placeOf(lane)
    invariant(this.#placed[place] === lane.number, 'rules keep their order while they run')
    this.#placed.copyWithin(place, place + 1, this.#size--)
    this.#unsettled = Math.min(this.#unsettled, place)
    this.targets[lane.number] = NOBODY
    this.#lanes.remove(lane)
  }

  lane(number: number): Lane {
    return this.#lanes.items[number] as Lane
  }

  /** Lanes have come or gone: an event may meet them now. Many changes cost as much as one. */
  settle(): void {
    for (; this.#unsettled < this.#size; this.#unsettled++)
      this.#rows[(this.#placed[this.#unsettled] as number) * ROW + PLACE] = this.#unsettled
  }

  isMet(number: number): boolean {
    return this.#places.has(this.#rows[number * ROW + PLACE] as number)
  }

  /** The event at hand meets a lane; `bits` of its taps are known to be satisfied. */
  meet(number: number, bits: number): void {
    const rows = this.#rows
    const at = number * ROW
    rows[at + MASK] = (rows[at + MASK] as number) | bits
    this.#places.add(rows[at + PLACE] as number)
  }

  /** The event at hand meets the lanes of a run. Mostly nothing else is met, and then there is nothing to be done for each of them. */
  meetRun(run: LaneRun): void {
    this.#runs.push(run)
  }

  /** No more lanes are met: they stand in `order`, in that of their rules, and of the lanes within a rule; or are a run. */
  gather(): void {
    const runs = this.#runs
    this.run = runs.length === 1 && this.#places.isEmpty ? runs[0] : undefined
    if (this.run === undefined)
      for (let index = 0; index < runs.length; index++) meetEach(this, runs[index] as LaneRun)
    if (runs.length > 0) runs.length = 0
    this.met = this.#places.take(this.#placed, this.order)
  }

  /** The lanes of the run are met one by one. */
  spread(): void {
    if (this.run !== undefined) meetEach(this, this.run)
    this.gather()
  }

  mask(number: number): number {
    return this.#rows[number * ROW + MASK] as number
  }

  /** The mask, which is empty from then on: the next event has met nobody yet. */
  takeMask(number: number): number {
    const mask = this.#rows[number * ROW + MASK] as number
    this.#rows[number * ROW + MASK] = 0
    return mask
  }

  setMask(number: number, mask: number): void {
    this.#rows[number * ROW + MASK] = mask
  }

  reachNumber(number: number): number {
    return this.#rows[number * ROW + REACH] as number
  }

  groupNumber(number: number): number {
    return (this.#rows[number * ROW + GROUP] as number) >> FLAG_BITS
  }

  group(number: number): KeyGroup {
    return this.groups.items[this.groupNumber(number)] as KeyGroup
  }

  needsEveryEvent(number: number): boolean {
    return this.#isFlagged(number, NEEDS_EVERY_EVENT)
  }

  isDirect(number: number): boolean {
    return this.#isFlagged(number, DIRECT)
  }

  /** Whether its rule has other lanes too. */
  isOneOfSeveral(number: number): boolean {
    return this.#isFlagged(number, ONE_OF_SEVERAL)
  }

  #isFlagged(number: number, flag: number): boolean {
    return ((this.#rows[number * ROW + GROUP] as number) & flag) !== 0
  }

  /** Where the lane stands, or would. */
  #placeOf(lane: Lane): number {
    let low = 0
    let high = this.#size
    while (low < high) {
      const middle = (low + high) >> 1
      if (isBefore(this.lane(this.#placed[middle] as number), lane)) low = middle + 1
      else high = middle
    }
    return low
  }

  #grow(): void {
    this.#placed = twice(this.#placed)
    this.order = new Int32Array(this.#placed.length)
    this.#places.reserve(this.#placed.length)
  }
}
