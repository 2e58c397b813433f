import type { Group } from '../ast.ts'
import type { Environment, Tuple } from '../environment.ts'
import { Failure } from '../failure.ts'
import { chargeSize, chargeSteps } from '../run.ts'
import { append, isFunction, Sequence, setOwn } from '../values.ts'
import type { Code, Compiler } from './compiler.ts'

interface Pending {
  data: unknown
  /** Whether `data` was collected here, so that it may grow in place. */
  collected: boolean
  readonly pair: number
}

export type Grouping = (input: unknown, environment: Environment) => unknown

const RESERVED = new Set(['_jsonata_lambda', '_jsonata_function'])

/** `{key: value, …}`: one object; the values of equal keys are evaluated over all their items at once. */
export function compileGroup(group: Group, { compile }: Compiler): Grouping {
  const pairs = group.lhs.map(([key, value]) => ({ key: compile(key), value: compile(value) }))
  const fail = (code: string, value: unknown): Failure =>
    new Failure(code, { value, ...(group.position === undefined ? {} : { position: group.position }) })

  return (input, environment) => {
    const tuples = input instanceof Sequence && input.tuples
    const items: readonly unknown[] = Array.isArray(input) ? input : [input]
    const groups = new Map<string, Pending>()
    const collect = (item: unknown): void => {
      const scope = tuples ? environment.withTuple(item as Tuple) : environment
      const context = tuples ? (item as Tuple)['@'] : item
      for (let i = 0; i < pairs.length; i++) {
        const key = pairs[i]?.key(context, scope)
        if (key === undefined) continue
        if (typeof key !== 'string') throw fail('T1003', key)
        if (RESERVED.has(key)) throw fail('D1013', key)
        const pending = groups.get(key)
        if (pending === undefined) groups.set(key, { data: item, collected: false, pair: i })
        else if (pending.pair !== i) throw fail('D1009', key)
        else add(pending, item)
      }
    }
    if (items.length === 0 && !tuples) collect(undefined)
    else for (const item of items) collect(item)

    const result: Record<string, unknown> = {}
    chargeSize(groups.size)
    for (const [key, { data, pair }] of groups) {
      const value = evaluated(pairs[pair]?.value, data, tuples, environment)
      if (value !== undefined) setOwn(result, key, value)
    }
    return result
  }
}

function add(pending: Pending, item: unknown): void {
  if (pending.collected) {
    const items: readonly unknown[] = Array.isArray(item) ? item : [item]
    if (item === undefined) return
    chargeSize(items.length)
    for (const member of items) (pending.data as unknown[]).push(member)
  } else {
    const joined = append(pending.data, item)
    pending.collected = joined !== pending.data && joined !== item
    pending.data = joined
  }
}

function evaluated(
  value: Code | undefined,
  data: unknown,
  tuples: boolean,
  environment: Environment,
): unknown {
  if (value === undefined) return undefined
  if (!tuples) return value(data, environment)
  const { '@': context, ...rest } = reduceTuples(data)
  return value(context, environment.withTuple(rest))
}

/** Many tuples as one whose variables hold all their values. */
function reduceTuples(data: unknown): Tuple {
  if (!Array.isArray(data)) return data as Tuple
  const result: Tuple = {}
  chargeSteps(data.length)
  const [first, ...others] = data as readonly Tuple[]
  Object.assign(result, first)
  for (const tuple of others)
    for (const [name, value] of Object.entries(tuple))
      result[name] = isFunction(value) ? value : append(result[name], value)
  return result
}
