import type { Expression } from '../model/index.ts'
import { FieldTable } from './field.ts'
import type { RouteSlot } from './lane.ts'
import { type Band, type Hop, hasWitness, type Witnesses, witnessesOf } from './placement.ts'
import { PredicateTable, type SharedPredicate } from './predicate.ts'

/** How events find one event definition of a rule. */
export interface SlotRouting {
  readonly subject: string
  /** What is looked up, in order, as text; empty: every event of the subject is asked. */
  readonly lookups: readonly string[]
  /** Conditions that are evaluated for the events that the lookups leave. */
  readonly evaluated: ReadonlyArray<{
    readonly condition: string
    /** How many event definitions of all running rules have it; it is evaluated once for all of them. */
    readonly sharedBy: number
  }>
}

/** How events find the event definitions of a rule by itself, with no other rules around. */
export const describeSlots = (slots: readonly RouteSlot[]): SlotRouting[] =>
  slots.map((slot) => {
    const table = new PredicateTable(new FieldTable())
    const isKeyed = ({ reads }: Expression): boolean => reads.key
    const shared = slot.unary.filter((item) => !isKeyed(item)).map((item) => table.acquire(item))
    return describeWitnesses(slot.subject, witnessesOf(shared), slot.unary.filter(isKeyed))
  })

export function describeWitnesses(
  subject: string,
  witnesses: Witnesses,
  keyed: readonly Expression[],
): SlotRouting {
  const { hops, band, residual } = witnesses
  return {
    subject,
    lookups: hasWitness(witnesses)
      ? [...hops.map(({ hop }) => hopText(hop)), ...(band === undefined ? [] : [bandText(band.interval)])]
      : [],
    evaluated: [
      ...residual.map(({ expression, users }: SharedPredicate) => ({
        condition: expression.source,
        sharedBy: users,
      })),
      ...keyed.map((expression) => ({ condition: expression.source, sharedBy: 1 })),
    ],
  }
}

function hopText(hop: Hop): string {
  const field = hop.path.join('.')
  switch (hop.kind) {
    case 'equality': {
      const values = hop.values.map((value) => JSON.stringify(value))
      return values.length === 1 ? `${field} is ${values[0]}` : `${field} is one of ${values.join(', ')}`
    }
    case 'prefix':
      return `${field} begins with ${JSON.stringify(hop.text)}`
    case 'text': {
      const text = `${field} contains ${JSON.stringify(hop.text)}`
      return hop.ignoreCase ? `${text} in any case` : text
    }
    case 'presence':
      return `${field} is there`
  }
}

function bandText({ path, low, lowOpen, high, highOpen }: Band): string {
  const limits = [
    ...(low === Number.NEGATIVE_INFINITY ? [] : [`${lowOpen ? '>' : '>='} ${low}`]),
    ...(high === Number.POSITIVE_INFINITY ? [] : [`${highOpen ? '<' : '<='} ${high}`]),
  ]
  return `${path.join('.')} ${limits.length === 0 ? 'is a number' : limits.join(' and ')}`
}
