import type { EventData, Frame, StreamEvent } from '../model/index.ts'
import { type Branch, createBranch, type Nodes, type Search } from './branch.ts'
import { CellPool, type Cells } from './cell-pool.ts'
import {
  alternativesOf,
  BITS,
  COMPARISON,
  comparisonsOf,
  type Entry,
  EntryTable,
  HEAD,
  IntervalIds,
  IS,
  ITEM,
  isTold,
  kindOf,
  LANE,
  NO_FIRST,
  REST,
  releaseIds,
  slotOf,
  WITHIN,
} from './entry.ts'
import { ABSENT, type Field, type FieldTable, NUMBER, readField, readValueId, UNTOLD } from './field.ts'
import type { LaneRun, LaneSink } from './finds.ts'
import { closedBounds, IntervalList } from './interval-list.ts'
import { isBefore, type Lane, type Tap } from './lane.ts'
import { twice } from './numbers.ts'
import { type Hop, isSamePath, type Witnesses, witnessesOf } from './placement.ts'
import { type SharedPredicate, testShared } from './predicate.ts'
import { type TapIndex, testTap } from './tap-list.ts'

/** Taps for which everything above the node holds: in its cells those asked one by one, behind lookups the others. */
interface Node extends Cells {
  taps: number
  /** Whether its taps are told apart by lookups; the few of a small node are asked one by one. */
  isSplit: boolean
  branches: Branch<Node>[]
  bands: BandBranch[]
}

interface Placed {
  witnesses: Witnesses
  /** Its place in the list of taps. */
  place: number
}

interface BandBranch {
  readonly field: Field
  readonly intervals: IntervalList<Stretch>
}

/** What values find between two neighbouring limits. */
interface Stretch {
  readonly run: LaneRun | undefined
  /** Entries that are not in the run. */
  readonly rest: Int32Array
}

/** Most limits hold for few events. */
const NOTHING: Stretch = { run: undefined, rest: new Int32Array(0) }

/** So many lanes are worth a run. */
const RUN_MIN = 4

/** So many taps may stand in a node before it is split. */
const UNSPLIT_MAX = 16

/** So many texts make a field one that every event is searched in. */
const SEARCHED_MIN = 8

/** Most nodes stay small: they share these until they are split. */
const NO_BRANCHES: Branch<Node>[] = []
const NO_BANDS: BandBranch[] = []

/** Between two events. */
const NOBODY: LaneSink = { meet: () => undefined, meetRun: () => undefined }

const NODES: Nodes<Node> = {
  create: () => ({
    at: 0,
    used: 0,
    isSplit: false,
    capacity: 0,
    taps: 0,
    branches: NO_BRANCHES,
    bands: NO_BANDS,
  }),
  isEmpty: (node) => node.taps === 0,
  cellsOf: (node) => (node.isSplit ? undefined : node.at),
}

/**
 * The taps of one subject filter by what they demand: equalities nested in each other, then texts, presence and intervals. An event
 * looks up its values and meets the taps whose looked-up conjuncts hold, whatever the number of the others.
 */
export class RuleIndex implements TapIndex, Search<Node> {
  readonly #fields: FieldTable
  readonly #root = NODES.create()
  readonly #placed = new Map<Tap, Placed>()
  /** All taps, in no order, to be looked over again one by one. */
  readonly #taps: Tap[] = []
  #reviewed = 0
  readonly #pool = new CellPool()
  readonly #intervals = new IntervalIds()
  readonly #entries = new EntryTable()
  #stamp = 0
  #data: EventData = {}
  #frame: Frame | undefined
  #sink: LaneSink = NOBODY
  #inBand = new Int32Array(64)

  constructor(fields: FieldTable) {
    this.#fields = fields
  }

  get size(): number {
    return this.#placed.size
  }

  get open(): number {
    return this.#root.used / ITEM
  }

  taps(): Iterable<Tap> {
    return this.#taps
  }

