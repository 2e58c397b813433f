import { Failure } from '../failure.ts'
import { chargeRounds, chargeSize, chargeSteps } from '../run.ts'
import { type Callable, isNumber, isTrue, Sequence, setOwn } from '../values.ts'
import type { Library } from './aggregates.ts'

/** The function gets as many of value, position (or name) and whole as it has parameters, but always the value. */
function apply(func: Callable, value: unknown, at: unknown, whole: unknown): unknown {
  chargeSteps(1)
  const { arity } = func
  if (arity >= 3) return func.call([value, at, whole], undefined)
  return func.call(arity === 2 ? [value, at] : [value], undefined)
}

function map(values: readonly unknown[], func: Callable): Sequence {
  const result = new Sequence()
  for (let i = 0; i < values.length; i++) {
    const value = apply(func, values[i], i, values)
    if (value !== undefined) result.add(value)
  }
  return result
}

function filter(values: readonly unknown[], func: Callable): Sequence {
  const result = new Sequence()
  for (let i = 0; i < values.length; i++) if (isTrue(apply(func, values[i], i, values))) result.add(values[i])
  return result
}

function single(values: readonly unknown[], func: Callable | undefined): unknown {
  let found = false
  let result: unknown
  for (let i = 0; i < values.length; i++) {
    if (func !== undefined && !isTrue(apply(func, values[i], i, values))) continue
    if (found) throw new Failure('D3138', { index: i })
    found = true
    result = values[i]
  }
  if (!found) throw new Failure('D3139')
  return result
}

function reduce(values: readonly unknown[], func: Callable, init: unknown): unknown {
  const { arity } = func
  if (arity < 2) throw new Failure('D3050', { index: 1 })
  const seeded = init !== undefined || values.length === 0
  let result = seeded ? init : values[0]
  for (let i = seeded ? 0 : 1; i < values.length; i++) {
    chargeSteps(1)
    const args: unknown[] = [result, values[i]]
    if (arity >= 3) args.push(i)
    if (arity >= 4) args.push(values)
    result = func.call(args, undefined)
  }
  return result
}

const entriesOf = (object: unknown): readonly (readonly [string, unknown])[] =>
  typeof object === 'object' && object !== null ? Object.entries(object) : []

function each(object: unknown, func: Callable): Sequence {
  const result = new Sequence()
  for (const [name, member] of entriesOf(object)) {
    const value = apply(func, member, name, object)
    if (value !== undefined) result.add(value)
  }
  return result
}

function sift(object: unknown, func: Callable): Record<string, unknown> | undefined {
  const result: Record<string, unknown> = {}
  let any = false
  for (const [name, member] of entriesOf(object)) {
    if (!isTrue(apply(func, member, name, object))) continue
    any = true
    chargeSize(1)
    setOwn(result, name, member)
  }
  return any ? result : undefined
}

/** Merge sort: stable, and with the same questions to the comparator in the same order everywhere. */
export function mergeSort(values: readonly unknown[], after: (a: unknown, b: unknown) => boolean): unknown[] {
  if (values.length <= 1) return Array.from(values)
  const middle = values.length >> 1
  const left = mergeSort(values.slice(0, middle), after)
  const right = mergeSort(values.slice(middle), after)
  chargeSize(values.length)
  chargeRounds(values.length)
  const result: unknown[] = []
  let i = 0
  let j = 0
  while (i < left.length && j < right.length) result.push(after(left[i], right[j]) ? right[j++] : left[i++])
  while (i < left.length) result.push(left[i++])
  while (j < right.length) result.push(right[j++])
  return result
}

function sort(values: readonly unknown[], func: Callable | undefined): unknown {
  if (values.length <= 1) return values
  if (func !== undefined) return mergeSort(values, (a, b) => passes(func.call([a, b], undefined)))
  chargeRounds(values.length)
  if (!values.every((value) => isNumber(value)) && !values.every((value) => typeof value === 'string'))
    throw new Failure('D3070', { index: 1 })
  return mergeSort(values, (a, b) => (a as number) > (b as number))
}

/** What a comparator returns is taken as the host language takes it. */
const passes = (value: unknown): boolean => Boolean(value)

export const HIGHER_ORDER: Library = {
  map: [
    '<af>',
    2,
    ([values, func]) => (values === undefined ? undefined : map(values as unknown[], func as Callable)),
  ],
  filter: [
    '<af>',
    2,
    ([values, func]) => (values === undefined ? undefined : filter(values as unknown[], func as Callable)),
  ],
  single: [
    '<af?>',
    2,
    ([values, func]) =>
      values === undefined ? undefined : single(values as unknown[], func as Callable | undefined),
  ],
  reduce: [
    '<afj?:j>',
    3,
    ([values, func, init]) =>
      values === undefined ? undefined : reduce(values as unknown[], func as Callable, init),
  ],
  each: ['<o-f:a>', 2, ([object, func]) => each(object, func as Callable)],
  sift: ['<o-f?:o>', 2, ([object, func]) => sift(object, func as Callable)],
  sort: [
    '<af?:a>',
    2,
    ([values, func]) =>
      values === undefined ? undefined : sort(values as unknown[], func as Callable | undefined),
  ],
}
