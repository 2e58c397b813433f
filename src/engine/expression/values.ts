import { EVENT, type EventData, type StreamEvent } from '../model/index.ts'
import { Failure } from './failure.ts'
import { chargeSize, chargeSteps, run } from './run.ts'

const KEEP = 1
const TUPLES = 2
const OUTER = 4

/** The language's sequence: an array that stands for its only member when it has one, and for nothing when it is empty. */
export class Sequence extends Array<unknown> {
  #flags = 0

  /** Methods that build arrays (slice, concat) build plain ones. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array
  }

  /** Stays an array with one member (`[]` was written). */
  get keep(): boolean {
    return (this.#flags & KEEP) !== 0
  }
  markKeep(): void {
    this.#flags |= KEEP
  }

  /** Members are tuples of variable bindings (`@`, `#`, `%`). */
  get tuples(): boolean {
    return (this.#flags & TUPLES) !== 0
  }
  markTuples(): this {
    this.#flags |= TUPLES
    return this
  }

  /** Wraps an input that is itself an array, so that it is seen as one value. */
  get outer(): boolean {
    return (this.#flags & OUTER) !== 0
  }
  markOuter(): this {
    this.#flags |= OUTER
    return this
  }

  add(value: unknown): void {
    if (this.length >= run.limits.sequence) throw new Failure('D2015', { value: run.limits.sequence })
    if (--run.size < 0) throw new Failure('U1002')
    this[this.length] = value
  }
}

/** An array written as `[…]` in a path: it is not flattened into the path's result. */
export class ConstructedArray extends Array<unknown> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array
  }
}

export function sequenceOf(value: unknown): Sequence {
  const sequence = new Sequence()
  sequence.add(value)
  return sequence
}

/** A function of the language. Data can never be mistaken for one. */
export abstract class Callable {
  /** Number of parameters, for the functions that pass as many as are wanted. */
  abstract readonly arity: number
  /** `input` is the value at hand where the call stands, for arguments that default to it. */
  abstract call(args: readonly unknown[], input: unknown): unknown
}

export const isFunction = (value: unknown): value is Callable => value instanceof Callable

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Callable)

export function isNumber(value: unknown): value is number {
  if (typeof value !== 'number') return false
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
    throw new Failure('D1001', { value })
  return !Number.isNaN(value)
}

const hasOwn = Object.prototype.hasOwnProperty

/** Own properties only: what a prototype has is no data. */
export const own = (object: object, name: string): unknown =>
  hasOwn.call(object, name) ? (object as Record<string, unknown>)[name] : undefined

/** `__proto__` is a name like any other. */
export function setOwn(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
  else object[name] = value
}

export const isMetadata = (name: string): boolean => name === '_time' || name === '_id' || name === '_subject'

export function metadata(event: StreamEvent, name: string): unknown {
  if (name === '_id') return event.id
  if (name === '_subject') return event.subject
  const date = new Date(event.time)
  return Number.isFinite(date.getTime()) ? date.toISOString() : undefined
}

export function eventOf(value: unknown): StreamEvent | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const event = (value as EventData)[EVENT]
  if (event !== undefined) return event
  const atHand = run.frame?.event
  return atHand !== undefined && atHand.data === value ? atHand : undefined
}

/** A field of one object; metadata of an event wins over a payload field of that name. */
export function field(object: object, name: string): unknown {
  if (name.charCodeAt(0) === 95 && isMetadata(name)) {
    const event = eventOf(object)
    if (event !== undefined) return metadata(event, name)
  }
  return hasOwn.call(object, name) ? (object as Record<string, unknown>)[name] : undefined
}

/** A field of an object, or of all objects in arrays of them. */
export function lookup(input: unknown, name: string): unknown {
  if (typeof input !== 'object' || input === null) return undefined
  if (!Array.isArray(input)) return input instanceof Callable ? undefined : field(input, name)
  const result = new Sequence()
  for (let i = 0; i < input.length; i++) {
    enterValue()
    const found = lookup(input[i], name)
    leaveValue()
    if (found === undefined) continue
    if (Array.isArray(found)) for (let j = 0; j < found.length; j++) result.add(found[j])
    else result.add(found)
  }
  return result
}

/** Before descending into a nested value: counted like a nested node. */
export function enterValue(): void {
  if (--run.depth < 0 || --run.steps < 0) throw new Failure('U1001')
}

export function leaveValue(): void {
  run.depth++
}

/** The language's truth; nothing stays nothing. */
export function truth(value: unknown): boolean | undefined {
  if (value === undefined) return undefined
  if (value === true) return true
  if (typeof value === 'string') return value.length > 0
  if (typeof value === 'number') return isNumber(value) && value !== 0
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) {
    enterValue()
    let result: boolean | undefined = false
    if (value.length === 1) result = truth(value[0])
    // All members are looked at: one of them can be an error.
    else for (let i = 0; i < value.length; i++) if (truth(value[i]) === true) result = true
    leaveValue()
    return result
  }
  if (value instanceof Callable) return false
  for (const name in value) if (hasOwn.call(value, name)) return true
  return false
}

export const isTrue = (value: unknown): boolean => value === true || truth(value) === true

export function deepEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  enterValue()
  const equal = Array.isArray(left)
    ? Array.isArray(right) && arraysEqual(left, right)
    : !Array.isArray(right) && objectsEqual(left, right)
  leaveValue()
  return equal
}

function arraysEqual(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false
  for (let i = 0; i < left.length; i++) {
    if (--run.steps < 0) throw new Failure('U1001')
    if (!deepEqual(left[i], right[i])) return false
  }
  return true
}

function objectsEqual(left: object, right: object): boolean {
  if (left instanceof Callable || right instanceof Callable) return false
  const names = Object.keys(left)
  chargeSteps(1 + names.length)
  if (Object.keys(right).length !== names.length) return false
  for (const name of names) {
    if (!hasOwn.call(right, name)) return false
    if (!deepEqual((left as Record<string, unknown>)[name], (right as Record<string, unknown>)[name]))
      return false
  }
  return true
}

/** Two values as one array; nothing adds nothing. */
export function append(left: unknown, right: unknown): unknown {
  if (left === undefined) return right
  if (right === undefined) return left
  const first: readonly unknown[] = Array.isArray(left) ? left : [left]
  const second: readonly unknown[] = Array.isArray(right) ? right : [right]
  const size = first.length + second.length
  if (size > run.limits.sequence) throw new Failure('D2015', { value: run.limits.sequence })
  chargeSize(size)
  return first.concat(second)
}

/** What every expression does last: a sequence of one is its member, an empty one is nothing. */
export function settle(value: unknown): unknown {
  if (!(value instanceof Sequence) || value.tuples) return value
  if (value.length === 0) return undefined
  return value.length === 1 && !value.keep ? value[0] : value
}
