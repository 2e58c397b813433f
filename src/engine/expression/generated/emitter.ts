import type { Scalar } from '../../model/index.ts'
import { interned } from '../interned.ts'
import type { Limits } from '../run.ts'

/** What a value can be, as bits. */
export const NUMBER = 1
export const TEXT = 2
export const BOOLEAN = 4
export const NULL = 8
/** An object or an array. */
export const OBJECT = 16
export const NOTHING = 32
export const ANYTHING = 63

/** A value in generated source: a literal or a local, so it may be repeated. */
export interface Emitted {
  readonly code: string
  /** Bits of what it can be at run time. */
  readonly types: number
}

/** Thrown while source is generated, when a node has no place in the subset. */
export const OUTSIDE = new Error('outside the generated subset')

export const outside = (): never => {
  throw OUTSIDE
}

const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]{0,99}$/

/**
 * The source of one function. No text of a rule becomes part of it, but for field names that are plain identifiers; all other texts come
 * in through an array of constants.
 */
export class Emitter {
  readonly limits: Limits
  readonly #constants: unknown[] = []
  readonly #known = new Map<unknown, string>()
  readonly #prologue: string[] = []
  #lines: string[] = []
  #locals = 0
  /** Values that are in locals already, by what they are; the innermost block last. */
  #scopes: Map<string, Emitted>[] = [new Map()]
  /** What the closures could have counted, where this source counts nothing. */
  steps = 0
  size = 0
  #folds = 0
  #eventsMax: string | undefined

  constructor(limits: Limits) {
    this.limits = limits
  }

  /** The name of a constant from outside. */
  constant(value: unknown): string {
    const kept = typeof value === 'string' ? interned(value) : value
    const known = this.#known.get(kept)
    if (known !== undefined) return known
    const name = this.#reserve(kept)
    this.#known.set(kept, name)
    return name
  }

  #reserve(value: unknown): string {
    this.#constants.push(value)
    return `c${this.#constants.length - 1}`
  }

  scalar(value: Scalar): Emitted {
    if (typeof value === 'string') return { code: this.constant(value), types: TEXT }
    if (typeof value === 'boolean') return { code: value ? 'true' : 'false', types: BOOLEAN }
    if (value === null) return { code: 'null', types: NULL }
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) return { code: `(${value})`, types: NUMBER }
    return { code: this.constant(value), types: NUMBER }
  }

  /** `object.name`, for a name that a plain property read may use. */
  property(object: string, name: string): string {
    return IDENTIFIER.test(name) ? `${object}.${name}` : `${object}[${this.constant(name)}]`
  }

  line(text: string): void {
    this.#lines.push(text)
  }

  /** Before everything else, once. */
  first(text: string): void {
    if (!this.#prologue.includes(text)) this.#prologue.push(text)
  }

  fresh(): string {
    return `v${this.#locals++}`
  }

  local(expression: string, types: number): Emitted {
    const code = this.fresh()
    this.line(`const ${code} = ${expression};`)
    return { code, types }
  }

  /** What is read inside is not known outside: it may not have run. */
  block(head: string, body: () => void): void {
    this.line(`${head} {`)
    this.#scopes.push(new Map())
    body()
    this.#scopes.pop()
    this.line('}')
  }

  /** One load for each thing. */
  once(key: string, make: () => Emitted): Emitted {
    for (const scope of this.#scopes) {
      const known = scope.get(key)
      if (known !== undefined) return known
    }
    const made = make()
    this.#scopes.at(-1)?.set(key, made)
    return made
  }

  /** A loop over events whose rounds the closures count beyond a number of them. The name of the number that may not be exceeded. */
  fold(): string {
    this.#folds++
    this.#eventsMax ??= this.#reserve(0)
    return this.#eventsMax
  }

  /** Whether what the closures could count stays below an amount of fuel, lists of events apart. */
  isBelow(fuel: number): boolean {
    return this.steps + (this.size >> 3) <= fuel
  }

  /** The finished function; undefined when what the closures count could reach a limit. */
  finish<T>(): T | undefined {
    const { steps, size } = this.limits
    if (this.steps > steps || this.size > size) return undefined
    if (this.#eventsMax !== undefined) {
      const share = Math.floor((steps - this.steps) / this.#folds)
      this.#constants[Number(this.#eventsMax.slice(1))] = Math.max(64, 32 * share)
    }
    const names = this.#constants.map((_, i) => `c${i} = c[${i}]`)
    const head = names.length === 0 ? '' : `const ${names.join(', ')};\n`
    const body = [...this.#prologue, ...this.#lines].join('\n')
    const make = new Function('c', `'use strict';\n${head}return (f) => {\n${body}\n};`)
    return make(this.#constants) as T
  }
}
