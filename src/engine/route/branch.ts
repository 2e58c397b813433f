import type { Scalar } from '../model/index.ts'
import { ABSENT, type Field, MAPPED, TEXT, UNTOLD } from './field.ts'
import type { Hop } from './placement.ts'
import { TextTable, type TextVisitor } from './text-table.ts'

/** What a branch needs of the tree it stands in: `N` is a node. */
export interface Search<N> {
  /** The field of the event at hand, read if it was not. */
  read(field: Field): void
  /** The id of its value in that event; negative: no rule asks for the value, or only the expression can tell (`UNTOLD`). */
  valueId(field: Field): number
  /** The node's condition holds. */
  enter(node: N): void
  /** The condition of a node holds that is nothing but these cells. */
  compare(at: number): void
  /** Whether the node's condition holds cannot be told here. */
  examine(node: N): void
}

/** Grows a node when a tap comes, says whether it is empty when one has gone. */
export interface Nodes<N> {
  create(): N
  isEmpty(node: N): boolean
  /** Where its cells are, when it is nothing but these. */
  cellsOf(node: N): number | undefined
}

/** All that is looked up in one field in one way. */
export interface Branch<N> {
  readonly kind: Hop['kind']
  readonly field: Field
  readonly isEmpty: boolean
  /** How many values it tells apart. */
  readonly width: number
  /** The nodes behind a hop, made where they are missing. */
  grow(hop: Hop): N[]
  find(hop: Hop): N[]
  /** The nodes behind a hop have changed: those that have become empty are forgotten. */
  settle(hop: Hop): void
  all(): Iterable<N>
  search(search: Search<N>): void
}

export function createBranch<N>(hop: Hop, field: Field, nodes: Nodes<N>): Branch<N> {
  switch (hop.kind) {
    case 'equality':
      return new EqualityBranch(field, nodes)
    case 'prefix':
      return new PrefixBranch(field, nodes)
    case 'text':
      return new TextBranch(field, nodes)
    case 'presence':
      return new PresenceBranch(field, nodes)
  }
}

class EqualityBranch<N> implements Branch<N> {
  readonly kind = 'equality'
  readonly field: Field
  readonly #nodes: Nodes<N>
  /** By the id that the value has in the field. */
  readonly #children: (N | undefined)[] = []
  /** By the same: where the cells of a node are that is nothing else, so that it need not be looked at; otherwise 0. */
  readonly #cells: number[] = []
  #width = 0

  constructor(field: Field, nodes: Nodes<N>) {
    this.field = field
    this.#nodes = nodes
  }

  get isEmpty(): boolean {
    return this.#width === 0
  }

  get width(): number {
    return this.#width
  }

  grow(hop: Hop): N[] {
    const { values } = this.field
    return valuesOf(hop).map((value) => {
      const known = this.#children[values.idOf(value)]
      if (known !== undefined) return known
      const child = this.#nodes.create()
      this.#children[values.acquire(value)] = child
      this.#width++
      return child
    })
  }

