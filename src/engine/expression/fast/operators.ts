import type { Frame, Scalar } from '../../model/index.ts'
import type { Ast } from '../ast.ts'
import { OPERATIONS, placed } from '../code/operators.ts'
import { type Binary, constantOf, constantsOf } from '../shapes.ts'
import { deepEqual, isTrue } from '../values.ts'
import type { FastCode, FastCompiler } from './fast-code.ts'

const LINEAR_MAX = 8

function equals(value: FastCode, constant: Scalar, wanted: boolean): FastCode {
  return (data, frame) => {
    const found = value(data, frame)
    return found !== undefined && (found === constant) === wanted
  }
}

function ordered(node: Ast, operator: string, value: FastCode, constant: number | string): FastCode {
  const operation = OPERATIONS[operator] as (left: unknown, right: unknown) => unknown
  const kind = typeof constant
  // The error, and nothing, are the general operation's business.
  const slow = (found: unknown): unknown => applied(node, operation, found, constant)
  switch (operator) {
    case '<':
      return (data, frame) => {
        const found = value(data, frame)
        return typeof found === kind ? (found as number) < (constant as number) : slow(found)
      }
    case '<=':
      return (data, frame) => {
        const found = value(data, frame)
        return typeof found === kind ? (found as number) <= (constant as number) : slow(found)
      }
    case '>':
      return (data, frame) => {
        const found = value(data, frame)
        return typeof found === kind ? (found as number) > (constant as number) : slow(found)
      }
    default:
      return (data, frame) => {
        const found = value(data, frame)
        return typeof found === kind ? (found as number) >= (constant as number) : slow(found)
      }
  }
}

function applied(
  node: Ast,
  operation: (left: unknown, right: unknown) => unknown,
  left: unknown,
  right: unknown,
): unknown {
  try {
    return operation(left, right)
  } catch (error) {
    throw placed(error, node)
  }
}

function member(value: FastCode, constants: readonly Scalar[]): FastCode {
  const set = constants.length > LINEAR_MAX ? new Set<unknown>(constants) : undefined
  if (set !== undefined) return (data, frame) => set.has(value(data, frame))
  return (data, frame) => {
    const found = value(data, frame)
    for (let i = 0; i < constants.length; i++) if (constants[i] === found) return true
    return false
  }
}

const finite = (value: unknown): value is number => typeof value === 'number' && value - value === 0

function arithmetic(node: Ast, operator: string, left: FastCode, right: FastCode): FastCode {
  const operation = OPERATIONS[operator] as (left: unknown, right: unknown) => unknown
  const quick: (a: number, b: number) => number =
    operator === '+'
      ? (a, b) => a + b
      : operator === '-'
        ? (a, b) => a - b
        : operator === '*'
          ? (a, b) => a * b
          : operator === '/'
            ? (a, b) => a / b
            : (a, b) => a % b
  return (data, frame) => {
    const first = left(data, frame)
    const second = right(data, frame)
    return finite(first) && finite(second) ? quick(first, second) : applied(node, operation, first, second)
  }
}

/** A comparison of two values that are computed. */
function general(
  node: Ast,
  operator: string,
  left: FastCode,
  right: FastCode,
  compiler: FastCompiler,
): FastCode {
  const operation = OPERATIONS[operator] as (left: unknown, right: unknown) => unknown
  if (operator === '=' || operator === '!=') {
    const wanted = operator === '='
    return (data, frame) => {
      const first = left(data, frame)
      const second = right(data, frame)
      if (first === undefined || second === undefined) return false
      if (typeof first !== 'object' || typeof second !== 'object') return (first === second) === wanted
      compiler.begin(frame)
      return deepEqual(first, second) === wanted
    }
  }
  return (data, frame) => {
    const first = left(data, frame)
    return applied(node, operation, first, right(data, frame))
  }
}

export function compileTruthOperator(
  node: Ast,
  { operator, left, right }: Binary,
  compiler: FastCompiler,
): (data: unknown, frame: Frame) => boolean {
  const first = compiler.truth(left)
  const second = compiler.truth(right)
  const decided = operator === 'or'
  return (data, frame) => {
    if (first(data, frame) === decided) return decided
    try {
      return second(data, frame)
    } catch (error) {
      throw placed(error, node)
    }
  }
}

const ORDER = new Set(['<', '<=', '>', '>='])
const ARITHMETIC = new Set(['+', '-', '*', '/', '%'])

/** Undefined for operators that the fast path does not know. */
export function compileFastOperator(
  node: Ast,
  operation: Binary,
  compiler: FastCompiler,
): FastCode | undefined {
  const { operator, left, right } = operation
  if (operator === 'and' || operator === 'or') return compileTruthOperator(node, operation, compiler)
  if (operator === 'in') {
    const constants = constantsOf(right)
    return constants === undefined ? undefined : member(compiler.value(left), constants)
  }
  if (ARITHMETIC.has(operator)) return arithmetic(node, operator, compiler.value(left), compiler.value(right))
  const constant = constantOf(right)?.value
  if (operator === '=' || operator === '!=') {
    if (constant !== undefined) return equals(compiler.value(left), constant, operator === '=')
    const first = constantOf(left)?.value
    if (first !== undefined) return equals(compiler.value(right), first, operator === '=')
    return general(node, operator, compiler.value(left), compiler.value(right), compiler)
  }
  if (!ORDER.has(operator)) return undefined
  if (typeof constant === 'number' || typeof constant === 'string')
    return ordered(node, operator, compiler.value(left), constant)
  return general(node, operator, compiler.value(left), compiler.value(right), compiler)
}

/** Arrays are looked into, which is counted. */
export const asTruth =
  (code: FastCode, compiler: FastCompiler): ((data: unknown, frame: Frame) => boolean) =>
  (data, frame) => {
    const value = code(data, frame)
    if (value === true) return true
    if (value === false || value === undefined) return false
    if (typeof value === 'object') compiler.begin(frame)
    return isTrue(value)
  }
