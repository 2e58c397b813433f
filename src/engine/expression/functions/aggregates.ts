import type { NativeBody } from '../callable.ts'
import { chargeRounds } from '../run.ts'

/** [signature, number of parameters, body] by name. */
export type Library = Readonly<Record<string, readonly [string, number, NativeBody]>>

type Numbers = readonly number[] | undefined

function total(values: readonly number[]): number {
  chargeRounds(values.length)
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] as number
  return sum
}

function extreme(values: Numbers, sign: 1 | -1): number | undefined {
  if (values === undefined || values.length === 0) return undefined
  chargeRounds(values.length)
  let best = sign === 1 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  for (const value of values) best = sign === 1 ? Math.max(best, value) : Math.min(best, value)
  return best
}

export const AGGREGATES: Library = {
  sum: ['<a<n>:n>', 1, ([values]) => (values === undefined ? undefined : total(values as number[]))],
  count: ['<a:n>', 1, ([values]) => (values === undefined ? 0 : (values as unknown[]).length)],
  max: ['<a<n>:n>', 1, ([values]) => extreme(values as Numbers, 1)],
  min: ['<a<n>:n>', 1, ([values]) => extreme(values as Numbers, -1)],
  average: [
    '<a<n>:n>',
    1,
    ([values]) => {
      const numbers = values as Numbers
      return numbers === undefined || numbers.length === 0 ? undefined : total(numbers) / numbers.length
    },
  ],
}