  find(hop: Hop): N[] {
    return valuesOf(hop)
      .map((value) => this.#children[this.field.values.idOf(value)])
      .filter((child) => child !== undefined)
  }

  settle(hop: Hop): void {
    const { values } = this.field
    for (const value of valuesOf(hop)) {
      const id = values.idOf(value)
      const child = this.#children[id]
      if (child === undefined) continue
      this.#cells[id] = this.#nodes.cellsOf(child) ?? 0
      if (!this.#nodes.isEmpty(child)) continue
      this.#children[id] = undefined
      this.#width--
      values.release(value)
    }
  }

  all(): Iterable<N> {
    return this.#children.filter((child) => child !== undefined)
  }

  search(search: Search<N>): void {
    const id = search.valueId(this.field)
    if (id >= 0) {
      const cells = this.#cells[id]
      if (cells === undefined) return
      if (cells > 0) {
        search.compare(cells)
        return
      }
      const child = this.#children[id]
      if (child !== undefined) search.enter(child)
    } else if (id === UNTOLD) for (const child of this.all()) search.examine(child)
  }
}

const valuesOf = (hop: Hop): readonly Scalar[] => (hop.kind === 'equality' ? hop.values : [])
const textOf = (hop: Hop): string => ('text' in hop ? hop.text : '')

class PrefixBranch<N> implements Branch<N> {
  readonly kind = 'prefix'
  readonly field: Field
  readonly #nodes: Nodes<N>
  readonly #byLength = new Map<number, Map<string, N>>()

  constructor(field: Field, nodes: Nodes<N>) {
    this.field = field
    this.#nodes = nodes
  }

  get isEmpty(): boolean {
    return this.#byLength.size === 0
  }

  get width(): number {
    return this.#byLength.size
  }

  grow(hop: Hop): N[] {
    const text = textOf(hop)
    const children = this.#byLength.get(text.length) ?? new Map<string, N>()
    this.#byLength.set(text.length, children)
    const child = children.get(text) ?? this.#nodes.create()
    children.set(text, child)
    return [child]
  }

  find(hop: Hop): N[] {
    const text = textOf(hop)
    const child = this.#byLength.get(text.length)?.get(text)
    return child === undefined ? [] : [child]
  }

  settle(hop: Hop): void {
    const text = textOf(hop)
    const children = this.#byLength.get(text.length)
    const child = children?.get(text)
    if (children === undefined || child === undefined || !this.#nodes.isEmpty(child)) return
    children.delete(text)
    if (children.size === 0) this.#byLength.delete(text.length)
  }

  *all(): Iterable<N> {
    for (const children of this.#byLength.values()) yield* children.values()
  }

  search(search: Search<N>): void {
    const { field } = this
    search.read(field)
    if (field.kind === ABSENT) return
    if (field.kind !== TEXT) {
      for (const child of this.all()) search.examine(child)
      return
    }
    const text = field.value as string
    for (const [length, children] of this.#byLength) {
      const child = length <= text.length ? children.get(text.slice(0, length)) : undefined
      if (child !== undefined) search.enter(child)
    }
  }
}

class TextBranch<N> implements Branch<N>, TextVisitor<N> {
  readonly kind = 'text'
  readonly field: Field
  readonly #nodes: Nodes<N>
  readonly #children = new TextTable<N>()
  #search: Search<N> | undefined

  constructor(field: Field, nodes: Nodes<N>) {
    this.field = field
    this.#nodes = nodes
  }

  get isEmpty(): boolean {
    return this.#children.size === 0
  }

  get width(): number {
    return this.#children.size
  }

  grow(hop: Hop): N[] {
    const known = this.#children.get(textOf(hop), isAnyCase(hop))
    if (known !== undefined) return [known]
    const child = this.#nodes.create()
    this.#children.add(textOf(hop), isAnyCase(hop), child)
    return [child]
  }

  find(hop: Hop): N[] {
    const child = this.#children.get(textOf(hop), isAnyCase(hop))
    return child === undefined ? [] : [child]
  }

  settle(hop: Hop): void {
    const child = this.#children.get(textOf(hop), isAnyCase(hop))
    if (child !== undefined && this.#nodes.isEmpty(child)) this.#children.delete(textOf(hop), isAnyCase(hop))
  }

  all(): Iterable<N> {
    return this.#children.values()
  }

  search(search: Search<N>): void {
    const { field } = this
    search.read(field)
    if (field.kind === ABSENT) return
    if (field.kind !== TEXT) {
      for (const child of this.all()) search.examine(child)
      return
    }
    this.#search = search
    this.#children.search(field.value as string, this)
  }

  found(node: N): void {
    this.#search?.enter(node)
  }

  /** Beyond ASCII, regular expressions fold letters that have no lower-case form here (ſ, K): they are asked themselves. */
  unsure(node: N): void {
    this.#search?.examine(node)
  }
}

const isAnyCase = (hop: Hop): boolean => hop.kind === 'text' && hop.ignoreCase

class PresenceBranch<N> implements Branch<N> {
  readonly kind = 'presence'
  readonly field: Field
  readonly #nodes: Nodes<N>
  readonly #child: N

  constructor(field: Field, nodes: Nodes<N>) {
    this.field = field
    this.#nodes = nodes
    this.#child = nodes.create()
  }

  get isEmpty(): boolean {
    return this.#nodes.isEmpty(this.#child)
  }

  get width(): number {
    return 1
  }

  grow(): N[] {
    return [this.#child]
  }

  find(): N[] {
    return [this.#child]
  }

  settle(): void {}

  all(): Iterable<N> {
    return [this.#child]
  }

  search(search: Search<N>): void {
    search.read(this.field)
    if (this.field.kind === MAPPED) search.examine(this.#child)
    else if (this.field.kind !== ABSENT) search.enter(this.#child)
  }
}
