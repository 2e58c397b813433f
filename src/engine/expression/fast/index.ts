import type { Frame } from '../../model/index.ts'
import type { Ast } from '../ast.ts'
import type { Code } from '../code/index.ts'
import { Environment } from '../environment.ts'
import { begin, type Limits, run, shareOf } from '../run.ts'
import { binary, conjunctsOf, constantOf, namedCall, namePath, unwrapped } from '../shapes.ts'
import { isMetadata, metadata } from '../values.ts'
import { compileFastCall } from './calls.ts'
import type { FastCode, FastCompiler } from './fast-code.ts'
import { pathGetter, THROUGH_ARRAY } from './fields.ts'
import { asTruth, compileFastOperator, compileTruthOperator } from './operators.ts'
import { compilePredicate } from './predicates.ts'

export type { FastCode } from './fast-code.ts'

type Step = { readonly slot: number; readonly counted: boolean }

export interface FastOptions {
  readonly steps: ReadonlyMap<string, Step>
  readonly limits: Limits
  /** The general closures of a node. */
  readonly general: (node: Ast) => Code
}

export interface FastExpression {
  readonly value: FastCode
  /** The parts that the top-level `and`s join. */
  readonly parts: ReadonlyArray<(data: unknown, frame: Frame) => boolean>
}

/** No names are bound where the fast path is taken, so one empty scope serves all. */
const NO_VARIABLES = new Environment(undefined)

class Compilation implements FastCompiler {
  readonly #options: FastOptions

  constructor(options: FastOptions) {
    this.#options = options
  }

  value(ast: Ast): FastCode {
    const node = unwrapped(ast)
    return this.#fast(node) ?? this.general(node)
  }

  truth(ast: Ast): (data: unknown, frame: Frame) => boolean {
    const node = unwrapped(ast)
    const predicate = compilePredicate(node)
    if (predicate !== undefined) return predicate
    const operation = binary(node)
    if (operation !== undefined && (operation.operator === 'and' || operation.operator === 'or'))
      return compileTruthOperator(node, operation, this)
    return asTruth(this.value(node), this)
  }

  general(node: Ast): FastCode {
    // Compiled when it is first needed: most fallbacks never are.
    let code: Code | undefined
    const { general, limits } = this.#options
    return (data, frame) => {
      code ??= general(node)
      if (!run.begun) begin(frame, limits)
      run.root = data
      return code(data, NO_VARIABLES)
    }
  }

  begin(frame: Frame): void {
    if (!run.begun) begin(frame, this.#options.limits)
  }

  step(name: string): Step | undefined {
    return this.#options.steps.get(name)
  }

  #fast(node: Ast): FastCode | undefined {
    const constant = constantOf(node)
    if (constant !== undefined) {
      const { value } = constant
      return () => value
    }
    const path = this.#path(node)
    if (path !== undefined) return path
    const operation = binary(node)
    if (operation !== undefined) return compileFastOperator(node, operation, this)
    const call = namedCall(node)
    if (call !== undefined) return compileFastCall(node, call, this)
    return undefined
  }

  #path(node: Ast): FastCode | undefined {
    const found = namePath(node)
    if (found === undefined) return undefined
    const { variable, path } = found
    if (variable === undefined) return path.length === 0 ? undefined : this.#field(node, path)
    const step = this.step(variable)
    if (step === undefined || step.counted) return undefined
    const { slot } = step
    if (path.length === 0) return (_data, frame) => frame.steps.taken(slot)[0]?.data
    const get = pathGetter(path)
    const general = this.general(node)
    const [first] = path
    if (path.length === 1 && isMetadata(first as string))
      return (_data, frame) => {
        const [event] = frame.steps.taken(slot)
        return event === undefined ? undefined : metadata(event, first as string)
      }
    return (data, frame) => {
      const value = get(frame.steps.taken(slot)[0]?.data)
      return value === THROUGH_ARRAY ? general(data, frame) : value
    }
  }

  #field(node: Ast, path: readonly string[]): FastCode {
    const general = this.general(node)
    const [first] = path
    if (isMetadata(first as string))
      return (data, frame) =>
        path.length === 1 && frame.event !== undefined && frame.event.data === data
          ? metadata(frame.event, first as string)
          : general(data, frame)
    const get = pathGetter(path)
    return (data, frame) => {
      const value = get(data)
      return value === THROUGH_ARRAY ? general(data, frame) : value
    }
  }
}

/** One value of an expression by the same closures as the whole. */
export const compileFastValue = (node: Ast, options: FastOptions): FastCode =>
  new Compilation(options).value(node)

/** The typed fast path: for expressions that bind no names, over an event that is an object. */
export function compileFast(ast: Ast, options: FastOptions): FastExpression {
  const parts = conjunctsOf(ast)
  const whole = new Compilation(options)
  const each = new Compilation({ ...options, limits: shareOf(options.limits, parts.length) })
  return { value: whole.value(ast), parts: parts.map((part) => each.truth(part)) }
}
