import type { Ast } from '../ast.ts'
import { asTuple, type Environment, type Tuple, tupleOf } from '../environment.ts'
import { chargeSize } from '../run.ts'
import { Sequence } from '../values.ts'
import type { Compiler } from './compiler.ts'
import { compileFilter } from './filters.ts'
import { compileSort } from './sorting.ts'

export type TupleStep = (
  input: readonly unknown[],
  tuples: Sequence | undefined,
  environment: Environment,
) => Sequence

type Stage = (tuples: Sequence, environment: Environment) => Sequence

function compileStages(node: Ast, compiler: Compiler): Stage {
  const stages = (node.stages ?? []).map(({ type, expr, value }): Stage => {
    if (type === 'index' || expr === undefined)
      return (tuples) => {
        for (let i = 0; i < tuples.length; i++) (tuples[i] as Tuple)[value as string] = i
        return tuples
      }
    const filter = compileFilter(expr, compiler)
    return (tuples, environment) => filter(tuples, environment) as Sequence
  })
  return (tuples, environment) => {
    let result = tuples
    for (const stage of stages) result = stage(result, environment)
    return result
  }
}

function compileSortStep(node: Ast, compiler: Compiler): TupleStep {
  const sort = compileSort(node, compiler)
  const stages = compileStages(node, compiler)
  return (input, tuples, environment) => {
    const sorted = sort(tuples ?? input, environment) as readonly unknown[]
    const result = new Sequence().markTuples()
    for (let i = 0; i < sorted.length; i++) {
      const tuple = tuples === undefined ? tupleOf(sorted[i]) : asTuple(sorted[i])
      if (tuples === undefined && node.index !== undefined) tuple[node.index] = i
      result.add(tuple)
    }
    return stages(result, environment)
  }
}

/** One step of a path that binds variables (`@$v`, `#$i`) or remembers parents for `%`. */
export function compileTupleStep(node: Ast, compiler: Compiler): TupleStep {
  if (node.type === 'sort') return compileSortStep(node, compiler)
  const code = compiler.compile(node)
  const stages = compileStages(node, compiler)
  const { focus, index } = node
  const ancestor = node.ancestor?.label
  return (input, tuples, environment) => {
    const from: readonly Tuple[] =
      tuples === undefined ? Array.from(input, tupleOf) : (tuples as readonly unknown[] as readonly Tuple[])
    const result = new Sequence().markTuples()
    for (const tuple of from) {
      const here = tuple['@']
      const found = code(here, environment.withTuple(tuple))
      if (found === undefined) continue
      const values: readonly unknown[] = Array.isArray(found) ? found : [found]
      const nested = found instanceof Sequence && found.tuples
      chargeSize(values.length)
      for (let i = 0; i < values.length; i++) {
        const next: Tuple = { ...tuple }
        if (nested) Object.assign(next, values[i])
        else {
          if (focus !== undefined) next[focus] = values[i]
          else next['@'] = values[i]
          if (index !== undefined) next[index] = i
          if (ancestor !== undefined) next[ancestor] = here
        }
        result.add(next)
      }
    }
    return stages(result, environment)
  }
}
