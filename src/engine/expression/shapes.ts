import type { Scalar } from '../model/index.ts'
import type { Ast } from './ast.ts'

/** What an analysis sees in a node: the shapes that rules are made of. */

const isPlain = (node: Ast): boolean =>
  node.predicate === undefined &&
  node.stages === undefined &&
  node.group === undefined &&
  node.keepArray !== true &&
  node.focus === undefined &&
  node.index === undefined &&
  node.ancestor === undefined &&
  !node.tuple

export interface NamePath {
  /** Undefined: the event at hand. */
  readonly variable: string | undefined
  readonly path: readonly string[]
}

/** `a.b`, `$.a`, `$$.a`, `$step`, `$step.a`. */
export function namePath(node: Ast): NamePath | undefined {
  if (node.type === 'variable' && isPlain(node)) return fromVariable(node.value as string, [])
  if (node.type !== 'path' || !isPlain(node) || node.keepSingletonArray === true) return undefined
  const steps = node.steps ?? []
  if (!steps.every(isPlain)) return undefined
  const [first, ...rest] = steps
  const names = first?.type === 'variable' ? rest : steps
  if (!names.every(({ type }) => type === 'name')) return undefined
  const path = names.map(({ value }) => value as string)
  return first?.type === 'variable'
    ? fromVariable(first.value as string, path)
    : { variable: undefined, path }
}

const fromVariable = (name: string, path: readonly string[]): NamePath => ({
  variable: name === '' || name === '$' ? undefined : name,
  path,
})

/** The path of a field of the event at hand. */
export function fieldPath(node: Ast): readonly string[] | undefined {
  const found = namePath(node)
  return found !== undefined && found.variable === undefined && found.path.length > 0 ? found.path : undefined
}

export function constantOf(node: Ast): { readonly value: Scalar } | undefined {
  if (!isPlain(node)) return undefined
  if (node.type === 'string' || node.type === 'number' || node.type === 'value')
    return { value: node.value as Scalar }
  if (node.type === 'unary' && node.value === '-' && node.expression?.type === 'number')
    return { value: -(node.expression.value as number) }
  return undefined
}

/** `[1, "a", true]`, or a single constant. */
export function constantsOf(node: Ast): readonly Scalar[] | undefined {
  const single = constantOf(node)
  if (single !== undefined) return [single.value]
  if (node.type !== 'unary' || node.value !== '[' || !isPlain(node) || node.consarray === true)
    return undefined
  const values = (node.expressions ?? []).map(constantOf)
  return values.every((value) => value !== undefined) ? values.map(({ value }) => value) : undefined
}

export interface NamedCall {
  readonly name: string
  readonly args: readonly Ast[]
}

/** `$name(…)` of a library function. */
export function namedCall(node: Ast): NamedCall | undefined {
  if (node.type !== 'function' || !isPlain(node) || node.procedure?.type !== 'variable') return undefined
  if (!isPlain(node.procedure)) return undefined
  return { name: node.procedure.value as string, args: node.arguments ?? [] }
}

export interface Binary {
  readonly operator: string
  readonly left: Ast
  readonly right: Ast
}

export function binary(node: Ast): Binary | undefined {
  if (node.type !== 'binary' || !isPlain(node) || node.lhs === undefined || node.rhs === undefined)
    return undefined
  return { operator: node.value as string, left: node.lhs, right: node.rhs }
}

/** `( expression )` is the expression. */
export function unwrapped(node: Ast): Ast {
  let inner = node
  while (inner.type === 'block' && isPlain(inner) && inner.expressions?.length === 1)
    inner = inner.expressions[0] as Ast
  return inner
}

/** The operands of the top-level `and`s. */
export function conjunctsOf(ast: Ast): readonly Ast[] {
  const node = unwrapped(ast)
  const operation = binary(node)
  if (operation?.operator !== 'and') return [node]
  return [...conjunctsOf(operation.left), ...conjunctsOf(operation.right)]
}
