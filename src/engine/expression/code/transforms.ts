import { type Ast, part } from '../ast.ts'
import { Native, Wrapped } from '../callable.ts'
import type { Environment } from '../environment.ts'
import { Failure } from '../failure.ts'
import { clone, FUNCTIONS } from '../functions/index.ts'
import { chargeSteps } from '../run.ts'
import { enterValue, isFunction, isObject, leaveValue, setOwn } from '../values.ts'
import { apply } from './calls.ts'
import type { Code, Compiler } from './compiler.ts'

/** Everything in the copy: only this may be changed, never the event or what an expression built before. */
function members(value: unknown, found: Set<unknown>): Set<unknown> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found
  found.add(value)
  enterValue()
  for (const member of Object.values(value)) members(member, found)
  leaveValue()
  return found
}

const at = (node: Ast | undefined): { position?: number } =>
  node?.position === undefined ? {} : { position: node.position }

function update(match: unknown, changes: unknown, copy: Set<unknown>, node: Ast): void {
  if (changes === undefined) return
  if (!isObject(changes)) throw new Failure('T2011', { ...at(node.update), value: changes })
  // Numbers and texts have no fields to set; nothing happens to them.
  if (match !== null && typeof match !== 'object') return
  const entries = Object.entries(changes)
  if (entries.length === 0) return
  if (!copy.has(match)) throw new Failure('U1003', at(node))
  chargeSteps(entries.length)
  for (const [name, value] of entries) {
    // A copy again: what is inserted may hold the place that it is inserted into.
    const inserted = typeof value === 'object' && value !== null ? clone(value) : value
    setOwn(match as Record<string, unknown>, name, inserted)
    members(inserted, copy)
  }
}

function remove(match: unknown, names: unknown, copy: Set<unknown>, node: Ast): void {
  if (names === undefined) return
  const list: readonly unknown[] = Array.isArray(names) ? names : [names]
  if (!list.every((name) => typeof name === 'string'))
    throw new Failure('T2012', { ...at(node.delete), value: names })
  if (typeof match !== 'object' || match === null) return
  if (!copy.has(match)) throw new Failure('U1003', at(node))
  chargeSteps(list.length)
  for (const name of list) Reflect.deleteProperty(match, name as string)
}

/** `| where | update, delete |`: a function that returns a changed copy. */
export function compileTransform(node: Ast, { compile, variable }: Compiler): Code {
  const pattern = compile(part(node.pattern))
  const changes = compile(part(node.update))
  const removals = node.delete === undefined ? undefined : compile(node.delete)
  const cloner = variable('clone')
  const transform = (value: unknown, environment: Environment): unknown => {
    if (value === undefined) return undefined
    const cloning = cloner(undefined, environment)
    if (!isFunction(cloning)) throw new Failure('T2013', at(node))
    const result = apply(cloning, [value], null)
    const found = pattern(result, environment)
    if (found === undefined) return result
    const own = cloning === FUNCTIONS.get('clone')
    const copy = own ? members(result, new Set()) : new Set<unknown>()
    for (const match of Array.isArray(found) ? Array.from(found) : [found]) {
      update(match, changes(match, environment), copy, node)
      if (removals !== undefined) remove(match, removals(match, environment), copy, node)
    }
    return result
  }
  return (_input, environment) => {
    const checked = new Native('transform', '<(oa):o>', 1, ([value]) => transform(value, environment))
    return new Wrapped(1, (args, input) => checked.call(args, input))
  }
}
