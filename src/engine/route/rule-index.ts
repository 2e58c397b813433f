import type { EventData, Frame, Scalar, StreamEvent } from '../model/index.ts'
import { ABSENT, type Field, type FieldTable, MAPPED, NUMBER, readField, STRUCTURE, TEXT } from './field.ts'
import { closedBounds, IntervalList } from './interval-list.ts'
import type { Tap } from './lane.ts'
import { type Equality, type Witnesses, witnessesOf } from './placement.ts'
import { type SharedPredicate, testShared } from './predicate.ts'
import { type TapIndex, testTap } from './tap-list.ts'

interface Entry {
  readonly tap: Tap
  readonly residual: readonly SharedPredicate[]
}

/** What is left to look up once everything above the node is known to hold. */
interface Node {
  size: number
  readonly open: Entry[]
  readonly equalities: Branch<Map<Scalar, Node>>[]
  readonly prefixes: Branch<Map<number, Map<string, Node>>>[]
  readonly presences: Branch<Node>[]
  readonly bands: Branch<IntervalList<Entry>>[]
}

interface Branch<C> {
  readonly field: Field
  readonly content: C
}

type Visit = (tap: Tap, result: 1 | -1) => void

const newNode = (): Node => ({
  size: 0,
  open: [],
  equalities: [],
  prefixes: [],
  presences: [],
  bands: [],
})

/**
 * The taps of one subject filter by what they demand: equalities nested in each other, then prefixes, presence, and intervals. An
 * event looks up its values and meets the taps whose looked-up conjuncts hold, whatever the number of the others.
 */
export class RuleIndex implements TapIndex {
  readonly #fields: FieldTable
  readonly #root = newNode()
  readonly #placed = new Map<Tap, Witnesses>()
  #stamp = 0
  #data: EventData = {}
  #frame: Frame | undefined
  #visit: Visit = () => {}

  constructor(fields: FieldTable) {
    this.#fields = fields
  }

  get size(): number {
    return this.#placed.size
  }

