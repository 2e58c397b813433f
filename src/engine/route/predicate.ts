import { fuel } from '../expression/index.ts'
import type {
  Expression,
  ExpressionError,
  Frame,
  PredicateForm,
  Scalar,
  StreamEvent,
} from '../model/index.ts'
import {
  ABSENT,
  type Field,
  type FieldTable,
  loweredText,
  MAPPED,
  NUMBER,
  readField,
  STRUCTURE,
  TEXT,
} from './field.ts'
import { closedBounds } from './interval-list.ts'
import { neededBy } from './required-text.ts'

/** How a predicate is asked: one value, a number in an interval, or whatever its form or expression say. */
export const SINGLE = 1
export const INTERVAL = 2
const OTHER = 3

/** A conjunct that reads only the event and lists: one for all rules that have it. */
export interface SharedPredicate {
  readonly expression: Expression
  readonly form: PredicateForm | undefined
  /** The field that the form is about. */
  readonly field: Field | undefined
  readonly ask: typeof SINGLE | typeof INTERVAL | typeof OTHER
  readonly single: Scalar | undefined
  /** The ends of the interval, both inside. */
  readonly low: number
  readonly high: number
  /** The values of a long list. */
  readonly members: ReadonlySet<Scalar> | undefined
  /** A text without which the regular expression does not match; lower-case when that ignores case. */
  readonly needs: string | undefined
  /** Whether those who use it are charged for it. What has a form that the data alone decide is not. */
  readonly isCostly: boolean
  /** Rules' event definitions that use it. */
  users: number
  /** The event that `result` is about, when it was worth remembering. */
  stamp: number
  result: 1 | 0 | -1
  error: ExpressionError | undefined
  /** What the evaluation cost. */
  fuel: number
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
      predicate = this.#create(expression)
      this.#predicates.set(expression.source, predicate)
    }
    predicate.users++
    return predicate
  }

  #create(expression: Expression): SharedPredicate {
    const form = formOf(expression)
    const isSingle = form?.kind === 'one-of' && form.values.length === 1
    const bounds = form?.kind === 'range' ? closedBounds(form) : { low: 0, high: 0 }
    return {
      expression,
      form,
      field: form === undefined ? undefined : this.#fields.acquire(form.path),
      ask: isSingle ? SINGLE : form?.kind === 'range' ? INTERVAL : OTHER,
      single: isSingle ? form.values[0] : undefined,
      ...bounds,
      members: form?.kind === 'one-of' && form.values.length > SCANNED_MAX ? new Set(form.values) : undefined,
      needs: form?.kind === 'matches' ? neededBy(form) : undefined,
      isCostly: (form === undefined || form.kind === 'matches') && expression.isCostly,
      users: 0,
      stamp: -1,
      result: 0,
      error: undefined,
      fuel: 0,
    }
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

/**
 * Truth of a shared predicate for the event that `stamp` stands for. Comparing a value costs less than remembering that it was
 * compared; everything else is asked once per event.
 */
export function testShared(predicate: SharedPredicate, stamp: number, frame: Frame): 1 | 0 | -1 {
  const { field, ask } = predicate
  if (field !== undefined && ask !== OTHER) {
    if (field.stamp !== stamp) readField(field, stamp, (frame.event as StreamEvent).data)
    const { kind } = field
    if (kind === ABSENT) return 0
    if (ask === SINGLE) {
      if (kind !== STRUCTURE && kind !== MAPPED) return field.value === predicate.single ? 1 : 0
    } else if (kind === NUMBER) {
      const value = field.value as number
      return value >= predicate.low && value <= predicate.high ? 1 : 0
    }
  }
  if (predicate.stamp === stamp) return predicate.result
  return testOnce(predicate, stamp, frame)
}

function testOnce(predicate: SharedPredicate, stamp: number, frame: Frame): 1 | 0 | -1 {
  predicate.stamp = stamp
  predicate.fuel = 0
  const told = tellShared(predicate, stamp, frame)
  if (told !== undefined) {
    predicate.result = told
    return told
  }
  const before = fuel.used
  predicate.result = predicate.expression.test(frame)
  predicate.fuel = fuel.used - before
  predicate.error = predicate.result === -1 ? predicate.expression.lastError : undefined
  return predicate.result
}

/** What the data alone tell of the event that `stamp` stands for; undefined where only the expression can. */
export function tellShared(
  { form, field, members, needs }: SharedPredicate,
  stamp: number,
  frame: Frame,
): 1 | 0 | undefined {
  if (form === undefined || field === undefined) return undefined
  if (field.stamp !== stamp) readField(field, stamp, (frame.event as StreamEvent).data)
  return truthOfForm(form, field, members, needs)
}

function truthOfForm(
  form: PredicateForm,
  field: Field,
  members: ReadonlySet<Scalar> | undefined,
  needs: string | undefined,
): 1 | 0 | undefined {
  const { kind, value } = field
  if (kind === ABSENT) return 0
  switch (form.kind) {
    case 'one-of':
      if (kind === STRUCTURE || kind === MAPPED) return undefined
      return (members === undefined ? isOneOf(form.values, value as Scalar) : members.has(value as Scalar))
        ? 1
        : 0
    case 'range':
      return undefined
    case 'contains':
      if (kind !== TEXT) return undefined
      return textOf(field, form.ignoreCase).includes(form.text) ? 1 : 0
    case 'prefix':
      return kind === TEXT ? ((value as string).startsWith(form.text) ? 1 : 0) : undefined
    case 'present':
      return kind === MAPPED ? undefined : 1
    case 'matches':
      if (kind !== TEXT || needs === undefined) return undefined
      if (textOf(field, form.ignoreCase).includes(needs)) return undefined
      // Some letters beyond ASCII fold to others than their lower-case forms.
      return form.ignoreCase && BEYOND_ASCII.test(value as string) ? undefined : 0
  }
}

const BEYOND_ASCII = /[\u0080-\uffff]/

const textOf = (field: Field, ignoreCase: boolean): string =>
  ignoreCase ? loweredText(field) : (field.value as string)

/** Up to so many values are compared one by one. */
const SCANNED_MAX = 8

function isOneOf(values: readonly Scalar[], value: Scalar): boolean {
  for (let index = 0; index < values.length; index++) if (values[index] === value) return true
  return false
}
