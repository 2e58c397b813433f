import { type Ast, part } from '../ast.ts'
import { Failure } from '../failure.ts'
import { chargeRounds, chargeSize, run } from '../run.ts'
import { concatenate } from '../text.ts'
import { append, ConstructedArray, deepEqual, isNumber, isTrue, Sequence } from '../values.ts'
import type { Code, Compiler } from './compiler.ts'

type Operation = (left: unknown, right: unknown) => unknown

const arithmetic =
  (operation: (left: number, right: number) => number): Operation =>
  (left, right) => {
    if (left !== undefined && !isNumber(left)) throw new Failure('T2001', { value: left })
    if (right !== undefined && !isNumber(right)) throw new Failure('T2002', { value: right })
    return left === undefined || right === undefined ? undefined : operation(left as number, right as number)
  }

const isComparable = (value: unknown): boolean =>
  value === undefined || typeof value === 'string' || typeof value === 'number'

const comparison =
  (operation: (left: string | number, right: string | number) => boolean): Operation =>
  (left, right) => {
    if (!isComparable(left) || !isComparable(right))
      throw new Failure('T2010', { value: left === undefined || isComparable(left) === false ? left : right })
    if (left === undefined || right === undefined) return undefined
    if (typeof left !== typeof right) throw new Failure('T2009', { value: left, value2: right })
    return operation(left as string, right as string)
  }

export function includes(left: unknown, right: unknown): boolean {
  if (left === undefined || right === undefined) return false
  if (!Array.isArray(right)) return left === right
  chargeRounds(right.length)
  for (let i = 0; i < right.length; i++) if (right[i] === left) return true
  return false
}

function range(from: unknown, to: unknown): unknown {
  if (from !== undefined && !Number.isInteger(from)) throw new Failure('T2003', { value: from })
  if (to !== undefined && !Number.isInteger(to)) throw new Failure('T2004', { value: to })
  if (from === undefined || to === undefined || (from as number) > (to as number)) return undefined
  const size = (to as number) - (from as number) + 1
  if (size > 1e7) throw new Failure('D2014', { value: size })
  if (size > run.limits.sequence) throw new Failure('D2015', { value: size })
  chargeSize(size)
  const result = new Sequence()
  for (let i = from as number; i <= (to as number); i++) result.push(i)
  return result
}

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  '+': arithmetic((left, right) => left + right),
  '-': arithmetic((left, right) => left - right),
  '*': arithmetic((left, right) => left * right),
  '/': arithmetic((left, right) => left / right),
  '%': arithmetic((left, right) => left % right),
  '=': (left, right) => left !== undefined && right !== undefined && deepEqual(left, right),
  '!=': (left, right) => left !== undefined && right !== undefined && !deepEqual(left, right),
  '<': comparison((left, right) => left < right),
  '<=': comparison((left, right) => left <= right),
  '>': comparison((left, right) => left > right),
  '>=': comparison((left, right) => left >= right),
  '&': concatenate,
  '..': range,
  in: includes,
}

export function placed(error: unknown, node: Ast): unknown {
  if (error instanceof Failure) {
    error.position = node.position
    error.token = node.value as string
  }
  return error
}

function logical(node: Ast, left: Code, right: Code): Code {
  const decided = node.value === 'or'
  return (input, environment) => {
    const first = left(input, environment)
    try {
      return isTrue(first) === decided ? decided : isTrue(right(input, environment))
    } catch (error) {
      throw placed(error, node)
    }
  }
}

export function compileBinary(node: Ast, { compile }: Compiler): Code {
  const left = compile(part(node.lhs))
  const right = compile(part(node.rhs))
  if (node.value === 'and' || node.value === 'or') return logical(node, left, right)
  const operation = OPERATIONS[node.value as string]
  if (operation === undefined) throw new Failure('S0204', { token: String(node.value) })
  return (input, environment) => {
    const first = left(input, environment)
    const second = right(input, environment)
    try {
      return operation(first, second)
    } catch (error) {
      throw placed(error, node)
    }
  }
}

export function compileNegation(node: Ast, { compile }: Compiler): Code {
  const operand = compile(part(node.expression))
  return (input, environment) => {
    const value = operand(input, environment)
    if (value === undefined) return undefined
    if (isNumber(value)) return -value
    throw new Failure('D1002', {
      value,
      ...(node.position === undefined ? {} : { position: node.position }),
      token: '-',
    })
  }
}

export function compileArray(node: Ast, { compile }: Compiler): Code {
  const items = (node.expressions ?? []).map((item) => ({ code: compile(item), nested: item.value === '[' }))
  const constructed = node.consarray === true
  return (input, environment) => {
    let result: unknown[] = []
    chargeSize(items.length)
    for (const { code, nested } of items) {
      const value = code(input, environment)
      if (value === undefined) continue
      if (nested || !Array.isArray(value)) result.push(value)
      else result = append(result, value) as unknown[]
    }
    return constructed ? constructedFrom(result) : result
  }
}

function constructedFrom(values: readonly unknown[]): ConstructedArray {
  const array = new ConstructedArray()
  for (const value of values) array.push(value)
  return array
}
