import { nearest } from '../model/index.ts'
import type { Ast } from './ast.ts'
import { FUNCTIONS, REFUSED } from './functions/index.ts'
import type { Trouble } from './parse.ts'
import { visit } from './walk.ts'

/** `position` of the parser is where a token ends. */
export function placeOf(node: Ast, text: string, length: number): { offset: number; length: number } {
  const end = node.position ?? text.length
  return { offset: Math.max(0, Math.min(end - length, text.length - 1)), length: Math.max(1, length) }
}

function refusedName(node: Ast, name: string, text: string): Trouble {
  return {
    code: 'refused-function',
    message: `\`$${name}\` is not available: it would break replay or cannot be bounded.`,
    hint: REFUSED.get(name) ?? '',
    ...placeOf(node, text, name.length + 1),
  }
}

function unknownName(
  node: Ast,
  name: string,
  text: string,
  names: readonly string[],
  called: boolean,
): Trouble {
  const meant = nearest(name, [...names, ...FUNCTIONS.keys()])
  return {
    code: called ? 'unknown-function' : 'unknown-name',
    message: called
      ? `There is no function \`$${name}\`.`
      : `\`$${name}\` is neither a step nor a variable of this expression.`,
    hint: meant === undefined ? 'steps are `$name`; fields are bare names' : `did you mean \`$${meant}\`?`,
    ...placeOf(node, text, name.length + 1),
  }
}

/** Names that mean nothing, and what is refused. */
export function check(
  ast: Ast,
  text: string,
  bound: ReadonlySet<string>,
  names: readonly string[],
): readonly Trouble[] {
  const errors: Trouble[] = []
  const called = new Set<Ast>()
  visit(ast, (node) => {
    if ((node.type === 'function' || node.type === 'partial') && node.procedure !== undefined)
      called.add(node.procedure)
    if (node.type !== 'variable') return
    const name = node.value as string
    if (name === '' || name === '$' || bound.has(name) || names.includes(name) || FUNCTIONS.has(name)) return
    errors.push(
      REFUSED.has(name)
        ? refusedName(node, name, text)
        : unknownName(node, name, text, names, called.has(node)),
    )
  })
  return errors
}
