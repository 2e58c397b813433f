import type { Ast } from '../ast.ts'
import type { Environment, Tuple } from '../environment.ts'
import { chargeRounds } from '../run.ts'
import { isNumber, isTrue, Sequence, sequenceOf } from '../values.ts'
import type { Code, Compiler } from './compiler.ts'

export type Filter = (input: unknown, environment: Environment) => unknown

const position = (index: number, length: number): number => {
  const whole = Math.floor(index)
  return whole < 0 ? length + whole : whole
}

function literalFilter(index: number): Filter {
  return (input) => {
    const items: readonly unknown[] = Array.isArray(input) ? input : [input]
    const results = new Sequence()
    if (input instanceof Sequence && input.tuples) results.markTuples()
    const item = items[position(index, items.length)]
    if (Array.isArray(item)) return item
    if (item !== undefined) results.add(item)
    return results
  }
}

/** Numbers choose by position, everything else by truth. */
export function compileFilter(node: Ast, { compile }: Compiler): Filter {
  if (node.type === 'number') return literalFilter(node.value as number)
  const predicate = compile(node)
  return (input, environment) => {
    const items: readonly unknown[] = Array.isArray(input) ? input : sequenceOf(input)
    const tuples = items instanceof Sequence && items.tuples
    const results = new Sequence()
    if (tuples) results.markTuples()
    for (let i = 0; i < items.length; i++) {
      const item = items[i]
      const answer = tuples
        ? predicate((item as Tuple)['@'], environment.withTuple(item as Tuple))
        : predicate(item, environment)
      choose(answer, item, i, items.length, results)
    }
    return results
  }
}

function choose(answer: unknown, item: unknown, index: number, length: number, results: Sequence): void {
  if (answer === true) results.add(item)
  else if (isNumber(answer)) {
    if (position(answer, length) === index) results.add(item)
  } else if (Array.isArray(answer) && answer.every((value) => isNumber(value))) {
    chargeRounds(answer.length)
    for (const value of answer) if (position(value as number, length) === index) results.add(item)
  } else if (isTrue(answer)) results.add(item)
}

export function withFilters(code: Code, filters: readonly Filter[]): Code {
  return (input, environment) => {
    let result = code(input, environment)
    for (const filter of filters) result = filter(result, environment)
    return result
  }
}
