import type { EventData, Frame, StreamEvent } from '../model/index.ts'
import { type Branch, createBranch, type Nodes, type Search } from './branch.ts'
import { ABSENT, type Field, type FieldTable, NUMBER, readField } from './field.ts'
import { closedBounds, IntervalList } from './interval-list.ts'
import type { Lane, Tap } from './lane.ts'
import { type Hop, isSamePath, type Witnesses, witnessesOf } from './placement.ts'
import { type SharedPredicate, testShared } from './predicate.ts'
import { type TapIndex, testTap, type VisitLane } from './tap-list.ts'

/** A tap, flattened: with many rules it is the way through memory that costs. */
interface Entry {
  readonly tap: Tap
  readonly lane: Lane
  readonly bits: number
  /** Undefined: nothing. */
  readonly residual: readonly SharedPredicate[] | undefined
}

/** Taps for which everything above the node holds, and what is left to look up for them. */
interface Node {
  taps: number
  /** Whether its taps are told apart by lookups; the few of a small node are asked one by one. */
  isSplit: boolean
  readonly open: Entry[]
  readonly branches: Branch<Node>[]
  readonly bands: BandBranch[]
}

interface BandBranch {
  readonly field: Field
  readonly intervals: IntervalList<Entry>
}

/** So many taps may stand in a node before it is split. */
const UNSPLIT_MAX = 6

const NODES: Nodes<Node> = {
  create: () => ({ taps: 0, isSplit: false, open: [], branches: [], bands: [] }),
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
  #visit: VisitLane = () => {}

  constructor(fields: FieldTable) {
    this.#fields = fields
  }

  get size(): number {
    return this.#placed.size
  }

  add(tap: Tap): void {
    const witnesses = witnessesOf(tap.shared)
    this.#placed.set(tap, witnesses)
    this.#insert(this.#root, 0, tap, witnesses)
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

  match(stamp: number, frame: Frame, visit: VisitLane): void {
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
    if (residual === undefined) {
      this.#visit(entry.lane, entry.bits)
      return
    }
    let { bits } = entry
    for (let index = 0; index < residual.length; index++) {
      const truth = testShared(residual[index] as SharedPredicate, this.#stamp, this.#frame as Frame)
      if (truth === 0) return
      if (truth < 0) bits = 0
    }
    this.#visit(entry.lane, bits)
  }

  #examineTap(tap: Tap): void {
    const result = testTap(tap, this.#stamp, this.#frame as Frame)
    if (result !== 0) this.#visit(tap.lane, result === 1 ? tap.decides : 0)
  }

  #insert(node: Node, depth: number, tap: Tap, witnesses: Witnesses): void {
    node.taps++
    if (isAtEnd(depth, witnesses) || (!node.isSplit && node.open.length < UNSPLIT_MAX)) {
      node.open.push(entryOf(depth, tap, witnesses))
      return
    }
    if (!node.isSplit) this.#split(node, depth)
    this.#passOn(node, depth, tap, witnesses)
  }

  #split(node: Node, depth: number): void {
    node.isSplit = true
    for (const entry of node.open.splice(0)) {
      // What is rare is known better now than when the first taps came.
      const witnesses = depth === 0 ? witnessesOf(entry.tap.shared) : this.witnesses(entry.tap)
      this.#placed.set(entry.tap, witnesses)
      if (isAtEnd(depth, witnesses)) node.open.push(entry)
      else this.#passOn(node, depth, entry.tap, witnesses)
    }
  }

  /** Files a tap under its next lookup. */
  #passOn(node: Node, depth: number, tap: Tap, witnesses: Witnesses): void {
    const planned = witnesses.hops[depth]
    if (planned !== undefined) {
      const { hop } = planned
      for (const child of this.#branch(node, hop).grow(hop)) this.#insert(child, depth + 1, tap, witnesses)
      return
    }
    const { interval } = witnesses.band as NonNullable<Witnesses['band']>
    let branch = node.bands.find(({ field }) => isSamePath(field.path, interval.path))
    if (branch === undefined) {
      branch = { field: this.#fields.acquire(interval.path), intervals: new IntervalList() }
      node.bands.push(branch)
    }
    const { low, high } = closedBounds(interval)
    branch.intervals.add(low, high, entryOf(depth + 1, tap, witnesses))
  }

  /** Takes a tap out below the node at `depth` of its hops and prunes what it leaves empty. */
  #withdraw(node: Node, depth: number, tap: Tap, witnesses: Witnesses): void {
    node.taps--
    const at = node.open.findIndex((entry) => entry.tap === tap)
    if (at >= 0) {
      node.open.splice(at, 1)
      return
    }
    const hop = witnesses.hops[depth]?.hop
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
    const branch = node.bands.find(({ field }) => isSamePath(field.path, band?.interval.path ?? []))
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

const isAtEnd = (depth: number, { hops, band }: Witnesses): boolean =>
  depth > hops.length || (depth === hops.length && band === undefined)

/** The tap as it stands at `depth`: what was looked up on the way need not be asked again. */
function entryOf(depth: number, tap: Tap, { hops, band, residual }: Witnesses): Entry {
  const ahead = hops.slice(depth).flatMap(({ stands }) => stands ?? [])
  const limits = depth > hops.length ? [] : (band?.stands ?? [])
  const left = [...ahead, ...limits, ...residual]
  return { tap, lane: tap.lane, bits: tap.decides, residual: left.length === 0 ? undefined : left }
}

const branchOf = (node: Node, hop: Hop): Branch<Node> | undefined =>
  node.branches.find(({ kind, field }) => kind === hop.kind && isSamePath(field.path, hop.path))
