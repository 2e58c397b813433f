import type { Ast } from './ast.ts'

/** All direct parts of a node, in the order of the text as far as the tree tells it. */
export function partsOf(node: Ast): readonly Ast[] {
  const parts: Ast[] = []
  const add = (value: unknown): void => {
    if (Array.isArray(value)) for (const member of value) add(member)
    else if (typeof value === 'object' && value !== null) {
      if (typeof (value as Ast).type === 'string' && isNode(value as Ast)) parts.push(value as Ast)
      else for (const member of Object.values(value)) add(member)
    }
  }
  for (const [name, value] of Object.entries(node))
    if (name !== 'value' && name !== 'signature' && name !== 'ancestor' && name !== 'slot') add(value)
  return parts
}

/** Filters and stages look like nodes but are holders of one. */
const isNode = (value: Ast): boolean => !('expr' in value) && (value.type as string) !== 'index'

export function visit(node: Ast, see: (node: Ast) => void): void {
  see(node)
  for (const part of partsOf(node)) visit(part, see)
}

/** How deep the tree is, or more than `most`; never goes deeper than that. */
export function depthOf(node: Ast, most: number): number {
  if (most <= 0) return 1
  let deepest = 0
  for (const part of partsOf(node)) deepest = Math.max(deepest, depthOf(part, most - 1))
  return deepest + 1
}

/** Number of nodes. */
export const sizeOf = (node: Ast): number => partsOf(node).reduce((total, part) => total + sizeOf(part), 1)
