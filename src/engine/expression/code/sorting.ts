import { type Ast, part } from '../ast.ts'
import type { Environment, Tuple } from '../environment.ts'
import { Failure } from '../failure.ts'
import { mergeSort } from '../functions/higher-order.ts'
import { chargeSteps } from '../run.ts'
import { Sequence } from '../values.ts'
import type { Code, Compiler } from './compiler.ts'

export type Sorter = (input: readonly unknown[], environment: Environment) => unknown

const isOrdered = (value: unknown): value is string | number =>
  typeof value === 'string' || typeof value === 'number'

/** -1, 0 or 1; nothing comes last. */
function compare(left: unknown, right: unknown, descending: boolean, position: object): number {
  if (left === undefined) return right === undefined ? 0 : 1
  if (right === undefined) return -1
  if (!isOrdered(left) || !isOrdered(right))
    throw new Failure('T2008', { ...position, value: isOrdered(left) ? right : left })
  if (typeof left !== typeof right) throw new Failure('T2007', { ...position, value: left, value2: right })
  if (left === right) return 0
  return left < right === descending ? 1 : -1
}

/** `^(>price, name)`. */
export function compileSort(node: Ast, { compile }: Compiler): Sorter {
  const terms = (node.terms ?? []).map((term) => ({
    code: compile(part(term.expression)),
    descending: term.descending === true,
  }))
  const position = node.position === undefined ? {} : { position: node.position }
  const termOf = (code: Code, item: unknown, tuples: boolean, environment: Environment): unknown =>
    tuples ? code((item as Tuple)['@'], environment.withTuple(item as Tuple)) : code(item, environment)

  return (input, environment) => {
    if (input.length <= 1) return input
    const tuples = input instanceof Sequence && input.tuples
    const sorted = mergeSort(input, (a, b) => {
      chargeSteps(1)
      for (const { code, descending } of terms) {
        const left = termOf(code, a, tuples, environment)
        const right = termOf(code, b, tuples, environment)
        const order = compare(left, right, descending, position)
        if (order !== 0) return order === 1
      }
      return false
    })
    return sorted
  }
}
