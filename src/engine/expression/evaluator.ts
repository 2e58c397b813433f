import type { Evaluation, ExpressionError, Frame } from '../model/index.ts'
import type { Code } from './code/index.ts'
import { Environment } from './environment.ts'
import { Failure } from './failure.ts'
import { begin, type Limits, run } from './run.ts'
import { isTrue, Sequence, sequenceOf } from './values.ts'

/** A raw error of the host (a library function applied to what it was not made for, an exhausted stack) is an error of the expression. */
function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  return new Failure(error instanceof RangeError ? 'U1001' : 'U1005')
}

/** The fast path of an expression, when it has one. */
interface Fast {
  readonly value: (data: unknown, frame: Frame) => unknown
  readonly truth: (data: unknown, frame: Frame) => boolean
}

/** Runs closures within limits. */
export class Evaluator {
  readonly #code: Code
  readonly #limits: Limits
  readonly #fast: Fast | undefined
  lastError: ExpressionError | undefined

  constructor(code: Code, limits: Limits, fast: Fast | undefined) {
    this.#code = code
    this.#limits = limits
    this.#fast = fast
  }

  #run(frame: Frame): unknown {
    begin(frame, this.#limits)
    const root: unknown = frame.event?.data
    run.root = root
    const input = Array.isArray(root) && !(root instanceof Sequence) ? sequenceOf(root).markOuter() : root
    return this.#code(input, new Environment(undefined))
  }

  evaluate(frame: Frame): Evaluation {
    try {
      const data: unknown = frame.event?.data
      if (this.#fast === undefined || Array.isArray(data)) return { ok: true, value: this.#run(frame) }
      return { ok: true, value: this.#fast.value(data, frame) }
    } catch (error) {
      this.lastError = asFailure(error).toError()
      return { ok: false, error: this.lastError }
    }
  }

  test(frame: Frame): 1 | 0 | -1 {
    try {
      const data: unknown = frame.event?.data
      if (this.#fast === undefined || Array.isArray(data)) return isTrue(this.#run(frame)) ? 1 : 0
      return this.#fast.truth(data, frame) ? 1 : 0
    } catch (error) {
      this.lastError = asFailure(error).toError()
      return -1
    }
  }
}
