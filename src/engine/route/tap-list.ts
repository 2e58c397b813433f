import type { Frame } from '../model/index.ts'
import type { Tap } from './lane.ts'
import { testShared } from './predicate.ts'

/** Taps of one subject filter, found by what their shared conjuncts demand of an event. */
export interface TapIndex {
  readonly size: number
  add(tap: Tap): void
  remove(tap: Tap): void
  /** Visits taps whose shared conjuncts may all hold; says of each whether they are known to (1), or undecided by an error (-1). */
  match(stamp: number, frame: Frame, visit: (tap: Tap, result: 1 | -1) => void): void
}

/** The plain form: every tap is looked at. */
export class TapList implements TapIndex {
  readonly #taps: Tap[] = []

  get size(): number {
    return this.#taps.length
  }

  add(tap: Tap): void {
    this.#taps.push(tap)
  }

  remove(tap: Tap): void {
    const at = this.#taps.indexOf(tap)
    if (at >= 0) this.#taps.splice(at, 1)
  }

  match(stamp: number, frame: Frame, visit: (tap: Tap, result: 1 | -1) => void): void {
    for (const tap of this.#taps) {
      const result = testTap(tap, stamp, frame)
      if (result !== 0) visit(tap, result)
    }
  }
}

/** Conjuncts count in any order: 0 if one is false; else -1 if one failed; else 1. */
export function testTap(tap: Tap, stamp: number, frame: Frame): 1 | 0 | -1 {
  let result: 1 | -1 = 1
  const { shared } = tap
  for (let index = 0; index < shared.length; index++) {
    const predicate = shared[index]
    if (predicate === undefined) continue
    const truth = predicate.stamp === stamp ? predicate.result : testShared(predicate, stamp, frame)
    if (truth === 0) return 0
    if (truth < 0) result = -1
  }
  return result
}