  add(tap: Tap): void {
    const witnesses = witnessesOf(tap.shared, this.#isSearched)
    this.#placed.set(tap, { witnesses, place: this.#taps.length })
    this.#taps.push(tap)
    this.#insert(this.#root, 0, tap, witnesses)
    this.#review()
  }

  remove(tap: Tap): void {
    const placed = this.#placed.get(tap)
    if (placed === undefined) return
    this.#withdraw(this.#root, 0, tap, placed.witnesses)
    this.#placed.delete(tap)
    const last = this.#taps.pop() as Tap
    if (last === tap) return
    this.#taps[placed.place] = last
    const moved = this.#placed.get(last)
    if (moved !== undefined) moved.place = placed.place
  }

  /**
   * What is rare is known better with every tap that comes: each that comes has one other looked over again, and moved if it is better
   * looked up by something else first. So no change is ever a rebuild.
   */
  #review(): void {
    if (this.#reviewed >= this.#taps.length) this.#reviewed = 0
    const tap = this.#taps[this.#reviewed++] as Tap
    const placed = this.#placed.get(tap)
    if (placed === undefined || placed.witnesses.hops.length < 2) return
    const better = witnessesOf(tap.shared, this.#isSearched)
    if (isFirst(better, placed.witnesses)) return
    this.#withdraw(this.#root, 0, tap, placed.witnesses)
    placed.witnesses = better
    this.#insert(this.#root, 0, tap, better)
  }

  /** Whether so many taps are found by texts in a field already that one more costs nothing. */
  readonly #isSearched = (path: readonly string[]): boolean => {
    for (const { kind, field, width } of this.#root.branches)
      if (kind === 'text' && width >= SEARCHED_MIN && isSamePath(field.path, path)) return true
    return false
  }

  /** What a tap is looked up by; only of taps in this index. */
  witnesses(tap: Tap): Witnesses {
    return this.#placed.get(tap)?.witnesses ?? witnessesOf(tap.shared)
  }

  /** How many lookups an event begins with, and how many taps have no witness and are asked one by one. */
  describe(): { readonly lookups: number; readonly open: number } {
    const { branches, bands } = this.#root
    return { lookups: branches.length + bands.length, open: this.open }
  }

  match(stamp: number, frame: Frame, sink: LaneSink): void {
    this.#stamp = stamp
    this.#frame = frame
    this.#data = (frame.event as StreamEvent).data
    this.#sink = sink
    this.enter(this.#root)
  }

  read(field: Field): void {
    if (field.stamp !== this.#stamp) readField(field, this.#stamp, this.#data)
  }

  valueId(field: Field): number {
    return field.valueStamp === this.#stamp ? field.valueId : readValueId(field, this.#stamp, this.#data)
  }

  enter(node: Node): void {
    if (node.used > 0) this.compare(node.at)
    if (!node.isSplit) return
    const { branches, bands } = node
    for (let index = 0; index < branches.length; index++) (branches[index] as Branch<Node>).search(this)
    for (let index = 0; index < bands.length; index++) this.#searchBand(bands[index] as BandBranch)
  }

  /** Nothing can be told from the data alone: the expressions of everything below the node are asked. */
  examine(node: Node): void {
    for (const id of this.#inOrder(node)) this.#examineTap(id)
    for (const { intervals } of node.bands) for (const id of intervals.all()) this.#examineTap(id)
    for (const branch of node.branches) for (const child of branch.all()) this.examine(child)
  }

  compare(block: number): void {
    const { cells } = this.#pool
    const stamp = this.#stamp
    const start = block + 1
    const end = start + (cells[block] as number)
    let known = NO_FIRST
    let id = 0
    for (let at = start; at < end; at += ITEM) {
      const code = cells[at] as number
      if (code !== NO_FIRST) {
        if (code !== known) {
          known = code
          const field = this.#fields.slots[slotOf(code)] as Field
          id = field.valueStamp === stamp ? field.valueId : readValueId(field, stamp, this.#data)
        }
        if (id !== cells[at + 1]) {
          if (id === UNTOLD) this.#examineTap(cells[at + 2] as number)
          continue
        }
      }
      this.#compareRest(cells[at + 2] as number)
    }
  }

  #compareRest(id: number): void {
    const rest = this.#entries.heads[id * HEAD + REST] as number
    const truth = rest === 0 ? 1 : this.#truthOf(rest)
    if (truth > 0) this.#offer(id)
    else if (truth < 0) this.#examineTap(id)
  }

  /** 1: all comparisons that stand at `block` hold; 0: one does not; -1: that cannot be told here. */
  #truthOf(block: number): 1 | 0 | -1 {
    const { cells } = this.#pool
    const stamp = this.#stamp
    const { slots } = this.#fields
    const start = block + 1
    const end = start + (cells[block] as number)
    for (let at = start; at < end; at += COMPARISON) {
      const code = cells[at] as number
      const wanted = cells[at + 1] as number
      const field = slots[slotOf(code)] as Field
      if (kindOf(code) === WITHIN) {
        if (field.stamp !== stamp) readField(field, stamp, this.#data)
        const { kind } = field
        if (kind !== NUMBER) return kind === ABSENT ? 0 : -1
        const value = field.value as number
        const { ends } = this.#intervals
        if (value < (ends[2 * wanted] as number) || value > (ends[2 * wanted + 1] as number)) return 0
        continue
      }
      const id = field.valueStamp === stamp ? field.valueId : readValueId(field, stamp, this.#data)
      if (id === wanted) at += alternativesOf(code) * COMPARISON
      else if (id === UNTOLD) return -1
      else if (kindOf(code) === IS) return 0
    }
    return 1
  }

  #searchBand({ field, intervals }: BandBranch): void {
    this.read(field)
    if (field.kind === NUMBER) this.#offerBand(intervals, field.value as number)
    // A comparison with what is no number is an error of each of these rules: their expressions say which.
    else if (field.kind !== ABSENT) for (const id of intervals.all()) this.#examineTap(id)
  }

  #offerBand(intervals: IntervalList<Stretch>, value: number): void {
    const number = intervals.stretchOf(value)
    let stretch = intervals.kept(number)
    if (stretch === undefined) {
      while (this.#inBand.length < intervals.size) this.#inBand = twice(this.#inBand)
      const count = intervals.find(value, this.#inBand)
      if (!intervals.hasRoom) {
        this.#offerAll(this.#inBand, count)
        return
      }
      stretch = count === 0 ? NOTHING : this.#stretch(this.#inBand.slice(0, count))
      intervals.keep(number, stretch, count)
    }
    const { run, rest } = stretch
    if (run !== undefined) this.#sink.meetRun(run)
    this.#offerAll(rest, rest.length)
  }

  #offerAll(ids: Int32Array, count: number): void {
    for (let index = 0; index < count; index++) this.#offer(ids[index] as number)
  }

  /** Of the entries of which nothing is left to find out, most are one run: those with the group and the bits that most have. */
  #stretch(ids: Int32Array): Stretch {
    const alike = new Map<string, number[]>()
    for (const id of ids) {
      const { tap, bits, asked } = this.#entries.get(id)
      const { group, isOneOfSeveral } = tap.lane
      if (asked !== undefined || bits === 0 || isOneOfSeveral) continue
      const kind = `${group.number} ${bits}`
      const known = alike.get(kind)
      if (known === undefined) alike.set(kind, [id])
      else known.push(id)
    }
    const largest = [...alike.values()].reduce((best, each) => (each.length > best.length ? each : best), [])
    if (largest.length < RUN_MIN) return { run: undefined, rest: ids }
    const isInRun = new Set(largest)
    const lanes = largest.map((id) => this.#entries.get(id).tap.lane)
    lanes.sort((one, other) => (isBefore(one, other) ? -1 : 1))
    const { group } = lanes[0] as Lane
    const { bits } = this.#entries.get(largest[0] as number)
    return {
      run: {
        lanes: Int32Array.from(lanes, ({ number }) => number),
        targets: lanes.map(({ target }) => target),
        bits,
        group,
        reaches: [...new Set(lanes.map(({ reach }) => reach.number))],
      },
      rest: ids.filter((id) => !isInRun.has(id)),
    }
  }

  /** What was looked up and compared holds: what is left is asked. */
  #offer(id: number): void {
    const { heads } = this.#entries
    const lane = heads[id * HEAD + LANE] as number
    if (lane >= 0) this.#sink.meet(lane, heads[id * HEAD + BITS] as number)
    else this.#ask(id, ~lane)
  }

  #ask(id: number, lane: number): void {
    const { asked, bits } = this.#entries.get(id)
    let known = bits
    for (const predicate of asked ?? []) {
      const truth = testShared(predicate, this.#stamp, this.#frame as Frame)
      if (truth === 0) return
      if (truth < 0) known = 0
    }
    this.#sink.meet(lane, known)
  }

  #examineTap(id: number): void {
    const { tap } = this.#entries.get(id)
    const result = testTap(tap, this.#stamp, this.#frame as Frame)
    if (result !== 0) this.#sink.meet(tap.lane.number, result === 1 ? tap.decides : 0)
  }

  #insert(node: Node, depth: number, tap: Tap, witnesses: Witnesses): void {
    node.taps++
    if (isAtEnd(depth, witnesses) || (!node.isSplit && node.taps <= UNSPLIT_MAX)) {
      this.#open(node, tap, leftOf(depth, tap, witnesses))
      return
    }
    if (!node.isSplit) this.#split(node, depth)
    this.#passOn(node, depth, tap, witnesses)
  }

  #split(node: Node, depth: number): void {
    node.isSplit = true
    node.branches = []
    node.bands = []
    for (const id of this.#inOrder(node)) {
      const { tap } = this.#entries.get(id)
      const placed = this.#placed.get(tap) as Placed
      if (isAtEnd(depth, placed.witnesses)) continue
      this.#close(node, tap)
      // What is rare is known better now than when the first taps came.
      if (depth === 0) placed.witnesses = witnessesOf(tap.shared, this.#isSearched)
      this.#passOn(node, depth, tap, placed.witnesses)
    }
  }

  #open(node: Node, tap: Tap, left: readonly SharedPredicate[]): void {
    const asked = left.filter((predicate) => !isTold(predicate))
    const entry = entryOf(tap, asked, left.filter(isTold))
    const { first, rest } = comparisonsOf(entry, this.#intervals)
    const id = this.#entries.add(entry, this.#pool.store(rest))
    this.#pool.append(node, [...first, id])
  }

  /** Takes the tap's entry out of the node's own; whether it was there. */
  #close(node: Node, tap: Tap): boolean {
    const { cells } = this.#pool
    const entries = this.#entries
    const start = node.at + 1
    const end = start + node.used
    for (let at = start; at < end; at += ITEM) {
      const id = cells[at + 2] as number
      const entry = entries.get(id)
      if (entry.tap !== tap) continue
      this.#pool.cut(node, at - start, ITEM)
      this.#pool.discard(entries.heads[id * HEAD + REST] as number)
      releaseIds(entry, this.#intervals)
      entries.remove(id)
      return true
    }
    return false
  }

  /** The numbers of the entries whose cells these are. */
  #inOrder({ at: block, used }: Cells): number[] {
    const { cells } = this.#pool
    const ids: number[] = []
    const start = block + 1
    for (let at = start; at < start + used; at += ITEM) ids.push(cells[at + 2] as number)
    return ids
  }

  /** Files a tap under its next lookup. */
  #passOn(node: Node, depth: number, tap: Tap, witnesses: Witnesses): void {
    const planned = witnesses.hops[depth]
    if (planned !== undefined) {
      const { hop } = planned
      const branch = this.#branch(node, hop)
      for (const child of branch.grow(hop)) this.#insert(child, depth + 1, tap, witnesses)
      branch.settle(hop)
      return
    }
    const { interval } = witnesses.band as NonNullable<Witnesses['band']>
    let branch = node.bands.find(({ field }) => isSamePath(field.path, interval.path))
    if (branch === undefined) {
      branch = { field: this.#fields.acquire(interval.path), intervals: new IntervalList() }
      node.bands.push(branch)
    }
    const { low, high } = closedBounds(interval)
    const entry = entryOf(tap, leftOf(depth + 1, tap, witnesses), [])
    branch.intervals.add(low, high, this.#entries.add(entry))
  }

  /** Takes a tap out below the node at `depth` of its hops and prunes what it leaves empty. */
  #withdraw(node: Node, depth: number, tap: Tap, witnesses: Witnesses): void {
    node.taps--
    if (this.#close(node, tap)) return
    const hop = witnesses.hops[depth]?.hop
    if (hop === undefined) {
      this.#takeOut(node, tap, witnesses)
      return
    }
    const branch = branchOf(node, hop)
    if (branch === undefined) return
    for (const child of branch.find(hop)) this.#withdraw(child, depth + 1, tap, witnesses)
    branch.settle(hop)
    if (!branch.isEmpty) return
    node.branches.splice(node.branches.indexOf(branch), 1)
    this.#fields.release(branch.field)
  }

  #takeOut(node: Node, tap: Tap, { band }: Witnesses): void {
    const branch = node.bands.find(({ field }) => isSamePath(field.path, band?.interval.path ?? []))
    const id = branch?.intervals.all().find((candidate) => this.#entries.get(candidate).tap === tap)
    if (branch === undefined || id === undefined) return
    branch.intervals.remove(id)
    this.#entries.remove(id)
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

/** What is left to find out at `depth`: what was looked up on the way need not be asked again. */
function leftOf(depth: number, tap: Tap, { hops, band, residual }: Witnesses): readonly SharedPredicate[] {
  const ahead = hops.slice(depth).flatMap(({ stands }) => stands ?? [])
  const limits = depth > hops.length ? [] : (band?.stands ?? [])
  return [...ahead, ...limits, ...residual].filter((predicate) => !tap.late.includes(predicate))
}

const entryOf = (tap: Tap, asked: readonly SharedPredicate[], told: readonly SharedPredicate[]): Entry => ({
  tap,
  bits: tap.decides,
  told,
  asked: asked.length === 0 ? undefined : asked,
})

/** Whether both begin with the same lookup. */
function isFirst(a: Witnesses, b: Witnesses): boolean {
  const [first, second] = [a.hops[0]?.hop, b.hops[0]?.hop]
  return first !== undefined && first.kind === second?.kind && isSamePath(first.path, second.path)
}

const branchOf = (node: Node, hop: Hop): Branch<Node> | undefined =>
  node.branches.find(({ kind, field }) => kind === hop.kind && isSamePath(field.path, hop.path))
