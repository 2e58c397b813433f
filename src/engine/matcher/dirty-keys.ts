/** State of one key as the list of changes sees it. */
export interface Changeable {
  readonly key: string
  isChanged: boolean
  /** Nothing is left of it. */
  readonly isEmpty: boolean
}

/** Which keys changed since the last checkpoint: a flag on the state and one list, no lookup. */
export class DirtyKeys<S extends Changeable> {
  #states: S[] = []

  mark(state: S): void {
    if (state.isChanged) return
    state.isChanged = true
    this.#states.push(state)
  }

  drain(visit: (state: S) => void): void {
    const states = this.#states
    this.#states = []
    for (const state of states) {
      state.isChanged = false
      visit(state)
    }
  }
}
