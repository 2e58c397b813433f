import type { PredicateForm, Scalar } from '../model/index.ts'
import type { Ast } from './ast.ts'
import { placeOf } from './check.ts'
import { formOf } from './forms.ts'
import type { Trouble } from './parse.ts'
import { binary, conjunctsOf, constantOf, fieldPath, namedCall, namePath, unwrapped } from './shapes.ts'
import { isMetadata } from './values.ts'
import { visit } from './walk.ts'

type Report = (trouble: Trouble) => void

/** What is allowed and probably not meant: traps of the language that people fell into. */
export function lint(ast: Ast, text: string): readonly Trouble[] {
  const found: Trouble[] = []
  const report: Report = (trouble) => found.push(trouble)
  const asked = presenceAsked(ast)
  visit(ast, (node) => {
    minusInName(node, text, report)
    notEqualMissing(node, text, asked, report)
    neverHolds(node, text, report)
  })
  for (const whole of conjunctions(ast)) contradictions(whole, text, report)
  return found
}

/** `card-id` is `card` minus `id`. */
function minusInName(node: Ast, text: string, report: Report): void {
  const operation = binary(node)
  if (operation?.operator !== '-' || node.position === undefined) return
  const left = fieldPath(operation.left)
  const right = fieldPath(operation.right)
  if (left === undefined || right === undefined) return
  const spaced = /\s/.test(`${text.charAt(node.position - 2)}${text.charAt(node.position)}`)
  if (spaced) return
  const name = `${left.at(-1)}-${right[0]}`
  const place = placeOf(node, text, 1)
  report({
    code: 'field-minus-field',
    message: `\`${name}\` is \`${left.at(-1)}\` minus \`${right[0]}\`.`,
    hint: `for the field write \`\`\`${name}\`\`\`; for the difference put spaces around the minus`,
    ...place,
  })
}

const key = (path: readonly string[]): string => path.join('\0')

/** Paths that `$exists` asks for, anywhere. */
function presenceAsked(ast: Ast): ReadonlySet<string> {
  const asked = new Set<string>()
  visit(ast, (node) => {
    const call = namedCall(node)
    const path = call?.name === 'exists' && call.args[0] ? fieldPath(call.args[0]) : undefined
    if (path !== undefined) asked.add(key(path))
  })
  return asked
}

/** `outcome != "x"` is false when there is no outcome. */
function notEqualMissing(node: Ast, text: string, asked: ReadonlySet<string>, report: Report): void {
  const operation = binary(node)
  if (operation?.operator !== '!=') return
  const { left, right } = operation
  const path = constantOf(right) === undefined ? fieldPath(right) : fieldPath(left)
  const constant = constantOf(right) ?? constantOf(left)
  if (path === undefined || constant === undefined || asked.has(key(path)) || isMetadata(path[0] ?? ''))
    return
  const name = path.join('.')
  const value = JSON.stringify(constant.value)
  report({
    code: 'not-equal-missing',
    message: `\`${name} != ${value}\` is false when \`${name}\` is missing.`,
    hint: `\`$exists(${name}) and ${name} != ${value}\` says so; \`$not(${name} = ${value})\` holds for a missing one too`,
    ...placeOf(node, text, 2),
  })
}

type Kind = 'number' | 'string' | 'boolean'

const KINDS: ReadonlyMap<string, Kind> = new Map([
  ...[
    'count',
    'sum',
    'max',
    'min',
    'average',
    'length',
    'number',
    'abs',
    'floor',
    'ceil',
    'round',
    'sqrt',
    'power',
  ].map((name): [string, Kind] => [name, 'number']),
  ...['km', 'seconds_since', 'minutes_since', 'hours_since', 'toMillis'].map((name): [string, Kind] => [
    name,
    'number',
  ]),
  ...['string', 'lowercase', 'uppercase', 'substring', 'trim', 'join', 'type'].map((name): [string, Kind] => [
    name,
    'string',
  ]),
  ...['exists', 'contains', 'in_list', 'boolean', 'not'].map((name): [string, Kind] => [name, 'boolean']),
])

function kindOf(node: Ast): Kind | undefined {
  const call = namedCall(node)
  if (call !== undefined) return KINDS.get(call.name)
  const path = namePath(node)?.path.at(-1)
  return path !== undefined && isMetadata(path) ? 'string' : undefined
}

