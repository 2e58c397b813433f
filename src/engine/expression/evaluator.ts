import type { Evaluation, ExpressionError, Frame } from '../model/index.ts'
import type { Code } from './code/index.ts'
import { Environment } from './environment.ts'
import { Failure } from './failure.ts'
import { EVALUATION_FUEL, fuel } from './fuel.ts'
import { ASK, ASK_VALUE, type Codegen, type Generators, NO_CODEGEN } from './generated/index.ts'
import { begin, type Limits, run } from './run.ts'
import { isTrue, Sequence, sequenceOf } from './values.ts'

/** A raw error of the host (a library function applied to what it was not made for, an exhausted stack) is an error of the expression. */
function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  return new Failure(error instanceof RangeError ? 'U1001' : 'U1005')
}

/** The closures of one expression. */
export interface Closures {
  /** Knows everything. */
  readonly general: Code
  /** The fast path, when there is one: for data that is an object, or no data. */
  readonly value: ((data: unknown, frame: Frame) => unknown) | undefined
  /** The parts that the top-level `and`s join, as predicates; one when there is none. */
  readonly parts: ReadonlyArray<(data: unknown, frame: Frame) => boolean>
  /** Number of nodes. */
  readonly size: number
  /** Make source for it, when it is worth that. */
  readonly generators?: Generators
}

type Closure = (data: unknown, frame: Frame) => unknown

/** General closures as a function of the frame, counted from the start. */
export function counted(code: Code, limits: Limits): Closure {
  return (data, frame) => {
    begin(frame, limits)
    run.root = data
    const wraps = Array.isArray(data) && !(data instanceof Sequence)
    return code(wraps ? sequenceOf(data).markOuter() : data, new Environment(undefined))
  }
}

/** The same closure; what it has used is charged. */
function charging<T>(
  code: (data: unknown, frame: Frame) => T,
  leastFuel: number,
): (data: unknown, frame: Frame) => T {
  return (data, frame) => {
    fuel.used += leastFuel
    run.begun = false
    try {
      return code(data, frame)
    } finally {
      const { limits, steps, size } = run
      if (run.begun) fuel.used += limits.steps - steps + ((limits.size - size) >> 2)
    }
  }
}

const suitsFastPath = (data: unknown): boolean =>
  data === undefined || (typeof data === 'object' && data !== null && !Array.isArray(data))

/** Runs closures within limits; what is evaluated often runs generated source, and closures where that has no answer. */
export class Evaluator {
  #general: Closure
  #value: Closure
  #parts: Closures['parts']
  readonly #generators: Generators | undefined
  readonly #codegen: Codegen
  #predicate: ReturnType<Generators['predicate']>
  #generatedValue: ReturnType<Generators['value']>
  /** Evaluations until source is generated; 0: it was, or never will be. */
  #testsUntilHot: number
  #valuesUntilHot: number
  #isCostly: boolean | undefined
  readonly #leastFuel: number
  lastError: ExpressionError | undefined

  constructor(
    { general, value, parts, size, generators }: Closures,
    limits: Limits,
    codegen: Codegen = NO_CODEGEN,
  ) {
    this.#general = counted(general, limits)
    this.#value = value ?? this.#general
    this.#parts = parts
    this.#leastFuel = EVALUATION_FUEL + (size >> 2)
    this.#generators = generators
    this.#codegen = codegen
    this.#testsUntilHot = generators === undefined ? 0 : codegen.hotAfter
    this.#valuesUntilHot = this.#testsUntilHot
    this.#predicate = undefined
    this.#generatedValue = undefined
  }

  get isCostly(): boolean {
    if (this.#isCostly === undefined) this.#settle()
    return this.#isCostly === true
  }

  /** What costs is always counted, and so never generated; what is light runs as it is. */
  #settle(): void {
    this.#isCostly = this.#generators?.isLight() !== true
    if (!this.#isCostly) return
    this.#testsUntilHot = 0
    this.#valuesUntilHot = 0
    this.#general = charging(this.#general, this.#leastFuel)
    this.#value = charging(this.#value, this.#leastFuel)
    this.#parts = this.#parts.map((part, index) => charging(part, index === 0 ? this.#leastFuel : 0))
  }

  evaluate(frame: Frame): Evaluation {
    if (this.#isCostly === undefined) this.#settle()
    if (this.#valuesUntilHot > 0 && --this.#valuesUntilHot === 0 && this.#codegen.admit(this))
      this.#generatedValue = this.#generators?.value()
    if (this.#generatedValue !== undefined)
      try {
        const value = this.#generatedValue(frame)
        if (value !== ASK_VALUE) return { ok: true, value }
      } catch {
        // Whatever it was, the closures say what it is called.
      }
    try {
      const data: unknown = frame.event?.data
      run.begun = false
      return { ok: true, value: suitsFastPath(data) ? this.#value(data, frame) : this.#general(data, frame) }
    } catch (error) {
      this.lastError = asFailure(error).toError()
      return { ok: false, error: this.lastError }
    }
  }

  test(frame: Frame): 1 | 0 | -1 {
    if (this.#predicate !== undefined)
      try {
        const answer = this.#predicate(frame)
        if (answer !== ASK) return answer
      } catch {
        // Whatever it was, the closures say what it is called.
      }
    return this.#testByClosures(frame)
  }

  #testByClosures(frame: Frame): 1 | 0 | -1 {
    if (this.#isCostly === undefined) this.#settle()
    if (this.#testsUntilHot > 0 && --this.#testsUntilHot === 0 && this.#codegen.admit(this)) {
      this.#predicate = this.#generators?.predicate()
      return this.test(frame)
    }
    const data: unknown = frame.event?.data
    const parts = this.#parts
    let next = 0
    try {
      if (!suitsFastPath(data)) return isTrue(this.#general(data, frame)) ? 1 : 0
      // Each part is counted by itself: what one has used must not decide whether another is false.
      for (; next < parts.length; next++) {
        run.begun = false
        if (!parts[next]?.(data, frame)) return 0
      }
      return 1
    } catch (error) {
      // An error counts only if no other part is false.
      const first = asFailure(error)
      for (next++; next < parts.length; next++) if (this.#isFalse(parts[next], data, frame)) return 0
      this.lastError = first.toError()
      return -1
    }
  }

  #isFalse(part: Closures['parts'][number] | undefined, data: unknown, frame: Frame): boolean {
    run.begun = false
    try {
      return part?.(data, frame) === false
    } catch {
      return false
    }
  }
}