  add(tap: Tap): void {
    const chosen = witnessesOf(tap)
    const witnesses = { ...chosen, equalities: this.#order(chosen.equalities) }
    this.#placed.set(tap, witnesses)
    for (const node of this.#nodes(witnesses)) this.#insert(node, tap, witnesses)
  }

  remove(tap: Tap): void {
    const witnesses = this.#placed.get(tap)
    if (witnesses === undefined) return
    this.#placed.delete(tap)
    this.#withdraw(this.#root, 0, tap, witnesses)
  }

  witnesses(tap: Tap): Witnesses | undefined {
    return this.#placed.get(tap)
  }

  /** How many lookups an event begins with, by kind; `open` taps have no witness and are asked one by one. */
  describe(): Readonly<Record<'open' | 'equalities' | 'prefixes' | 'presences' | 'bands', number>> {
    const { open, equalities, prefixes, presences, bands } = this.#root
    return {
      open: open.length,
      equalities: equalities.length,
      prefixes: prefixes.length,
      presences: presences.length,
      bands: bands.length,
    }
  }

  match(stamp: number, frame: Frame, visit: Visit): void {
    this.#stamp = stamp
    this.#frame = frame
    this.#data = (frame.event as StreamEvent).data
    this.#visit = visit
    this.#search(this.#root)
  }

  #search(node: Node): void {
    const { open, equalities, bands } = node
    for (let index = 0; index < open.length; index++) this.#offer(open[index] as Entry)
    for (let index = 0; index < equalities.length; index++) {
      const branch = equalities[index] as Branch<Map<Scalar, Node>>
      const { field } = branch
      if (field.stamp !== this.#stamp) readField(field, this.#stamp, this.#data)
      if (field.kind === ABSENT || field.kind === STRUCTURE) continue
      if (field.kind === MAPPED) for (const child of branch.content.values()) this.#examine(child)
      else {
        const child = branch.content.get(field.value as Scalar)
        if (child !== undefined) this.#search(child)
      }
    }
    for (let index = 0; index < bands.length; index++)
      this.#searchBand(bands[index] as Branch<IntervalList<Entry>>)
    if (node.prefixes.length > 0) for (const branch of node.prefixes) this.#searchPrefixes(branch)
    if (node.presences.length > 0) for (const branch of node.presences) this.#searchPresence(branch)
  }

  #searchBand({ field, content }: Branch<IntervalList<Entry>>): void {
    if (field.stamp !== this.#stamp) readField(field, this.#stamp, this.#data)
    if (field.kind === NUMBER) content.find(field.value as number, this.#offerEntry)
    // A comparison with what is no number is an error of each of these rules: their expressions say which.
    else if (field.kind !== ABSENT) for (const entry of content.all()) this.#examineTap(entry.tap)
  }

  #searchPrefixes({ field, content }: Branch<Map<number, Map<string, Node>>>): void {
    if (field.stamp !== this.#stamp) readField(field, this.#stamp, this.#data)
    if (field.kind === ABSENT) return
    if (field.kind !== TEXT) {
      for (const children of content.values()) for (const child of children.values()) this.#examine(child)
      return
    }
    const text = field.value as string
    for (const [length, children] of content) {
      const child = length <= text.length ? children.get(text.slice(0, length)) : undefined
      if (child !== undefined) this.#search(child)
    }
  }

  #searchPresence({ field, content }: Branch<Node>): void {
    if (field.stamp !== this.#stamp) readField(field, this.#stamp, this.#data)
    if (field.kind === MAPPED) this.#examine(content)
    else if (field.kind !== ABSENT) this.#search(content)
  }

  readonly #offerEntry = (entry: Entry): void => this.#offer(entry)

  /** The looked-up conjuncts hold: the others decide. */
  #offer(entry: Entry): void {
    const { residual } = entry
    let result: 1 | -1 = 1
    for (let index = 0; index < residual.length; index++) {
      const predicate = residual[index] as SharedPredicate
      const truth =
        predicate.stamp === this.#stamp
          ? predicate.result
          : testShared(predicate, this.#stamp, this.#frame as Frame)
      if (truth === 0) return
      if (truth < 0) result = -1
    }
    this.#visit(entry.tap, result)
  }

  /** Nothing can be told from the data alone: the expressions of everything below the node are asked. */
  #examine(node: Node): void {
    for (const entry of node.open) this.#examineTap(entry.tap)
    for (const { content } of node.bands) for (const entry of content.all()) this.#examineTap(entry.tap)
    for (const { content } of node.equalities) for (const child of content.values()) this.#examine(child)
    for (const { content } of node.presences) this.#examine(content)
    for (const { content } of node.prefixes) {
      for (const children of content.values()) for (const child of children.values()) this.#examine(child)
    }
  }

  #examineTap(tap: Tap): void {
    const result = testTap(tap, this.#stamp, this.#frame as Frame)
    if (result !== 0) this.#visit(tap, result)
  }

  /** Fields by which many taps are told apart come first: the tree stays narrow. Several values stay last. */
  #order(equalities: readonly Equality[]): Equality[] {
    const single = equalities.filter(({ values }) => values.length === 1)
    const several = equalities.filter(({ values }) => values.length > 1)
    const ordered: Equality[] = []
    let node: Node | undefined = this.#root
    while (single.length > 0) {
      let best = 0
      let bestSize = -1
      single.forEach(({ path }, index) => {
        const size = branchOf(node?.equalities, path)?.content.size ?? 0
        if (size > bestSize) {
          best = index
          bestSize = size
        }
      })
      const [next] = single.splice(best, 1) as [Equality]
      ordered.push(next)
      node = branchOf(node?.equalities, next.path)?.content.get(next.values[0] as Scalar)
    }
    return [...ordered, ...several]
  }

  /** The nodes that a tap belongs to, made where they are missing; every node on the way counts it. */
  #nodes(witnesses: Witnesses): Node[] {
    let nodes = [this.#root]
    this.#root.size++
    for (const { path, values } of witnesses.equalities) {
      nodes = nodes.flatMap((node) => {
        const branch = this.#branch(node.equalities, path, () => new Map<Scalar, Node>())
        return values.map((value) => grow(branch.content, value))
      })
    }
    const { prefix, present } = witnesses
    if (prefix !== undefined) {
      nodes = nodes.map((node) => {
        const branch = this.#branch(node.prefixes, prefix.path, () => new Map<number, Map<string, Node>>())
        const children = branch.content.get(prefix.text.length) ?? new Map<string, Node>()
        branch.content.set(prefix.text.length, children)
        return grow(children, prefix.text)
      })
    }
    if (present === undefined) return nodes
    return nodes.map((node) => {
      const { content } = this.#branch(node.presences, present.path, newNode)
      content.size++
      return content
    })
  }

  #insert(node: Node, tap: Tap, { band, residual }: Witnesses): void {
    if (band === undefined) {
      node.open.push({ tap, residual })
      return
    }
    const { low, high } = closedBounds(band)
    this.#branch(node.bands, band.path, () => new IntervalList<Entry>()).content.add(low, high, {
      tap,
      residual,
    })
  }

  /** Takes a tap out of the node at `depth` of its witnesses and prunes what it leaves empty. */
  #withdraw(node: Node, depth: number, tap: Tap, witnesses: Witnesses): void {
    node.size--
    const { equalities, prefix, present, band } = witnesses
    const equality = equalities[depth]
    if (equality !== undefined) {
      const branch = branchOf(node.equalities, equality.path)
      if (branch === undefined) return
      for (const value of equality.values) this.#prune(branch.content, value, depth + 1, tap, witnesses)
      if (branch.content.size === 0) this.#cut(node.equalities, branch)
      return
    }
    if (prefix !== undefined && depth === equalities.length) {
      const branch = branchOf(node.prefixes, prefix.path)
      const children = branch?.content.get(prefix.text.length)
      if (branch === undefined || children === undefined) return
      this.#prune(children, prefix.text, depth + 1, tap, witnesses)
      if (children.size === 0) branch.content.delete(prefix.text.length)
      if (branch.content.size === 0) this.#cut(node.prefixes, branch)
      return
    }
    if (present !== undefined && depth === equalities.length + (prefix === undefined ? 0 : 1)) {
      const branch = branchOf(node.presences, present.path)
      if (branch === undefined) return
      this.#withdraw(branch.content, depth + 1, tap, witnesses)
      if (branch.content.size === 0) this.#cut(node.presences, branch)
      return
    }
    if (band === undefined) {
      const at = node.open.findIndex((entry) => entry.tap === tap)
      if (at >= 0) node.open.splice(at, 1)
      return
    }
    const branch = branchOf(node.bands, band.path)
    const entry = branch?.content.all().find((candidate) => candidate.tap === tap)
    if (branch === undefined || entry === undefined) return
    branch.content.remove(entry)
    if (branch.content.size === 0) this.#cut(node.bands, branch)
  }

  #prune<K>(children: Map<K, Node>, value: K, depth: number, tap: Tap, witnesses: Witnesses): void {
    const child = children.get(value)
    if (child === undefined) return
    this.#withdraw(child, depth, tap, witnesses)
    if (child.size === 0) children.delete(value)
  }

  #branch<C>(branches: Branch<C>[], path: readonly string[], create: () => C): Branch<C> {
    const known = branchOf(branches, path)
    if (known !== undefined) return known
    const branch = { field: this.#fields.acquire(path), content: create() }
    branches.push(branch)
    return branch
  }

  #cut<C>(branches: Branch<C>[], branch: Branch<C>): void {
    branches.splice(branches.indexOf(branch), 1)
    this.#fields.release(branch.field)
  }
}

function branchOf<C>(
  branches: readonly Branch<C>[] | undefined,
  path: readonly string[],
): Branch<C> | undefined {
  return branches?.find(
    ({ field }) =>
      field.path.length === path.length && field.path.every((name, index) => name === path[index]),
  )
}

function grow<K>(children: Map<K, Node>, value: K): Node {
  const child = children.get(value) ?? newNode()
  children.set(value, child)
  child.size++
  return child
}
