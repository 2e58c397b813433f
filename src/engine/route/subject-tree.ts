interface Node<T> {
  readonly children: Map<string, Node<T>>
  any: Node<T> | undefined
  /** What stands at a filter that ends here. */
  here: T | undefined
  /** What stands at a filter that ends here in `>`. */
  rest: T | undefined
}

const newNode = <T>(): Node<T> => ({
  children: new Map(),
  any: undefined,
  here: undefined,
  rest: undefined,
})

/** Values by NATS subject filter (`*` one token, `>` the rest), found by subject in time of the subject's tokens. */
export class SubjectTree<T> {
  readonly #root: Node<T> = newNode()

  set(filter: string, value: T): void {
    const { node, rest } = this.#walk(filter)
    if (rest) node.rest = value
    else node.here = value
  }

  delete(filter: string): void {
    const { node, rest } = this.#walk(filter)
    if (rest) node.rest = undefined
    else node.here = undefined
  }

  /** The values of all filters that match, the more general ones last. */
  match(subject: string): T[] {
    const found: T[] = []
    collect(this.#root, subject.split('.'), 0, found)
    return found
  }

  #walk(filter: string): { node: Node<T>; rest: boolean } {
    let node = this.#root
    for (const token of filter.split('.')) {
      if (token === '>') return { node, rest: true }
      if (token === '*') {
        node.any ??= newNode()
        node = node.any
      } else {
        const child = node.children.get(token) ?? newNode<T>()
        node.children.set(token, child)
        node = child
      }
    }
    return { node, rest: false }
  }
}

function collect<T>(node: Node<T>, tokens: readonly string[], depth: number, found: T[]): void {
  if (depth === tokens.length) {
    if (node.here !== undefined) found.push(node.here)
    return
  }
  const child = node.children.get(tokens[depth] as string)
  if (child !== undefined) collect(child, tokens, depth + 1, found)
  if (node.any !== undefined) collect(node.any, tokens, depth + 1, found)
  if (node.rest !== undefined) found.push(node.rest)
}

/** Whether a NATS subject filter takes a subject. */
export function subjectMatches(filter: string, subject: string): boolean {
  const wanted = filter.split('.')
  const tokens = subject.split('.')
  for (let index = 0; index < wanted.length; index++) {
    if (wanted[index] === '>') return index < tokens.length
    if (index >= tokens.length || (wanted[index] !== '*' && wanted[index] !== tokens[index])) return false
  }
  return wanted.length === tokens.length
}
