import type { Frame, StepFold, StreamEvent } from '../../model/index.ts'
import type { Ast } from '../ast.ts'
import { chargeRounds } from '../run.ts'
import { type NamedCall, namedCall, namePath } from '../shapes.ts'
import type { FastCode, FastCompiler } from './fast-code.ts'
import { type Getter, pathGetter } from './fields.ts'

/** Says that the general closures must answer: an array, or a value of the wrong type. */
const ASK = Symbol('ask the general closures')

/** Lists up to this length are folded without counting. */
const UNCOUNTED_MAX = 64

/** Shorter lists are folded anew; from here on it is less to go on from where the step was before it grew. */
const ANEW_MAX = 16

interface Fold {
  /** Over a list, without making anything. */
  anew(events: readonly StreamEvent[], get: Getter): unknown
  /** The same, one event at a time; its states never change. ASK stays what it is. */
  readonly start: unknown
  step(state: unknown, value: unknown): unknown
  result(state: unknown): unknown
}

interface Total {
  readonly total: number
  readonly count: number
}

/** Sum and number of the values; what is nothing does not count. */
function fold(
  combine: (total: number, value: number) => number,
  start: number,
  finish: (total: number, count: number) => number,
): Fold {
  return {
    anew(events, get) {
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
    },
    start: { total: start, count: 0 },
    step(state, value) {
      if (value === undefined) return state
      if (typeof value !== 'number') return ASK
      const { total, count } = state as Total
      return { total: combine(total, value), count: count + 1 }
    },
    result(state) {
      const { total, count } = state as Total
      return count === 0 ? undefined : finish(total, count)
    },
  }
}

const isUncountable = (value: unknown): boolean => typeof value === 'symbol' || Array.isArray(value)

const counting: Fold = {
  anew(events, get) {
    let count = 0
    for (let i = 0; i < events.length; i++) {
      const value = get(events[i]?.data)
      if (value === undefined) continue
      if (isUncountable(value)) return ASK
      count++
    }
    return count
  },
  start: 0,
  step: (state, value) => (value === undefined ? state : isUncountable(value) ? ASK : (state as number) + 1),
  result: (state) => state,
}

const seen = new Set<unknown>()

const isDistinctByParts = (value: unknown): boolean =>
  typeof value === 'symbol' || (typeof value === 'object' && value !== null)

/** The values that were first, by when they came; `count` of them are the state's, others came to one that went on from it. */
interface Different {
  readonly values: Map<unknown, number>
  readonly count: number
}

/** One set serves all: evaluations do not nest. */
const countingDistinct: Fold = {
  anew(events, get) {
    for (let i = 0; i < events.length; i++) {
      const value = get(events[i]?.data)
      if (value === undefined) continue
      if (isDistinctByParts(value)) {
        seen.clear()
        return ASK
      }
      seen.add(value)
    }
    const { size } = seen
    seen.clear()
    return size
  },
  start: undefined,
  step(state, value) {
    if (value === undefined) return state
    if (isDistinctByParts(value)) return ASK
    const { values, count } = (state as Different | undefined) ?? {
      values: new Map<unknown, number>(),
      count: 0,
    }
    const place = values.get(value)
    if (place !== undefined && place < count) return state
    if (place === count) return { values, count: count + 1 }
    // Another partial match went on from here with another value.
    const own = values.size === count ? values : new Map([...values].slice(0, count))
    own.set(value, count)
    return { values: own, count: count + 1 }
  },
  result: (state) => (state as Different | undefined)?.count ?? 0,
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
  const growing: StepFold = {
    start: of.start,
    step: (state, event) => (state === ASK ? ASK : of.step(state, get(event.data))),
  }
  return (data, frame) => {
    const { steps } = frame
    const length = steps.fold === undefined ? steps.taken(slot).length : steps.count(slot)
    if (length > UNCOUNTED_MAX) {
      compiler.begin(frame)
      chargeRounds(length >> 2)
    }
    if (steps.fold !== undefined && length > ANEW_MAX) {
      const state = steps.fold(slot, growing)
      return state === ASK ? general(data, frame) : of.result(state)
    }
    const result = of.anew(steps.taken(slot), get)
    return result === ASK ? general(data, frame) : result
  }
}
