import type { StepFold, StreamEvent } from '../model/index.ts'
import type { Taken } from './taken-node.ts'

/** Lists up to this length are remembered; longer ones are made when they are asked for. */
const LIST_MAX = 4

interface Remembered {
  readonly slot: number
  readonly fold: StepFold
  state: unknown
}

/**
 * What conditions have asked of the steps of one long partial match, so that the one that grows out of it goes on from there: how many
 * events each step has, what their aggregates are, and the lists of steps that do not grow.
 */
export class StepMemory {
  readonly last: Taken
  readonly #counts: number[]
  readonly #lists: Array<readonly StreamEvent[] | undefined>
  readonly #folds: Remembered[]

  /** `before`: what is known of a beginning of the path. */
  constructor(last: Taken, before?: StepMemory) {
    this.last = last
    this.#counts = before === undefined ? [] : [...before.#counts]
    this.#lists = before === undefined ? [] : [...before.#lists]
    this.#folds = before === undefined ? [] : before.#folds.map((remembered) => ({ ...remembered }))
    const added: Taken[] = []
    for (
      let node: Taken | undefined = last;
      node !== undefined && node !== before?.last;
      node = node.previous
    )
      added.push(node)
    for (let node = added.pop(); node !== undefined; node = added.pop()) this.#add(node)
  }

  count(slot: number): number {
    return this.#counts[slot] ?? 0
  }

  list(slot: number): readonly StreamEvent[] | undefined {
    return this.#lists[slot]
  }

  keepList(slot: number, list: readonly StreamEvent[]): void {
    if (list.length > LIST_MAX) return
    while (this.#lists.length < slot) this.#lists.push(undefined)
    this.#lists[slot] = list
  }

  /** `events`: those of the step. */
  fold(slot: number, fold: StepFold, events: () => readonly StreamEvent[]): unknown {
    const known = this.#folds.find((remembered) => remembered.slot === slot && remembered.fold === fold)
    if (known !== undefined) return known.state
    const state = foldOver(fold, events())
    this.#folds.push({ slot, fold, state })
    return state
  }

  #add({ slot, event }: Taken): void {
    while (this.#counts.length <= slot) this.#counts.push(0)
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1
    if (this.#lists[slot] !== undefined) this.#lists[slot] = undefined
    for (const remembered of this.#folds)
      if (remembered.slot === slot) remembered.state = remembered.fold.step(remembered.state, event)
  }
}

export function foldOver(fold: StepFold, events: readonly StreamEvent[]): unknown {
  let state = fold.start
  for (const event of events) state = fold.step(state, event)
  return state
}
