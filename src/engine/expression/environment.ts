import { isObject, setOwn } from './values.ts'

/** The variables of one block, function call or tuple. */
export class Environment {
  readonly #outer: Environment | undefined
  #names: Map<string, unknown> | undefined

  constructor(outer: Environment | undefined) {
    this.#outer = outer
  }

  bind(name: string, value: unknown): void {
    this.#names ??= new Map()
    this.#names.set(name, value)
  }

  lookup(name: string): unknown {
    let scope: Environment | undefined = this
    while (scope !== undefined) {
      const names: Map<string, unknown> | undefined = scope.#names
      if (names?.has(name)) return names.get(name)
      scope = scope.#outer
    }
    return undefined
  }

  has(name: string): boolean {
    let scope: Environment | undefined = this
    while (scope !== undefined) {
      if (scope.#names?.has(name)) return true
      scope = scope.#outer
    }
    return false
  }

  /** The bindings of one tuple of a `@`, `#` or `%` path. */
  withTuple(tuple: Tuple): Environment {
    const inner = new Environment(this)
    for (const [name, value] of Object.entries(tuple)) inner.bind(name, value)
    return inner
  }
}

/** `@` is the value at hand; the other names are variables. */
export type Tuple = Record<string, unknown>

export const tupleOf = (value: unknown): Tuple => {
  const tuple: Tuple = {}
  setOwn(tuple, '@', value)
  return tuple
}

export const asTuple = (value: unknown): Tuple => (isObject(value) ? value : tupleOf(value))
