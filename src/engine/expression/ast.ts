/** What the parser of the `jsonata` package returns. Its own type declaration covers a part of it only. */
export interface Ast {
  readonly type: string
  readonly value?: unknown
  readonly position?: number
  readonly steps?: readonly Ast[]
  readonly expressions?: readonly Ast[]
  readonly expression?: Ast
  readonly lhs?: Ast
  readonly rhs?: Ast
  readonly condition?: Ast
  readonly then?: Ast
  readonly else?: Ast
  readonly procedure?: Ast
  readonly arguments?: readonly Ast[]
  readonly body?: Ast
  readonly signature?: { readonly definition: string }
  readonly thunk?: boolean
  readonly pattern?: Ast
  readonly update?: Ast
  readonly delete?: Ast
  readonly terms?: ReadonlyArray<{ readonly expression: Ast; readonly descending?: boolean }>
  readonly predicate?: ReadonlyArray<{ readonly type: string; readonly expr: Ast }>
  readonly stages?: ReadonlyArray<{ readonly type: string; readonly expr?: Ast; readonly value?: string }>
  readonly group?: Group
  readonly keepArray?: boolean
  readonly keepSingletonArray?: boolean
  readonly consarray?: boolean
  readonly tuple?: boolean | string
  readonly focus?: string
  readonly index?: string
  readonly ancestor?: { readonly label: string }
  readonly slot?: { readonly label: string }
}

export interface Group {
  readonly lhs: ReadonlyArray<readonly [Ast, Ast]>
  readonly position?: number
}

/** The part of a node that its type promises. */
export function part(node: Ast | undefined): Ast {
  if (node === undefined) throw new Error('invariant violated: the syntax tree lacks a part')
  return node
}
