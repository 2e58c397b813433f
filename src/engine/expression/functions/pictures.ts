import jsonata from 'jsonata'
import { Failure } from '../failure.ts'
import { chargeSteps, run } from '../run.ts'
import type { Library } from './aggregates.ts'

type Implementation = (this: unknown, ...args: readonly unknown[]) => unknown

interface ReferenceScope {
  lookup(name: string): { readonly implementation: Implementation }
}

/**
 * Numbers and times by pictures are the reference's own functions: they are pure and synchronous. They are taken from its scope,
 * which it shows to whoever observes an evaluation; the observer is called before the first asynchronous step.
 */
function referenceScope(): ReferenceScope {
  let scope: ReferenceScope | undefined
  const probe = jsonata('null')
  const observe = (_expression: unknown, _input: unknown, environment: ReferenceScope): void => {
    scope = environment
  }
  const assign = probe.assign as (name: string | symbol, value: unknown) => void
  assign(Symbol.for('jsonata.__evaluate_entry'), observe)
  void probe.evaluate(null)
  if (scope === undefined)
    throw new Error('invariant violated: the jsonata package no longer shows its scope')
  return scope
}

const scope = referenceScope()
const PICTURE_MAX = 256
const TEXT_MAX = 256
const OPTIONS_MAX = 16
const DIGITS = /\d{4}/
const LONGEST_DATE = 8.64e15
const ISO = /^\d{4}(-[01]\d)?(-[0-3]\d)?(T[0-2]\d:[0-5]\d:[0-5]\d)?(\.\d+)?([+-][0-2]\d:?[0-5]\d|Z)?$/

function guarded(name: string, self: unknown, args: readonly unknown[]): unknown {
  chargeSteps(200)
  for (const arg of args)
    if (typeof arg === 'string' && arg.length > PICTURE_MAX)
      throw new Failure('U1004', { value: PICTURE_MAX })
  try {
    return scope.lookup(name).implementation.call(self, ...args)
  } catch (error) {
    if (error instanceof Failure) throw error
    const { code, value, index } = error as { code?: string; value?: unknown; index?: number }
    if (typeof code !== 'string') throw new Failure('U1005')
    throw new Failure(code, { value, ...(index === undefined ? {} : { index }) })
  }
}

function formatNumber(value: unknown, picture: unknown, options: unknown): unknown {
  if (typeof options === 'object' && options !== null && Object.keys(options).length > OPTIONS_MAX)
    throw new Failure('U1004', { value: OPTIONS_MAX })
  return guarded(
    'formatNumber',
    undefined,
    options === undefined ? [value, picture] : [value, picture, options],
  )
}

/** Without a zone the time is UTC: the zone of the machine must not decide. */
function isoMillis(text: string): number {
  if (text.length > TEXT_MAX || !ISO.test(text)) throw new Failure('D3110', { value: text })
  return Date.parse(/T/.test(text) && !/(Z|[+-]\d\d:?\d\d)$/.test(text) ? `${text}Z` : text)
}

function toMillis(text: unknown, picture: unknown): unknown {
  if (text === undefined) return undefined
  if (picture === undefined) return isoMillis(text as string)
  const environment = { timestamp: new Date(run.frame?.time ?? 0) }
  return guarded('toMillis', { environment }, [text, picture])
}

function fromMillis(millis: unknown, picture: unknown, zone: unknown): unknown {
  if (millis === undefined) return undefined
  if (!(Math.abs(millis as number) <= LONGEST_DATE)) throw new Failure('D1001', { value: millis })
  if (typeof picture === 'string' && DIGITS.test(picture.replace(/0001|\d{1,3}/g, '')))
    throw new Failure('U1005')
  return guarded('fromMillis', undefined, [millis, picture, zone])
}

export const PICTURES: Library = {
  formatNumber: [
    '<n-so?:s>',
    3,
    ([value, picture, options]) => (value === undefined ? undefined : formatNumber(value, picture, options)),
  ],
  formatInteger: [
    '<n-s:s>',
    2,
    ([value, picture]) =>
      value === undefined ? undefined : guarded('formatInteger', undefined, [value, picture]),
  ],
  parseInteger: [
    '<s-s:n>',
    2,
    ([text, picture]) =>
      text === undefined ? undefined : guarded('parseInteger', undefined, [text, picture]),
  ],
  toMillis: ['<s-s?:n>', 2, ([text, picture]) => toMillis(text, picture)],
  fromMillis: ['<n-s?s?:s>', 3, ([millis, picture, zone]) => fromMillis(millis, picture, zone)],
}
