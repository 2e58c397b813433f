import type { Graph } from '../automaton/index.ts'
import { deadlineAfter, type Run } from './run.ts'
import { type IndexParts, RunIndex } from './run-index.ts'

/**
 * The partial matches of one key in their order (`compareRuns`), each a link of a chain, so that one more or one less costs the same
 * however many there are; and an index over them where they are many.
 */
export class WaitingRuns {
  #first: Run | undefined
  #last: Run | undefined
  #size = 0
  #index: RunIndex | undefined

  get first(): Run | undefined {
    return this.#first
  }

  get size(): number {
    return this.#size
  }

  *[Symbol.iterator](): Iterator<Run> {
    for (let run = this.#first; run !== undefined; run = run.next) yield run
  }

  /** Puts it before `next`, at the end when there is none. */
  add(run: Run, next?: Run): void {
    const previous = next === undefined ? this.#last : next.previous
    run.previous = previous
    run.next = next
    if (previous === undefined) this.#first = run
    else previous.next = run
    if (next === undefined) this.#last = run
    else next.previous = run
    this.#size++
    this.#index?.add(run)
  }

  remove(run: Run): void {
    const { previous, next } = run
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    // What is gone keeps nothing from the garbage collector.
    run.previous = undefined
    run.next = undefined
    this.#size--
    this.#index?.remove(run)
  }

  /**
   * The index where there are more than `above`, made when a restore has left none: whom it says no to may be asked for less, so whether
   * it is there to say it depends on how many there are, and not on how they came about.
   */
  indexAbove(above: number, parts: IndexParts): RunIndex | undefined {
    if (this.#size <= above) return undefined
    this.settle(above, parts)
    return this.#index
  }

  /** Makes the index where there are more than `above`, and gives it up where a quarter of that is left. */
  settle(above: number, parts: IndexParts): void {
    if (this.#index === undefined) {
      if (this.#size <= above) return
      this.#index = new RunIndex(parts)
      for (const run of this) this.#index.add(run)
    } else if (this.#size * 4 <= above) this.#index = undefined
  }

  /** The first whose deadline comes next, and of those the one that started first; up to `time` deadlines are the true ones. */
  earliest(time: number, graph: Graph): Run | undefined {
    if (this.#index !== undefined) return this.#index.earliest(time)
    let earliest: Run | undefined
    for (let run = this.#first; run !== undefined; run = run.next) {
      if (run.deadline <= time) run.deadline = deadlineAfter(graph, run, time)
      if (run.deadline < (earliest?.deadline ?? Number.POSITIVE_INFINITY)) earliest = run
    }
    return earliest
  }

  /** Those whose deadline is reached, in their order. Who is left afterwards has to `await` its next one. */
  due(time: number, graph: Graph): readonly Run[] {
    if (this.#index !== undefined) return this.#index.due(time)
    const due: Run[] = []
    for (let run = this.#first; run !== undefined; run = run.next) {
      if (run.deadline <= time) run.deadline = deadlineAfter(graph, run, time)
      if (run.deadline <= time) due.push(run)
    }
    return due
  }

  await(run: Run): void {
    this.#index?.await(run)
  }
}
