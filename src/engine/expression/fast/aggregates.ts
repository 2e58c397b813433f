import type { Frame, StreamEvent } from '../../model/index.ts'
import type { Ast } from '../ast.ts'
import { chargeRounds } from '../run.ts'
import { type NamedCall, namedCall, namePath } from '../shapes.ts'
import type { FastCode, FastCompiler } from './fast-code.ts'
import { type Getter, pathGetter } from './fields.ts'

/** Says that the general closures must answer: an array, or a value of the wrong type. */
const ASK = Symbol('ask the general closures')

/** Lists up to this length are folded without counting. */
const UNCOUNTED_MAX = 64

type Fold = (events: readonly StreamEvent[], get: Getter) => unknown

/** Sum and number of the values; what is nothing does not count. */
function fold(
  combine: (total: number, value: number) => number,
  start: number,
  finish: (total: number, count: number) => number,
): Fold {
  return (events, get) => {
    let total = start
    let count = 0
    for (let i = 0; i < events.length; i++) {
      const value = get(events[i]?.data)
      if (value === undefined) continue
      if (typeof value !== 'number') return ASK
      total = combine(total, value)
      count++
    }
    return count === 0 ? undefined : finish(total, count)
  }
}

const counting: Fold = (events, get) => {
  let count = 0
  for (let i = 0; i < events.length; i++) {
    const value = get(events[i]?.data)
    if (value === undefined) continue
    if (typeof value === 'symbol' || Array.isArray(value)) return ASK
    count++
  }
  return count
}

const seen = new Set<unknown>()

/** One set serves all: evaluations do not nest. */
const countingDistinct: Fold = (events, get) => {
  for (let i = 0; i < events.length; i++) {
    const value = get(events[i]?.data)
    if (value === undefined) continue
    if (typeof value === 'symbol' || (typeof value === 'object' && value !== null)) {
      seen.clear()
      return ASK
    }
    seen.add(value)
  }
  const { size } = seen
  seen.clear()
  return size
}

const FOLDS: Readonly<Record<string, Fold>> = {
  sum: fold(
    (total, value) => total + value,
    0,
    (total) => total,
  ),
  average: fold(
    (total, value) => total + value,
    0,
    (total, count) => total / count,
  ),
  max: fold(Math.max, Number.NEGATIVE_INFINITY, (total) => total),
  min: fold(Math.min, Number.POSITIVE_INFINITY, (total) => total),
  count: counting,
}

/** `$count($a)`, `$sum($a.amount)`, `$count($distinct($a.merchant))` over what a counted step has taken. */
export function compileAggregate(node: Ast, call: NamedCall, compiler: FastCompiler): FastCode | undefined {
  const [arg] = call.args
  if (arg === undefined || call.args.length !== 1) return undefined
  const distinct = call.name === 'count' ? namedCall(arg) : undefined
  if (distinct?.name === 'distinct' && distinct.args.length === 1)
    return over(node, distinct.args[0] as Ast, countingDistinct, compiler)
  const of = FOLDS[call.name]
  return of === undefined ? undefined : over(node, arg, of, compiler)
}

function over(node: Ast, arg: Ast, of: Fold, compiler: FastCompiler): FastCode | undefined {
  const found = namePath(arg)
  const step = found?.variable === undefined ? undefined : compiler.step(found.variable)
  if (found === undefined || step === undefined || !step.counted) return undefined
  const { slot } = step
  if (found.path.length === 0)
    return of === counting ? (_data: unknown, frame: Frame) => frame.steps.count(slot) : undefined
  const get = pathGetter(found.path)
  const general = compiler.general(node)
  return (data, frame) => {
    const events = frame.steps.taken(slot)
    if (events.length > UNCOUNTED_MAX) {
      compiler.begin(frame)
      chargeRounds(events.length >> 2)
    }
    const result = of(events, get)
    return result === ASK ? general(data, frame) : result
  }
}
