import { Failure } from '../failure.ts'
import { chargeSteps } from '../run.ts'
import type { Library } from './aggregates.ts'

const DECIMAL = /^-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?$/
/** Not anchored on both sides in the language's definition either: `x0b1` is tried, and is NaN. */
const BASED = /^(0[xX][0-9A-Fa-f]+)|(0[oO][0-7]+)|(0[bB][0-1]+)$/

export function toNumber(value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number') return value
  if (value === true) return 1
  if (value === false) return 0
  if (typeof value === 'string') {
    chargeSteps(value.length)
    if (DECIMAL.test(value)) {
      const number = Number.parseFloat(value)
      if (Number.isFinite(number)) return number
    } else if (BASED.test(value)) return Number(value)
  }
  throw new Failure('D3030', { value, index: 1 })
}

/** Moves the decimal point in the number's text: multiplying would round. */
function shift(value: number, places: number): number {
  const [digits, exponent] = value.toString().split('e')
  return Number(`${digits}e${(exponent === undefined ? 0 : Number(exponent)) + places}`)
}

/** Halves go to the even neighbour. */
export function round(value: number, precision: number | undefined): number {
  const moved = precision ? shift(value, precision) : value
  let result = Math.round(moved)
  if (Math.abs(result - moved) === 0.5 && Math.abs(result % 2) === 1) result--
  if (precision) result = shift(result, -precision)
  return result === 0 ? 0 : result
}

const numeric =
  (body: (value: number) => number) =>
  ([value]: readonly unknown[]) =>
    value === undefined ? undefined : body(value as number)

function power(base: number, exponent: number): number {
  const result = base ** exponent
  if (!Number.isFinite(result)) throw new Failure('D3061', { value: base, value2: exponent, index: 1 })
  return result
}

function squareRoot(value: number): number {
  if (value < 0) throw new Failure('D3060', { value, index: 1 })
  return Math.sqrt(value)
}

function formatBase(value: number, base: number | undefined): string {
  const radix = base === undefined ? 10 : round(base, undefined)
  if (radix < 2 || radix > 36) throw new Failure('D3100', { value: radix })
  return round(value, undefined).toString(radix)
}

export const NUMBERS: Library = {
  number: ['<(nsb)-:n>', 1, ([value]) => toNumber(value)],
  floor: ['<n-:n>', 1, numeric(Math.floor)],
  ceil: ['<n-:n>', 1, numeric(Math.ceil)],
  abs: ['<n-:n>', 1, numeric(Math.abs)],
  sqrt: ['<n-:n>', 1, numeric(squareRoot)],
  round: [
    '<n-n?:n>',
    2,
    ([value, precision]) =>
      value === undefined ? undefined : round(value as number, precision as number | undefined),
  ],
  power: [
    '<n-n:n>',
    2,
    ([base, exponent]) => (base === undefined ? undefined : power(base as number, exponent as number)),
  ],
  formatBase: [
    '<n-n?:s>',
    2,
    ([value, base]) =>
      value === undefined ? undefined : formatBase(value as number, base as number | undefined),
  ],
}
