import type {
  Expression,
  ExpressionError,
  Frame,
  PredicateForm,
  Scalar,
  StreamEvent,
} from '../model/index.ts'
import { ABSENT, type Field, type FieldTable, MAPPED, NUMBER, readField, STRUCTURE, TEXT } from './field.ts'

/** A conjunct that reads only the event and lists: evaluated once per event for all rules that have it. */
export interface SharedPredicate {
  readonly expression: Expression
  readonly form: PredicateForm | undefined
  /** The field that the form is about. */
  readonly field: Field | undefined
  /** Rules' event definitions that use it. */
  users: number
  /** The event that `result` is about. */
  stamp: number
  result: 1 | 0 | -1
  error: ExpressionError | undefined
}

/** The distinct shareable conjuncts of all rules, by text. */
export class PredicateTable {
  readonly #predicates = new Map<string, SharedPredicate>()
  readonly #fields: FieldTable

  constructor(fields: FieldTable) {
    this.#fields = fields
  }

  get size(): number {
    return this.#predicates.size
  }

  acquire(expression: Expression): SharedPredicate {
    let predicate = this.#predicates.get(expression.source)
    if (predicate === undefined) {
      const form = formOf(expression)
      const field = form === undefined ? undefined : this.#fields.acquire(form.path)
      predicate = { expression, form, field, users: 0, stamp: -1, result: 0, error: undefined }
      this.#predicates.set(expression.source, predicate)
    }
    predicate.users++
    return predicate
  }

  release(predicate: SharedPredicate): void {
    if (--predicate.users > 0) return
    this.#predicates.delete(predicate.expression.source)
    if (predicate.field !== undefined) this.#fields.release(predicate.field)
  }
}

/** These are properties of the event, not of its payload. */
const METADATA: readonly string[] = ['_time', '_id', '_subject']

function formOf({ form }: Expression): PredicateForm | undefined {
  return form === undefined || METADATA.includes(form.path[0] as string) ? undefined : form
}

/** Truth of a shared predicate for the event that `stamp` stands for. */
export function testShared(predicate: SharedPredicate, stamp: number, frame: Frame): 1 | 0 | -1 {
  if (predicate.stamp === stamp) return predicate.result
  predicate.stamp = stamp
  const { form, field } = predicate
  if (form !== undefined && field !== undefined) {
    if (field.stamp !== stamp) readField(field, stamp, (frame.event as StreamEvent).data)
    const truth = truthOfForm(form, field)
    if (truth !== undefined) {
      predicate.result = truth
      return truth
    }
  }
  predicate.result = predicate.expression.test(frame)
  predicate.error = predicate.result === -1 ? predicate.expression.lastError : undefined
  return predicate.result
}

/** What the data alone tell; undefined where only the expression can. */
function truthOfForm(form: PredicateForm, { kind, value }: Field): 1 | 0 | undefined {
  if (kind === ABSENT) return 0
  switch (form.kind) {
    case 'one-of':
      if (kind === STRUCTURE || kind === MAPPED) return undefined
      return isOneOf(form.values, value as Scalar) ? 1 : 0
    case 'range':
      return kind === NUMBER ? (isWithin(form, value as number) ? 1 : 0) : undefined
    case 'contains':
      if (kind !== TEXT) return undefined
      return (form.ignoreCase ? (value as string).toLowerCase() : (value as string)).includes(form.text)
        ? 1
        : 0
    case 'prefix':
      return kind === TEXT ? ((value as string).startsWith(form.text) ? 1 : 0) : undefined
    case 'present':
      return kind === MAPPED ? undefined : 1
    case 'matches':
      return undefined
  }
}

function isOneOf(values: readonly Scalar[], value: Scalar): boolean {
  for (let index = 0; index < values.length; index++) if (values[index] === value) return true
  return false
}

function isWithin(range: Extract<PredicateForm, { kind: 'range' }>, value: number): boolean {
  const isAbove = range.lowOpen ? value > range.low : value >= range.low
  return isAbove && (range.highOpen ? value < range.high : value <= range.high)
}
