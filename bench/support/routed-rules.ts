import { expressionTools as expressions } from '../../src/engine/expression/index.ts'
import {
  type Expression,
  eventTime,
  type Frame,
  type JsonObject,
  type StreamEvent,
  streamSequence,
} from '../../src/engine/index.ts'
import {
  Router,
  type RouteSpecification,
  type RouteTarget,
  type SubjectPlan,
} from '../../src/engine/route/index.ts'

const SUBJECT = 'bench.events'
const NO_STEPS: Frame['steps'] = { taken: () => [], count: () => 0 }
const compiled = new Map<string, readonly Expression[]>()

/** The conjuncts of a condition; equal texts are compiled once, as they are evaluated once. */
export function conjunctsOf(condition: string): readonly Expression[] {
  const known = compiled.get(condition)
  if (known !== undefined) return known
  const parts = expressions.splitConjuncts({ text: condition, pointer: '' })
  if (!parts.ok) throw new Error(`${condition}: ${parts.problems[0]?.message}`)
  const conjuncts = parts.value.map((part) => conjunct(part.text))
  compiled.set(condition, conjuncts)
  return conjuncts
}

const byText = new Map<string, Expression>()

function conjunct(text: string): Expression {
  const known = byText.get(text)
  if (known !== undefined) return known
  const expression = expressions.compileExpression({ text, pointer: '' }, { steps: [] })
  if (!expression.ok) throw new Error(`${text}: ${expression.problems[0]?.message}`)
  byText.set(text, expression.value)
  return expression.value
}

export const frame: Frame = {
  event: undefined,
  steps: NO_STEPS,
  key: null,
  lists: { has: () => false },
  time: eventTime(0),
}

export function eventOf(data: JsonObject, index: number): StreamEvent {
  const time = eventTime(index)
  return {
    sequence: streamSequence(index + 1),
    time,
    ingestedAt: time,
    subject: SUBJECT,
    id: `${index}`,
    data,
    attributes: {},
  }
}

/** Counts what it is given, and costs next to nothing: a method, as rules have, and no closure of its own. */
class Counter implements RouteTarget {
  readonly rank: number
  readonly isOverdrawn = false
  readonly isGuest = false
  readonly #rules: RoutedRules

  constructor(rank: number, rules: RoutedRules) {
    this.rank = rank
    this.#rules = rules
  }

  has(): boolean {
    return false
  }

  deliver(): boolean {
    this.#rules.deliveries++
    return false
  }

  predicateFailed(): void {}

  keyUnusable(): void {}

  charge(): void {}

  chargeReading(): void {}
}

/** A router with one rule per condition, `A followed by something else`, that counts what it is given. */
export class RoutedRules {
  readonly router = new Router({ frame, index: 0, count: 1 })
  readonly #specifications: readonly RouteSpecification[]
  readonly #routes: ReturnType<Router['add']>[]
  readonly #plan: SubjectPlan
  deliveries = 0

  constructor(conditions: readonly string[]) {
    const key = [conjunct('user')]
    this.#specifications = conditions.map((condition) => ({
      slots: [
        { subject: SUBJECT, key, unary: conjunctsOf(condition) },
        { subject: 'bench.others', key, unary: [] },
      ],
      startMask: 1,
      needsEveryEvent: false,
      keyValue: (text) => text,
    }))
    // Side by side in memory: it is not the counters that are measured.
    const counters = conditions.map((_, rank) => new Counter(rank, this))
    this.#routes = this.#specifications.map((specification, rank) =>
      this.router.add(counters[rank] as Counter, specification),
    )
    this.#plan = this.router.plan(SUBJECT)
  }

  route(event: StreamEvent): void {
    frame.event = event
    frame.time = event.time
    this.router.route(event, this.#plan)
  }

  /** Takes one rule out and puts it in again. */
  replace(index: number): void {
    const specification = this.#specifications[index]
    const routes = this.#routes[index]
    if (specification === undefined || routes === undefined) return
    this.router.remove(routes)
    this.#routes[index] = this.router.add(new Counter(index, this), specification)
  }
}

/** The same conditions, one rule after the other; gives the number of rules that hold. */
export function evaluateOneByOne(rules: ReadonlyArray<readonly Expression[]>, event: StreamEvent): number {
  frame.event = event
  frame.time = event.time
  let matches = 0
  for (const conjuncts of rules) {
    let holds = true
    for (const expression of conjuncts) {
      if (expression.test(frame) === 1) continue
      holds = false
      break
    }
    if (holds) matches++
  }
  return matches
}
