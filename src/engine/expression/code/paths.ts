import { type Ast, part } from '../ast.ts'
import type { Environment } from '../environment.ts'
import { run } from '../run.ts'
import { ConstructedArray, Sequence, sequenceOf } from '../values.ts'
import type { Code, Compiler } from './compiler.ts'
import { compileFilter, type Filter } from './filters.ts'
import { compileGroup } from './grouping.ts'
import { compileSort } from './sorting.ts'
import { compileTupleStep, type TupleStep } from './tuples.ts'

type Step = (input: readonly unknown[], environment: Environment, last: boolean) => readonly unknown[]

/** The results of one step for each item, flattened by one level. */
function flatten(results: readonly unknown[], last: boolean): readonly unknown[] {
  const only = results[0]
  if (last && results.length === 1 && Array.isArray(only) && !(only instanceof Sequence)) return only
  const flat = new Sequence()
  for (let i = 0; i < results.length; i++) {
    const value = results[i]
    if (!Array.isArray(value) || value instanceof ConstructedArray) flat.add(value)
    else for (let j = 0; j < value.length; j++) flat.add(value[j])
  }
  return flat
}

function compileStep(node: Ast, compiler: Compiler): Step {
  const filters = filtersOf(node, compiler)
  if (node.type === 'sort') {
    const sort = compileSort(node, compiler)
    return (input, environment) => {
      let result: unknown = sort(input, environment)
      for (const filter of filters) result = filter(result, environment)
      return result as readonly unknown[]
    }
  }
  const code = compiler.compile(node)
  return (input, environment, last) => {
    const results: unknown[] = []
    run.size -= input.length
    for (let i = 0; i < input.length; i++) {
      let result = code(input[i], environment)
      for (const filter of filters) result = filter(result, environment)
      if (result !== undefined) results.push(result)
    }
    return flatten(results, last)
  }
}

const filtersOf = (node: Ast, compiler: Compiler): readonly Filter[] =>
  (node.stages ?? []).map((stage) => compileFilter(part(stage.expr), compiler))

export function compilePath(node: Ast, compiler: Compiler): Code {
  const steps = node.steps ?? []
  const firstTuple = steps.findIndex((step) => step.tuple !== undefined && step.tuple !== false)
  return firstTuple === -1
    ? compilePlainPath(node, steps, compiler)
    : compileTuplePath(node, steps, firstTuple, compiler)
}

function start(input: unknown, absolute: boolean): readonly unknown[] {
  return Array.isArray(input) && !absolute ? input : sequenceOf(input)
}

function finish(
  node: Ast,
  compiler: Compiler,
): (result: unknown, forGroup: unknown, env: Environment) => unknown {
  const keep = node.keepSingletonArray === true
  const group = node.group === undefined ? undefined : compileGroup(node.group, compiler)
  return (found, forGroup, environment) => {
    let result = found
    if (keep) {
      if (result instanceof ConstructedArray) result = sequenceOf(result)
      if (result instanceof Sequence) result.markKeep()
    }
    if (group === undefined) return result
    return group(forGroup === found ? result : forGroup, environment)
  }
}

function compilePlainPath(node: Ast, steps: readonly Ast[], compiler: Compiler): Code {
  const absolute = steps[0]?.type === 'variable'
  const whole = steps[0]?.consarray === true ? compiler.compile(part(steps[0])) : undefined
  const compiled = steps.map((step, i) =>
    i === 0 && whole !== undefined ? undefined : compileStep(step, compiler),
  )
  const end = finish(node, compiler)
  return (input, environment) => {
    let current = start(input, absolute)
    for (let i = 0; i < compiled.length; i++) {
      const step = compiled[i]
      current =
        step === undefined
          ? (whole?.(current, environment) as readonly unknown[])
          : step(current, environment, i === compiled.length - 1)
      if (current === undefined || current.length === 0) break
    }
    return end(current, current, environment)
  }
}

function compileTuplePath(node: Ast, steps: readonly Ast[], firstTuple: number, compiler: Compiler): Code {
  const absolute = steps[0]?.type === 'variable'
  const plain = steps.slice(0, firstTuple).map((step, i) => ({
    step: i === 0 && step.consarray === true ? undefined : compileStep(step, compiler),
    whole: i === 0 && step.consarray === true ? compiler.compile(step) : undefined,
  }))
  const tupled: readonly TupleStep[] = steps.slice(firstTuple).map((step) => compileTupleStep(step, compiler))
  const end = finish(node, compiler)
  const keepsTuples = node.tuple !== undefined && node.tuple !== false
  return (input, environment) => {
    let current = start(input, absolute)
    for (const { step, whole } of plain) {
      current =
        step === undefined
          ? (whole?.(current, environment) as readonly unknown[])
          : step(current, environment, false)
      if (current === undefined || current.length === 0) return end(current, current, environment)
    }
    let tuples: Sequence | undefined
    for (const step of tupled) tuples = step(current, tuples, environment)
    const stream = tuples ?? new Sequence().markTuples()
    if (keepsTuples) return end(stream, stream, environment)
    const result = new Sequence()
    for (const tuple of stream) result.add((tuple as Record<string, unknown>)['@'])
    return end(result, stream, environment)
  }
}
