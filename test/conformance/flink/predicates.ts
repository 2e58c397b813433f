import type { StepAccess, StreamEvent } from '../../../src/engine/index.ts'
import type { CompareOperator, Predicate, Scalar, Term } from './corpus.ts'

/** Whether the predicate reads events taken before the one at hand. */
export function readsSteps(predicate: Predicate): boolean {
  if ('args' in predicate) return predicate.args.some(readsSteps)
  if ('arg' in predicate) return readsSteps(predicate.arg)
  if ('left' in predicate) return termReads(predicate.left) || termReads(predicate.right)
  return false
}

const termReads = (term: Term): boolean =>
  'sum' in term ||
  'first' in term ||
  'last' in term ||
  'count' in term ||
  ('add' in term && term.add.some(termReads))

/** The corpus' predicates over the matcher's own view of taken events: for tests of the matcher alone. */
export function holds(
  predicate: Predicate,
  event: StreamEvent,
  taken: StepAccess,
  slotOf: (stage: string) => number,
): boolean {
  const value = (term: Term): Scalar | undefined => {
    if ('const' in term) return term.const
    if ('field' in term) return fieldOf(event, term.field)
    if ('ts' in term || 'procTime' in term) return event.time
    if ('count' in term) return taken.count(slotOf(term.count.stage))
    if ('sum' in term)
      return taken
        .taken(slotOf(term.sum.stage))
        .reduce((sum, each) => sum + Number(fieldOf(each, term.sum.field) ?? 0), 0)
    if ('first' in term) return fieldOf(taken.taken(slotOf(term.first.stage))[0], term.first.field)
    if ('last' in term) return fieldOf(taken.taken(slotOf(term.last.stage)).at(-1), term.last.field)
    return term.add.reduce<number>((sum, each) => sum + Number(value(each) ?? Number.NaN), 0)
  }
  if (predicate.op === 'true') return true
  if (predicate.op === 'false') return false
  if ('args' in predicate) {
    const test = (each: Predicate): boolean => holds(each, event, taken, slotOf)
    return predicate.op === 'and' ? predicate.args.every(test) : predicate.args.some(test)
  }
  if ('arg' in predicate) return !holds(predicate.arg, event, taken, slotOf)
  if ('left' in predicate) return compare(predicate.op, value(predicate.left), value(predicate.right))
  if ('field' in predicate) return compare(predicate.op, fieldOf(event, predicate.field), predicate.value)
  return false
}

function fieldOf(event: StreamEvent | undefined, field: string): Scalar | undefined {
  const value = event?.data[field]
  return value === undefined || typeof value === 'object' ? undefined : value
}

function compare(op: CompareOperator, left: Scalar | undefined, right: Scalar | undefined): boolean {
  if (left === undefined || right === undefined || left === null || right === null) return false
  switch (op) {
    case 'eq':
      return left === right
    case 'ne':
      return left !== right
    case 'lt':
      return left < right
    case 'le':
      return left <= right
    case 'gt':
      return left > right
    case 'ge':
      return left >= right
    case 'contains':
      return String(left).includes(String(right))
    case 'startsWith':
      return String(left).startsWith(String(right))
  }
}
