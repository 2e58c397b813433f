import { compileExpression } from '../../src/engine/expression/index.ts'
import {
  type Expression,
  eventTime,
  type Frame,
  type Join,
  type MatcherHost,
  type StepAccess,
  type StreamEvent,
} from '../../src/engine/index.ts'
import { visibilityOf } from '../../src/engine/rule/visibility.ts'
import type { Scenario } from './generate.ts'

/** The conditions of a scenario that are texts, evaluated as the runtime of a rule does. */
export class Conditions {
  /** What could not be evaluated, in the order in which it was asked. */
  readonly errors: string[] = []
  readonly joins: NonNullable<MatcherHost['joins']>
  readonly #bySlot = new Map<number, readonly Expression[]>()

  constructor({ names, pattern, conditions }: Scenario) {
    const visibility = visibilityOf(pattern)
    const scope = { steps: names.map((name) => ({ name, counted: visibility.counted(name) })) }
    for (const { slot, conjuncts } of conditions)
      this.#bySlot.set(
        slot,
        conjuncts.map((text) => {
          const compiled = compileExpression(text, { scope })
          if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
          return compiled.value
        }),
      )
    const joinOf = (slot: number): Join | undefined =>
      this.#bySlot.get(slot)?.find(({ join }) => join !== undefined)?.join
    this.joins = {
      mask: names.reduce((mask, _, slot) => (joinOf(slot) === undefined ? mask : mask | (1 << slot)), 0),
      offered: (slot, event) => joinOf(slot)?.offered(event),
      awaited: (slot, taken) => joinOf(slot)?.awaited(taken),
    }
  }

  holds(slot: number, event: StreamEvent, steps: StepAccess): boolean {
    const frame: Frame = { event, steps, key: null, lists: { has: () => false }, time: eventTime(event.time) }
    let error: string | undefined
    for (const conjunct of this.#bySlot.get(slot) ?? []) {
      const truth = conjunct.test(frame)
      if (truth === 0) return false
      if (truth === -1) error ??= `${slot} ${event.sequence} ${JSON.stringify(conjunct.lastError)}`
    }
    if (error !== undefined) this.errors.push(error)
    return error === undefined
  }
}
