import type { EventData, Frame, StreamEvent } from '../model/index.ts'
import { type Branch, createBranch, type Nodes, type Search } from './branch.ts'
import { ABSENT, type Field, type FieldTable, NUMBER, readField } from './field.ts'
import { closedBounds, IntervalList } from './interval-list.ts'
import type { Tap } from './lane.ts'
import { type Hop, isSamePath, type Witnesses, witnessesOf } from './placement.ts'
import { type SharedPredicate, testShared } from './predicate.ts'
import { type TapIndex, testTap } from './tap-list.ts'

interface Entry {
  readonly tap: Tap
  readonly residual: readonly SharedPredicate[]
}

/** Taps for which everything above the node holds, and what is left to look up for them. */
interface Node {
  taps: number
  readonly open: Entry[]
  readonly branches: Branch<Node>[]
  readonly bands: BandBranch[]
}

interface BandBranch {
  readonly field: Field
  readonly intervals: IntervalList<Entry>
}

type Visit = (tap: Tap, result: 1 | -1) => void

const NODES: Nodes<Node> = {
  create: () => ({ taps: 0, open: [], branches: [], bands: [] }),
  isEmpty: (node) => node.taps === 0,
}

/**
 * The taps of one subject filter by what they demand: equalities nested in each other, then texts, presence and intervals. An event
 * looks up its values and meets the taps whose looked-up conjuncts hold, whatever the number of the others.
 */
export class RuleIndex implements TapIndex, Search<Node> {
  readonly #fields: FieldTable
  readonly #root = NODES.create()
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
    const chosen = witnessesOf(tap.shared)
    const witnesses = { ...chosen, hops: this.#order(chosen.hops) }
    this.#placed.set(tap, witnesses)
    let nodes = [this.#root]
    for (const hop of witnesses.hops) {
      for (const node of nodes) node.taps++
      nodes = nodes.flatMap((node) => this.#branch(node, hop).grow(hop))
    }
    for (const node of nodes) {
      node.taps++
      this.#insert(node, tap, witnesses)
    }
  }

  remove(tap: Tap): void {
    const witnesses = this.#placed.get(tap)
    if (witnesses === undefined) return
    this.#placed.delete(tap)
    this.#withdraw(this.#root, 0, tap, witnesses)
  }

  /** What a tap is looked up by; only of taps in this index. */
  witnesses(tap: Tap): Witnesses {
    return this.#placed.get(tap) ?? witnessesOf(tap.shared)
  }

  /** How many lookups an event begins with, and how many taps have no witness and are asked one by one. */
  describe(): { readonly lookups: number; readonly open: number } {
    const { open, branches, bands } = this.#root
    return { lookups: branches.length + bands.length, open: open.length }
  }

  match(stamp: number, frame: Frame, visit: Visit): void {
    this.#stamp = stamp
    this.#frame = frame
    this.#data = (frame.event as StreamEvent).data
    this.#visit = visit
    this.enter(this.#root)
  }

  read(field: Field): void {
    if (field.stamp !== this.#stamp) readField(field, this.#stamp, this.#data)
  }

  enter(node: Node): void {
    const { open, branches, bands } = node
    for (let index = 0; index < open.length; index++) this.#offer(open[index] as Entry)
    for (let index = 0; index < branches.length; index++) (branches[index] as Branch<Node>).search(this)
    for (let index = 0; index < bands.length; index++) this.#searchBand(bands[index] as BandBranch)
  }

  /** Nothing can be told from the data alone: the expressions of everything below the node are asked. */
  examine(node: Node): void {
    for (const entry of node.open) this.#examineTap(entry.tap)
    for (const { intervals } of node.bands) for (const entry of intervals.all()) this.#examineTap(entry.tap)
    for (const branch of node.branches) for (const child of branch.all()) this.examine(child)
  }

  #searchBand({ field, intervals }: BandBranch): void {
    this.read(field)
    if (field.kind === NUMBER) intervals.find(field.value as number, this.#offerEntry)
    // A comparison with what is no number is an error of each of these rules: their expressions say which.
    else if (field.kind !== ABSENT) for (const entry of intervals.all()) this.#examineTap(entry.tap)
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

  #examineTap(tap: Tap): void {
    const result = testTap(tap, this.#stamp, this.#frame as Frame)
    if (result !== 0) this.#visit(tap, result)
  }

  /** Fields by which many taps are told apart come first, so that the tree stays narrow; what has several values stays where it is. */
  #order(hops: readonly Hop[]): Hop[] {
    const single = hops.filter((hop) => hop.kind === 'equality' && hop.values.length === 1)
    const others = hops.filter((hop) => !single.includes(hop))
    const ordered: Hop[] = []
    let node: Node | undefined = this.#root
    while (single.length > 0) {
      let best = 0
      let bestWidth = -1
      single.forEach((hop, index) => {
        const width = node === undefined ? 0 : (branchOf(node, hop)?.width ?? 0)
        if (width <= bestWidth) return
        best = index
        bestWidth = width
      })
      const [next] = single.splice(best, 1) as [Hop]
      ordered.push(next)
      node = node === undefined ? undefined : branchOf(node, next)?.find(next)[0]
    }
    return [...ordered, ...others]
  }

  #insert(node: Node, tap: Tap, { band, residual }: Witnesses): void {
    if (band === undefined) {
      node.open.push({ tap, residual })
      return
    }
    let branch = node.bands.find(({ field }) => isSamePath(field.path, band.path))
    if (branch === undefined) {
      branch = { field: this.#fields.acquire(band.path), intervals: new IntervalList() }
      node.bands.push(branch)
    }
    const { low, high } = closedBounds(band)
    branch.intervals.add(low, high, { tap, residual })
  }

  /** Takes a tap out below the node at `depth` of its hops and prunes what it leaves empty. */
  #withdraw(node: Node, depth: number, tap: Tap, witnesses: Witnesses): void {
    node.taps--
    const hop = witnesses.hops[depth]
    if (hop === undefined) {
      this.#takeOut(node, tap, witnesses)
      return
    }
    const branch = branchOf(node, hop)
    if (branch === undefined) return
    for (const child of branch.find(hop)) this.#withdraw(child, depth + 1, tap, witnesses)
    branch.prune(hop)
    if (!branch.isEmpty) return
    node.branches.splice(node.branches.indexOf(branch), 1)
    this.#fields.release(branch.field)
  }

  #takeOut(node: Node, tap: Tap, { band }: Witnesses): void {
    if (band === undefined) {
      const at = node.open.findIndex((entry) => entry.tap === tap)
      if (at >= 0) node.open.splice(at, 1)
      return
    }
    const branch = node.bands.find(({ field }) => isSamePath(field.path, band.path))
    const entry = branch?.intervals.all().find((candidate) => candidate.tap === tap)
    if (branch === undefined || entry === undefined) return
    branch.intervals.remove(entry)
    if (branch.intervals.size > 0) return
    node.bands.splice(node.bands.indexOf(branch), 1)
    this.#fields.release(branch.field)
  }

  #branch(node: Node, hop: Hop): Branch<Node> {
    const known = branchOf(node, hop)
    if (known !== undefined) return known
    const branch = createBranch(hop, this.#fields.acquire(hop.path), NODES)
    node.branches.push(branch)
    return branch
  }
}

const branchOf = (node: Node, hop: Hop): Branch<Node> | undefined =>
  node.branches.find(({ kind, field }) => kind === hop.kind && isSamePath(field.path, hop.path))
