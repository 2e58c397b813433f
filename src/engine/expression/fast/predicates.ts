import type { Frame, Scalar } from '../../model/index.ts'
import type { Ast } from '../ast.ts'
import { OPERATIONS, placed } from '../code/operators.ts'
import { binary, constantOf, constantsOf, fieldPath } from '../shapes.ts'
import { isPlainName } from './fields.ts'

/** A predicate in one closure. The data is an object or nothing. */
export type Truth = (data: unknown, frame: Frame) => boolean

type Data = Record<string, unknown> | undefined

const MIRRORED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }
const LINEAR_MAX = 8

/** The name of a top-level payload field that a plain property read finds, and nothing else. */
function plainField(node: Ast): string | undefined {
  const path = fieldPath(node)
  const name = path?.length === 1 ? path[0] : undefined
  return name !== undefined && isPlainName(name) ? name : undefined
}

/** `field < 5` and the like, as one closure; an error and nothing are left to the operation itself. */
function ordered(node: Ast, operator: string, name: string, constant: number | string): Truth {
  const operation = OPERATIONS[node.value as string] as (left: unknown, right: unknown) => unknown
  const mirrored = operator !== node.value || constantOf(node.lhs as Ast) !== undefined
  const kind = typeof constant
  const slow = (found: unknown): boolean => {
    try {
      return (mirrored ? operation(constant, found) : operation(found, constant)) === true
    } catch (error) {
      throw placed(error, node)
    }
  }
  if (operator === '<')
    return (data) => {
      const found = (data as Data)?.[name]
      return typeof found === kind ? (found as number) < (constant as number) : slow(found)
    }
  if (operator === '<=')
    return (data) => {
      const found = (data as Data)?.[name]
      return typeof found === kind ? (found as number) <= (constant as number) : slow(found)
    }
  if (operator === '>')
    return (data) => {
      const found = (data as Data)?.[name]
      return typeof found === kind ? (found as number) > (constant as number) : slow(found)
    }
  return (data) => {
    const found = (data as Data)?.[name]
    return typeof found === kind ? (found as number) >= (constant as number) : slow(found)
  }
}

function member(name: string, constants: readonly Scalar[]): Truth {
  if (constants.length > LINEAR_MAX) {
    const set = new Set<unknown>(constants)
    return (data) => set.has((data as Data)?.[name])
  }
  return (data) => {
    const found = (data as Data)?.[name]
    for (let i = 0; i < constants.length; i++) if (constants[i] === found) return true
    return false
  }
}

/** One field of the event against constants: what most conditions are. */
export function compilePredicate(node: Ast): Truth | undefined {
  const operation = binary(node)
  if (operation === undefined) return undefined
  const { operator, left, right } = operation
  if (operator === 'in') {
    const name = plainField(left)
    const constants = constantsOf(right)
    return name === undefined || constants === undefined ? undefined : member(name, constants)
  }
  const fromRight = constantOf(right)
  const constant = fromRight ?? constantOf(left)
  const name = plainField(fromRight === undefined ? right : left)
  if (constant === undefined || name === undefined) return undefined
  const { value } = constant
  if (operator === '=') return (data) => (data as Data)?.[name] === value
  if (operator === '!=')
    return (data) => {
      const found = (data as Data)?.[name]
      return found !== undefined && found !== value
    }
  const mirrored = MIRRORED[operator]
  if (mirrored === undefined || (typeof value !== 'number' && typeof value !== 'string')) return undefined
  return ordered(node, fromRight === undefined ? mirrored : operator, name, value)
}
