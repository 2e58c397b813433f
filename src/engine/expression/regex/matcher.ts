import { Wrapped } from '../callable.ts'
import { Failure } from '../failure.ts'
import { chargeSize, chargeSteps } from '../run.ts'
import { Callable } from '../values.ts'
import type { LinearRegex } from './engine.ts'

/** A regular expression as a value: a function from a text to its first match. */
export class Matcher extends Callable {
  readonly arity = 2
  readonly regex: LinearRegex
  readonly #source: string
  readonly #position: number | undefined

  constructor(regex: LinearRegex, source: string, position: number | undefined) {
    super()
    this.regex = regex
    this.#source = source
    this.#position = position
  }

  call(args: readonly unknown[]): unknown {
    return this.#match(textFrom(args[0]), 0)
  }

  #match(text: string, from: number): Record<string, unknown> | undefined {
    const { cost, looksAhead } = this.regex
    // Comparisons in runs are quick: 256 of them cost about as much as one node.
    const charge = (length: number): void => chargeSteps(1 + ((length * Math.max(cost, 16)) >> 8))
    if (looksAhead) charge(text.length - from)
    const found = this.regex.find(text, from)
    if (!looksAhead) charge((found === undefined ? text.length : found.start + found.text.length) - from)
    if (found === undefined) return undefined
    const end = found.start + found.text.length
    chargeSize(found.text.length + found.groups.length)
    return {
      match: found.text,
      start: found.start,
      end,
      groups: found.groups,
      next: new Wrapped(0, () => this.#next(text, end)),
    }
  }

  #next(text: string, from: number): unknown {
    if (from >= text.length) return undefined
    const next = this.#match(text, from)
    if (next?.match === '')
      throw new Failure('D1004', {
        value: this.#source,
        ...(this.#position === undefined ? {} : { position: this.#position }),
      })
    return next
  }
}

const textFrom = (value: unknown): string =>
  typeof value === 'string' ? value : String(value ?? 'undefined')
