import type { Joins } from '../matcher/contract.ts'
import type { Join, JoinValue, StepAccess, StreamEvent } from '../model/index.ts'
import { joinedConjunct, type RuleProgram } from '../rule/program.ts'

/** By what values the partial matches of a rule wait, for its matcher. */
export class RuleJoins implements Joins {
  readonly mask: number
  readonly #joins: ReadonlyArray<Join | undefined>

  constructor(program: RuleProgram) {
    this.#joins = program.events.map((event) => joinedConjunct(event)?.join)
    this.mask = this.#joins.reduce((mask, join, slot) => (join === undefined ? mask : mask | (1 << slot)), 0)
  }

  offered(slot: number, event: StreamEvent): JoinValue {
    return this.#joins[slot]?.offered(event)
  }

  awaited(slot: number, taken: StepAccess): JoinValue {
    return this.#joins[slot]?.awaited(taken)
  }
}
