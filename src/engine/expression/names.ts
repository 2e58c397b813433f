import type { Ast } from './ast.ts'
import { visit } from './walk.ts'

/** The names that the text itself gives values to: assignments, parameters, `@$name`, `#$name`. */
export function boundNames(ast: Ast): ReadonlySet<string> {
  const names = new Set<string>()
  visit(ast, (node) => {
    if (node.type === 'bind' && typeof node.lhs?.value === 'string') names.add(node.lhs.value)
    if (node.type === 'lambda')
      for (const parameter of node.arguments ?? []) names.add(parameter.value as string)
    if (node.focus !== undefined) names.add(node.focus)
    if (node.index !== undefined) names.add(node.index)
    for (const stage of node.stages ?? []) if (stage.type === 'index') names.add(stage.value as string)
  })
  return names
}
