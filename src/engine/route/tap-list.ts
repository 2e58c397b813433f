import type { Frame } from '../model/index.ts'
import type { LaneSink } from './finds.ts'
import type { Tap } from './lane.ts'
import { type SharedPredicate, testShared } from './predicate.ts'

/** Taps of one subject filter, found by what their shared conjuncts demand of an event. */
export interface TapIndex {
  readonly size: number
  /** How many of them every event is compared with. */
  readonly open: number
  /** In no order. */
  taps(): Iterable<Tap>
  add(tap: Tap): void
  remove(tap: Tap): void
  /** Tells of those whose shared conjuncts hold or fail. */
  match(stamp: number, frame: Frame, sink: LaneSink): void
}

/** The plain form: every tap is looked at. */
export class TapList implements TapIndex {
  readonly #taps: Tap[] = []

  get size(): number {
    return this.#taps.length
  }

  get open(): number {
    return this.#taps.length
  }

  taps(): Iterable<Tap> {
    return this.#taps
  }

  add(tap: Tap): void {
    this.#taps.push(tap)
  }

  remove(tap: Tap): void {
    const at = this.#taps.indexOf(tap)
    if (at >= 0) this.#taps.splice(at, 1)
  }

  match(stamp: number, frame: Frame, sink: LaneSink): void {
    for (const tap of this.#taps) {
      const result = testTap(tap, stamp, frame)
      if (result !== 0) sink.meet(tap.lane.number, result === 1 ? tap.decides : 0)
    }
  }
}

/** Early conjuncts count in any order: 0 if one is false; else -1 if one failed; else 1. */
export function testTap(tap: Tap, stamp: number, frame: Frame): 1 | 0 | -1 {
  let result: 1 | -1 = 1
  const { early } = tap
  for (let index = 0; index < early.length; index++) {
    const truth = testShared(early[index] as SharedPredicate, stamp, frame)
    if (truth === 0) return 0
    if (truth < 0) result = -1
  }
  return result
}
