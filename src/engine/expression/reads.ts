import type { ExpressionReads, ExpressionScope } from '../model/index.ts'
import type { Ast } from './ast.ts'
import { FUNCTIONS } from './functions/index.ts'
import { partsOf } from './walk.ts'

/** The event itself, or something that was read (and recorded) as a whole already. */
type Context = 'event' | 'covered'

interface Collected {
  fields: string[][] | undefined
  readonly steps: Map<number, string[][] | undefined>
  readonly lists: Set<string>
  key: boolean
  attributes: boolean
}

/** What an expression reads. Unsure means everything: an index may trust what is left out. */
export function readsOf(ast: Ast, scope: ExpressionScope, bound: ReadonlySet<string>): ExpressionReads {
  const collector = new Collector(scope, bound)
  collector.visit(ast, 'event')
  const { fields, steps, lists, key, attributes } = collector.found
  return { fields, steps, lists: [...lists], key, attributes }
}

class Collector {
  readonly found: Collected = {
    fields: [],
    steps: new Map(),
    lists: new Set(),
    key: false,
    attributes: false,
  }
  readonly #slots: ReadonlyMap<string, number>
  readonly #bound: ReadonlySet<string>

  constructor(scope: ExpressionScope, bound: ReadonlySet<string>) {
    this.#slots = new Map(scope.steps.map(({ name }, slot) => [name, slot]))
    this.#bound = bound
  }

  visit(node: Ast, context: Context): void {
    switch (node.type) {
      case 'path':
        this.#path(node, context)
        return
      case 'name':
        if (context === 'event') this.#field([node.value as string])
        break
      case 'variable':
        this.#variable(node.value as string, [], context)
        break
      case 'wildcard':
      case 'descendant':
      case 'parent':
        if (context === 'event') this.found.fields = undefined
        break
      case 'function':
        this.#call(node)
        break
      default:
    }
    this.#parts(node, context)
  }

  #parts(node: Ast, context: Context): void {
    const inner = new Set<Ast>([
      ...(node.predicate ?? []).map(({ expr }) => expr),
      ...(node.stages ?? []).flatMap(({ expr }) => expr ?? []),
    ])
    // Grouping and ordering, like filters, look at what the node found; that was recorded as a whole.
    const groups = new Set((node.group?.lhs ?? []).flat())
    for (const part of partsOf(node))
      this.visit(part, inner.has(part) || groups.has(part) || node.type === 'sort' ? 'covered' : context)
  }

  #path(node: Ast, context: Context): void {
    const steps = node.steps ?? []
    const names: string[] = []
    const variable = steps[0]?.type === 'variable' ? (steps[0].value as string) : undefined
    let whole = steps[0]?.predicate !== undefined || steps[0]?.stages !== undefined
    for (
      let i = variable === undefined ? 0 : 1;
      i < steps.length && !(whole && variable !== undefined);
      i++
    ) {
      const step = steps[i] as Ast
      if (step.type !== 'name' || (i > 0 && whole)) break
      names.push(step.value as string)
      whole = step.stages !== undefined || step.predicate !== undefined || step.group !== undefined
    }
    if (variable !== undefined) this.#variable(variable, names, context)
    else if (names.length > 0 && context === 'event') this.#field(names)
    steps.forEach((step, i) => {
      if (i === 0 && variable === undefined && step.type !== 'name') this.visit(step, context)
      else this.#parts(step, 'covered')
    })
    for (const part of (node.group?.lhs ?? []).flat()) this.visit(part, 'covered')
    if (steps.some(({ type }) => type === 'parent') && context === 'event') this.found.fields = undefined
  }

  #field(path: string[]): void {
    if (this.found.fields === undefined) return
    if (!this.found.fields.some((known) => known.join('\0') === path.join('\0'))) this.found.fields.push(path)
  }

  #variable(name: string, path: string[], context: Context): void {
    if (name === '' && context === 'covered') return
    if (name === '' || name === '$') {
      if (path.length > 0) this.#field(path)
      else this.found.fields = undefined
      return
    }
    const slot = this.#slots.get(name)
    // A name that the text binds too may mean either.
    if (slot !== undefined) {
      const before = this.found.steps.get(slot)
      const known = this.found.steps.has(slot)
      if (path.length === 0 || this.#bound.has(name)) this.found.steps.set(slot, undefined)
      else if (!known) this.found.steps.set(slot, [path])
      else before?.push(path)
    } else if (name === 'key') this.found.key = true
    else if (name === 'event') this.found.attributes = true
    else if (FUNCTIONS.get(name)?.readsContext === true && context === 'event') this.found.fields = undefined
  }

  #call(node: Ast): void {
    const name = node.procedure?.value
    const list = node.arguments?.[0]
    if (name === 'in_list' && list?.type === 'string') this.found.lists.add(list.value as string)
  }
}
