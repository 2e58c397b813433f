import type { PredicateForm, Scalar } from '../model/index.ts'
import type { Ast } from './ast.ts'
import { binary, constantOf, constantsOf, fieldPath, namedCall, unwrapped } from './shapes.ts'
import { isMetadata } from './values.ts'

const MIRRORED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '=': '=' }

/** The path of a payload field; metadata is not indexed. */
function payloadPath(node: Ast): readonly string[] | undefined {
  const path = fieldPath(node)
  return path === undefined || isMetadata(path[0] ?? '') ? undefined : path
}

function range(path: readonly string[], operator: string, bound: number): PredicateForm | undefined {
  const open = operator === '<' || operator === '>'
  if (operator === '<' || operator === '<=')
    return { kind: 'range', path, low: Number.NEGATIVE_INFINITY, lowOpen: false, high: bound, highOpen: open }
  return { kind: 'range', path, low: bound, lowOpen: open, high: Number.POSITIVE_INFINITY, highOpen: false }
}

function compared(left: Ast, operator: string, value: Scalar): PredicateForm | undefined {
  const path = payloadPath(left)
  if (path === undefined) return operator === '=' ? prefix(left, value) : undefined
  if (operator === '=') return { kind: 'one-of', path, values: [value] }
  return typeof value === 'number' ? range(path, operator, value) : undefined
}

/** `$substring(host, 0, 3) = "db-"`: as many characters as the text has. */
function prefix(node: Ast, value: Scalar): PredicateForm | undefined {
  const call = namedCall(node)
  if (call?.name !== 'substring' || call.args.length !== 3 || typeof value !== 'string') return undefined
  const [text, from, length] = call.args as [Ast, Ast, Ast]
  const path = payloadPath(text)
  if (path === undefined || constantOf(from)?.value !== 0) return undefined
  return constantOf(length)?.value === [...value].length && value !== ''
    ? { kind: 'prefix', path, text: value }
    : undefined
}

function contained(text: Ast, token: Ast): PredicateForm | undefined {
  const lowered = namedCall(text)
  const lowers = lowered?.name === 'lowercase' && lowered.args.length === 1
  const path = payloadPath(lowers ? (lowered.args[0] as Ast) : text)
  if (path === undefined) return undefined
  if (token.type === 'regex') {
    const { source, flags } = token.value as RegExp
    const kept = flags.replace('g', '')
    return lowers || (kept !== '' && kept !== 'i')
      ? undefined
      : { kind: 'matches', path, pattern: source, ignoreCase: kept === 'i' }
  }
  const value = constantOf(token)?.value
  if (typeof value !== 'string' || (lowers && value !== value.toLowerCase())) return undefined
  return { kind: 'contains', path, text: value, ignoreCase: lowers }
}

function called(node: Ast): PredicateForm | undefined {
  const call = namedCall(node)
  if (call?.name === 'exists' && call.args.length === 1) {
    const path = payloadPath(call.args[0] as Ast)
    return path === undefined ? undefined : { kind: 'present', path }
  }
  if (call?.name === 'contains' && call.args.length === 2)
    return contained(call.args[0] as Ast, call.args[1] as Ast)
  return undefined
}

const samePath = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((name, i) => name === right[i])

function either(left: Ast, right: Ast): PredicateForm | undefined {
  const first = formOf(left)
  const second = formOf(right)
  if (first?.kind !== 'one-of' || second?.kind !== 'one-of' || !samePath(first.path, second.path))
    return undefined
  return { kind: 'one-of', path: first.path, values: [...new Set([...first.values, ...second.values])] }
}

/** What a predicate demands of the event at hand, as data. `ast` must not bind names of library functions. */
export function formOf(ast: Ast): PredicateForm | undefined {
  const node = unwrapped(ast)
  const operation = binary(node)
  if (operation === undefined) return called(node)
  const { operator } = operation
  const left = unwrapped(operation.left)
  const right = unwrapped(operation.right)
  if (operator === 'or') return either(left, right)
  if (operator === 'in') {
    const path = payloadPath(left)
    const values = constantsOf(right)
    return path === undefined || values === undefined || values.length === 0
      ? undefined
      : { kind: 'one-of', path, values: [...new Set(values)] }
  }
  const mirrored = MIRRORED[operator]
  if (mirrored === undefined) return undefined
  const constant = constantOf(right)
  if (constant !== undefined) return compared(left, operator, constant.value)
  const first = constantOf(left)
  return first === undefined ? undefined : compared(right, mirrored, first.value)
}
