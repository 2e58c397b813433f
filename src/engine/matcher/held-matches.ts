import type { StreamEvent } from '../model/index.ts'
import { type Floor, isBelow } from './after-match.ts'
import { BinaryHeap } from './binary-heap.ts'
import { isBefore } from './taken.ts'
import type { Taken } from './taken-node.ts'

/** A complete match that waits for older partial matches of its key before it may be reported. */
export interface HeldMatch {
  readonly last: Taken
  readonly first: StreamEvent
  readonly completedAt: number
  readonly completedBy: StreamEvent | undefined
}

const startsBefore = (left: HeldMatch, right: HeldMatch): boolean => isBefore(left.first, right.first)

/** Up to so many are looked through one by one. */
const LOOKED_THROUGH_MAX = 16

/** The complete matches of a key that wait, by first event. */
export class HeldMatches {
  #heap: BinaryHeap<HeldMatch> | undefined
  /** The first events, once they are many. */
  #starts: Set<StreamEvent> | undefined

  /** `list`: what the `list` of another one was. */
  constructor(list: readonly HeldMatch[] = []) {
    if (list.length > 0) this.#heap = new BinaryHeap(startsBefore, list)
  }

  get size(): number {
    return this.#heap?.size ?? 0
  }

  get first(): HeldMatch | undefined {
    return this.#heap?.first
  }

  /** As it is kept. */
  get list(): readonly HeldMatch[] {
    return this.#heap?.list ?? []
  }

  add(match: HeldMatch): void {
    this.#heap ??= new BinaryHeap(startsBefore)
    this.#heap.add(match)
    this.#starts?.add(match.first)
  }

  /** Whether one starts with the event; asked only where no two start alike. */
  hasStart(event: StreamEvent): boolean {
    if (this.size <= LOOKED_THROUGH_MAX) return this.list.some(({ first }) => first === event)
    this.#starts ??= new Set(this.list.map(({ first }) => first))
    return this.#starts.has(event)
  }

  take(): void {
    const taken = this.#heap?.take()
    if (taken !== undefined) this.#forget(taken)
  }

  /** `startsDiffer`: no two start alike; else what goes decides the order of those that stay. */
  discardBelow(floor: Floor, startsDiffer: boolean): void {
    const isFirstBelow = (): boolean => this.first !== undefined && isBelow(this.first.first, floor)
    if (startsDiffer) while (isFirstBelow()) this.take()
    else if (isFirstBelow()) this.#heap?.keep((match) => !isBelow(match.first, floor))
  }

  #forget({ first }: HeldMatch): void {
    if (this.size > LOOKED_THROUGH_MAX) this.#starts?.delete(first)
    else this.#starts = undefined
  }
}