const COMPARISONS = new Set(['=', '<', '<=', '>', '>='])

/** One side has a type that the constant on the other side does not have. */
function neverHolds(node: Ast, text: string, report: Report): void {
  const operation = binary(node)
  if (operation === undefined || !COMPARISONS.has(operation.operator)) return
  const { operator } = operation
  const left = unwrapped(operation.left)
  const right = unwrapped(operation.right)
  const constant = constantOf(right) ?? constantOf(left)
  const other = constantOf(right) === undefined ? right : left
  if (constant === undefined || (constantOf(left) !== undefined && constantOf(right) !== undefined)) return
  const why = impossible(other, operator, constant.value)
  if (why === undefined) return
  report({
    code: 'comparison-never-holds',
    message: `The comparison can never hold: ${why}.`,
    hint: 'correct the constant',
    ...placeOf(node, text, operator.length),
  })
}

function impossible(other: Ast, operator: string, value: Scalar): string | undefined {
  const kind = value === null ? 'null' : typeof value
  if (operator !== '=' && kind !== 'number' && kind !== 'string')
    return `\`${operator}\` compares numbers and texts, not \`${String(value)}\``
  const expected = kindOf(other)
  if (expected !== undefined && expected !== kind) return `a ${expected} is compared with ${describe(value)}`
  const name = namedCall(other)?.name
  if (operator !== '=' || typeof value !== 'string') return undefined
  if (name === 'lowercase' && value !== value.toLowerCase()) return `\`${value}\` is not in lower case`
  if (name === 'uppercase' && value !== value.toUpperCase()) return `\`${value}\` is not in upper case`
  return undefined
}

function describe(value: Scalar): string {
  return value === null ? 'null' : `the ${typeof value} ${JSON.stringify(value)}`
}

/** The outermost `and`s, also of the alternatives of an `or`; a single condition is one too. */
function conjunctions(ast: Ast): readonly Ast[] {
  const inner = new Set<Ast>()
  const whole: Ast[] = []
  visit(ast, (node) => {
    const operation = binary(node)
    if (operation?.operator !== 'and') return
    if (!inner.has(node)) whole.push(node)
    for (const side of [operation.left, operation.right]) inner.add(side).add(unwrapped(side))
  })
  return whole
}

/** Two conditions on one field that exclude each other. */
function contradictions(ast: Ast, text: string, report: Report): void {
  const seen = new Map<string, PredicateForm[]>()
  for (const node of conjunctsOf(ast)) {
    const form = formOf(node)
    if (form === undefined || form.kind === 'present' || form.kind === 'matches') continue
    const path = key(form.path)
    const others = seen.get(path) ?? []
    if (others.some((other) => exclude(form, other))) {
      report({
        code: 'comparison-never-holds',
        message: `\`${form.path.join('.')}\` cannot meet this condition and another one of the same \`and\`.`,
        hint: 'correct one of them, or join them by `or`',
        ...placeOf(node, text, 1),
      })
    }
    seen.set(path, [...others, form])
  }
}

function exclude(left: PredicateForm, right: PredicateForm): boolean {
  if (left.kind === 'one-of') return left.values.every((value) => !admits(right, value))
  if (right.kind === 'one-of') return exclude(right, left)
  if (left.kind === 'prefix' && right.kind === 'prefix')
    return !left.text.startsWith(right.text) && !right.text.startsWith(left.text)
  if (left.kind !== 'range' || right.kind !== 'range') return false
  const low = Math.max(left.low, right.low)
  const high = Math.min(left.high, right.high)
  if (low !== high) return low > high
  return !admits(left, low) || !admits(right, low)
}

function admits(form: PredicateForm, value: Scalar): boolean {
  if (form.kind === 'one-of') return form.values.includes(value)
  // What is no text is an error there and needs no warning here.
  if (form.kind === 'prefix') return typeof value !== 'string' || value.startsWith(form.text)
  if (form.kind === 'contains') {
    if (typeof value !== 'string') return true
    return (form.ignoreCase ? value.toLowerCase() : value).includes(form.text)
  }
  if (form.kind !== 'range') return true
  if (typeof value !== 'number') return false
  if (value < form.low || value > form.high) return false
  return !(form.lowOpen && value === form.low) && !(form.highOpen && value === form.high)
}
