import type { Expression, ExpressionError, Frame, PredicateForm } from '../model/index.ts'

/** A conjunct that reads only the event and lists: evaluated once per event for all rules that have it. */
export interface SharedPredicate {
  readonly expression: Expression
  readonly form: PredicateForm | undefined
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

  get size(): number {
    return this.#predicates.size
  }

  acquire(expression: Expression): SharedPredicate {
    let predicate = this.#predicates.get(expression.source)
    if (predicate === undefined) {
      predicate = { expression, form: expression.form, users: 0, stamp: -1, result: 0, error: undefined }
      this.#predicates.set(expression.source, predicate)
    }
    predicate.users++
    return predicate
  }

  release(predicate: SharedPredicate): void {
    if (--predicate.users === 0) this.#predicates.delete(predicate.expression.source)
  }
}

/** Truth of a shared predicate for the event that `stamp` stands for. */
export function testShared(predicate: SharedPredicate, stamp: number, frame: Frame): 1 | 0 | -1 {
  if (predicate.stamp !== stamp) {
    predicate.stamp = stamp
    predicate.result = predicate.expression.test(frame)
    predicate.error = predicate.result === -1 ? predicate.expression.lastError : undefined
  }
  return predicate.result
}
