import { ERROR_FUEL, EVALUATION_FUEL, fuel } from '../expression/index.ts'
import type { Expression, Frame, StreamEvent } from '../model/index.ts'
import { describeWitnesses, type SlotRouting } from './describe.ts'
import { FieldTable } from './field.ts'
import { Finds, type LaneRun, type LaneSink, meetEach } from './finds.ts'
import { fnv1a32 } from './key.ts'
import { DIRECT_LANES_MAX, keyGroup, keyGroupId, keyOf, markIdle, markLive } from './key-group.ts'
import type { FilterMark, KeyGroup, Lane, Reach, RouteSlot, RouteTarget, Tap } from './lane.ts'
import { LaneTable } from './lane-table.ts'
import { PredicateTable, type SharedPredicate, tellShared, testShared } from './predicate.ts'
import { readingFuel } from './reading-fuel.ts'
import { RuleIndex } from './rule-index.ts'
import { SubjectTree } from './subject-tree.ts'
import { type TapIndex, testTap } from './tap-list.ts'

export interface RouteSpecification {
  readonly slots: readonly RouteSlot[]
  readonly startMask: number
  readonly needsEveryEvent: boolean
  /** `$key` of conjuncts, from the canonical key. */
  keyValue(key: string): Frame['key']
}

/** What a rule got from the router: give it back to take the rule out. */
export interface Routes {
  readonly target: RouteTarget
  readonly lanes: readonly Lane[]
}

/** Live lanes of a key beyond this many are intersected with the index instead of looked at one by one. */
const LIVE_LANES_SCANNED_MAX = 32

/** What a key may cost that rules wait for without having begun anything; beyond it they pay for every event that they could take. */
const WAITING_KEY_FUEL_MAX = 100

/** All that rules read through one subject filter. */
interface FilterRoutes extends FilterMark {
  readonly starts: RuleIndex
  /** By key group, the lanes that may wait for events of this filter. */
  readonly waiting: WaitingLanes[]
  /** Taps of guests, with what each pays for an event. */
  readonly paying: Array<{ readonly tap: Tap; readonly fuel: number }>
  lanes: number
}

interface WaitingLanes {
  readonly group: KeyGroup
  /** Numbers of lanes. */
  readonly direct: number[]
  /** Taps of lanes that are not direct. */
  readonly index: TapIndex
}

/** Which rules read a subject; the same for all events of it. */
export interface SubjectPlan {
  readonly number: number
  readonly filters: readonly FilterRoutes[]
}

/**
 * Brings an event to the rules and keys that can take it: those with a start step that the event satisfies, and those that wait
 * with live state for the event's key.
 */
export class Router {
  readonly #frame: Frame
  readonly #owns: (key: string) => boolean
  readonly #fields = new FieldTable()
  readonly #predicates = new PredicateTable(this.#fields)
  readonly #filters = new Map<string, FilterRoutes>()
  readonly #tree = new SubjectTree<FilterRoutes>()
  readonly #groups = new Map<string, KeyGroup>()
  readonly #reaches = new Map<string, Reach>()
  readonly #keyValues = new Map<Lane, (key: string) => Frame['key']>()
  readonly #lanes = new LaneTable()
  readonly #finds = new Finds()
  /** Numbers of the lanes that pay for their key. */
  readonly #payers = new Set<number>()
  readonly #payingStarts: LaneSink = {
    meet: (lane, bits) => {
      this.#payers.add(lane)
      this.#lanes.meet(lane, bits)
    },
    meetRun: (run) => meetEach(this.#payingStarts, run),
  }
  /** Lanes whose key is costly. */
  #costlyKeys = 0
  #payingTaps = 0
  #plans = 0
  #stamp = 0
  #revision = 0

  constructor(options: { readonly frame: Frame; readonly index: number; readonly count: number }) {
    this.#frame = options.frame
    const { index, count } = options
    this.#owns = count === 1 ? () => true : (key) => fnv1a32(key) % count === index
  }

  /** Changes whenever a plan may no longer hold. */
  get revision(): number {
    return this.#revision
  }

  plan(subject: string): SubjectPlan {
    return { number: this.#plans++, filters: this.#tree.match(subject) }
  }

  add(target: RouteTarget, specification: RouteSpecification): Routes {
    const byGroup = new Map<string, number[]>()
    specification.slots.forEach((slot, index) => {
      const id = keyGroupId(slot.key)
      byGroup.set(id, [...(byGroup.get(id) ?? []), index])
    })
    const lanes: Lane[] = []
    for (const [id, slots] of byGroup) {
      const lane = this.#lane({
        target,
        specification,
        id,
        slots,
        siblings: lanes,
        isOneOfSeveral: byGroup.size > 1,
      })
      lanes.push(lane)
      for (const tap of lane.taps) this.#connect(tap)
    }
    const routes = { target, lanes }
    this.settleGuest(routes)
    return routes
  }

  remove(routes: Routes): void {
    for (const lane of routes.lanes) {
      for (const tap of lane.taps) this.#disconnect(tap)
      this.#keyValues.delete(lane)
      this.#lanes.remove(lane)
      this.#releaseReach(lane.reach)
      lane.group.lanes--
      if (hasCostlyKey(lane)) this.#costlyKeys--
      if (lane.direct) lane.group.directLanes--
      if (lane.group.lanes > 0) continue
      this.#groups.delete(lane.group.id)
      this.#lanes.groups.remove(lane.group)
      for (const field of lane.group.fields) if (field !== undefined) this.#fields.release(field)
    }
  }

  /** The target has become a guest, or is none any more. */
  settleGuest({ lanes, target }: Routes): void {
    for (const { taps } of lanes)
      for (const tap of taps) {
        this.#stopPaying(tap)
        if (!target.isGuest) continue
        ;(tap.filter as FilterRoutes).paying.push({ tap, fuel: readingFuel(tap) })
        this.#payingTaps++
      }
  }

  /** Tells the router that a rule has state for a key that no event just brought there (restore). */
  revive(routes: Routes, key: string): void {
    markAllLive(routes.lanes, key)
  }

  /** The rule's state for the key is gone. */
  settle(routes: Routes, key: string): void {
    for (const lane of routes.lanes) if (!lane.direct) markIdle(lane.group, key, lane.number)
  }

  /** How events find the rule's event definitions among all that are running; in order of slot. */
  describe(routes: Routes): SlotRouting[] {
    const taps = routes.lanes.flatMap(({ taps }) => taps).sort((a, b) => a.slot - b.slot)
    return taps.map((tap) => {
      const { filter, starts } = tap.filter as FilterRoutes
      return describeWitnesses(filter, starts.witnesses(tap), tap.keyed)
    })
  }

  /** Delivers the event that stands in the frame; whether any rule got it. */
  route(event: StreamEvent, plan: SubjectPlan): boolean {
    const stamp = ++this.#stamp
    const { filters } = plan
    for (let index = 0; index < filters.length; index++) (filters[index] as FilterRoutes).stamp = stamp
    const lanes = this.#lanes
    lanes.settle()
    for (let index = 0; index < filters.length; index++) this.#collect(filters[index] as FilterRoutes, plan)
    lanes.gather()
    const run = lanes.run === undefined ? undefined : this.#wholeRun(lanes.run, plan)
    if (run === undefined) this.#complete(event, plan)
    if (this.#costlyKeys > 0) this.#chargeKeys(filters, stamp)
    if (this.#payingTaps > 0) this.#chargeReading(filters)
    if (run !== undefined) return this.#deliverRun(run, event)
    if (lanes.met === 0) return false
    return this.#deliver(event)
  }

  /** The run that is all that the event meets, when everything is known of it; else its lanes are met one by one. */
  #wholeRun(run: LaneRun, plan: SubjectPlan): LaneRun | undefined {
    const { group, reaches, bits } = run
    let isWhole = true
    for (let index = 0; index < reaches.length; index++)
      isWhole &&= this.#reached(reaches[index] as number, plan) === bits
    if (isWhole && keyOf(group, this.#stamp, this.#frame) !== undefined) return run
    this.#lanes.spread()
    return undefined
  }

  /** Finds out what is not known yet of the lanes that the event has met. */
  #complete(event: StreamEvent, plan: SubjectPlan): void {
    const stamp = this.#stamp
    const lanes = this.#lanes
    const { order, met } = lanes
    // Those that come one after the other have one key, nearly always.
    let group = NONE
    let key: string | undefined
    let isOurs = true
    let reach = NONE
    let reached = 0
    for (let index = 0; index < met; index++) {
      const number = order[index] as number
      if (lanes.groupNumber(number) !== group) {
        group = lanes.groupNumber(number)
        key = keyOf(lanes.group(number), stamp, this.#frame)
        isOurs = key === undefined || this.#owns(key)
      }
      if (!isOurs) continue
      if (lanes.reachNumber(number) !== reach) {
        reach = lanes.reachNumber(number)
        reached = this.#reached(reach, plan)
      }
      if (lanes.mask(number) !== reached) this.#evaluate(number, key, event)
      if (key === undefined) this.#reportKeyless(number, event)
    }
  }

  /**
   * The key is computed once for all that share it. As if it were for each alone: who can start with the event pays, and where it is
   * dear also who only waits for it.
   */
  #chargeKeys(filters: readonly FilterRoutes[], stamp: number): void {
    const payers = this.#payers
    for (const { waiting } of filters)
      for (const { group, direct, index } of waiting) {
        if (group.stamp !== stamp || group.fuel <= WAITING_KEY_FUEL_MAX) continue
        for (const lane of direct) payers.add(lane)
        for (const { lane } of index.taps()) payers.add(lane.number)
      }
    for (const number of payers) {
      const { group, target, taps } = this.#lanes.lane(number)
      if (group.stamp === stamp && group.fuel > 0) target.charge(group.fuel, taps[0]?.slot ?? 0)
    }
    payers.clear()
  }

  #chargeReading(filters: readonly FilterRoutes[]): void {
    for (let at = 0; at < filters.length; at++) {
      const { paying } = filters[at] as FilterRoutes
      for (let index = 0; index < paying.length; index++) {
        const { tap, fuel } = paying[index] as FilterRoutes['paying'][number]
        tap.lane.target.chargeReading(fuel)
      }
    }
  }

  #stopPaying(tap: Tap): void {
    const { paying } = tap.filter as FilterRoutes
    const at = paying.findIndex((each) => each.tap === tap)
    if (at < 0) return
    paying.splice(at, 1)
    this.#payingTaps--
  }

  #collect(filter: FilterRoutes, plan: SubjectPlan): void {
    const frame = this.#frame
    const stamp = this.#stamp
    if (filter.starts.size > 0)
      filter.starts.match(stamp, frame, this.#costlyKeys > 0 ? this.#payingStarts : this.#lanes)
    for (let index = 0; index < filter.waiting.length; index++) {
      const waiting = filter.waiting[index] as WaitingLanes
      const { group } = waiting
      const key = keyOf(group, stamp, frame)
      if (key === undefined) this.#collectKeyless(waiting)
      else if (this.#owns(key)) this.#collectLive(key, waiting, plan)
    }
  }

  #collectLive(key: string, waiting: WaitingLanes, plan: SubjectPlan): void {
    const lanes = this.#lanes
    const { group, direct } = waiting
    for (let index = 0; index < direct.length; index++) {
      const lane = direct[index] as number
      if (!lanes.isMet(lane) && (lanes.targets[lane] as RouteTarget).has(key)) lanes.meet(lane, 0)
    }
    if (waiting.index.size === 0) return
    const live = group.live.get(key)
    if (live === undefined) return
    if (live.size > LIVE_LANES_SCANNED_MAX && live.size > waiting.index.open) {
      const finds = this.#find(waiting.index)
      for (let at = 0; at < finds.length; at += 2) {
        const number = finds.numbers[at] as number
        if (live.has(number) && (lanes.targets[number] as RouteTarget).has(key)) lanes.meet(number, 0)
      }
      return
    }
    for (const number of live) {
      // The number may be that of another lane by now.
      if (lanes.group(number) !== group) markIdle(group, key, number)
      // Those that wait for other subjects are live for the key too.
      else if (this.#reached(lanes.reachNumber(number), plan) === 0) continue
      else if ((lanes.targets[number] as RouteTarget).has(key)) lanes.meet(number, 0)
      else markIdle(group, key, number)
    }
  }

  /** Without a key there is nothing to look up: the rules that would have wanted the event are found so that they can count it. */
  #collectKeyless(waiting: WaitingLanes): void {
    for (const lane of waiting.direct) this.#lanes.meet(lane, 0)
    if (waiting.index.size > 0) waiting.index.match(this.#stamp, this.#frame, this.#lanes)
  }

  #find(index: TapIndex): Finds {
    const finds = this.#finds
    finds.length = 0
    index.match(this.#stamp, this.#frame, finds)
    return finds
  }

  /** The bits of the taps that events of the plan come through. */
  #reached(number: number, plan: SubjectPlan): number {
    const reach = this.#lanes.reaches.items[number] as Reach
    if (reach.plan === plan.number) return reach.bits
    reach.plan = plan.number
    reach.bits = 0
    for (const { filter, bit } of reach.taps) if (filter.stamp === this.#stamp) reach.bits |= bit
    return reach.bits
  }

  /** Completes the lane's mask over all its taps that this event's subject reaches. */
  #evaluate(number: number, key: string | undefined, event: StreamEvent): void {
    const stamp = this.#stamp
    const { taps } = this.#lanes.lane(number)
    let mask = this.#lanes.mask(number)
    for (let index = 0; index < taps.length; index++) {
      const tap = taps[index] as Tap
      if (tap.filter.stamp !== stamp || (mask & tap.bit) !== 0) continue
      let result = testTap(tap, stamp, this.#frame)
      if (result !== 0 && tap.late.length > 0) result = this.#testLate(tap, result)
      if (result !== 0 && key !== undefined && tap.keyed.length > 0)
        result = this.#testKeyed(tap, key, result)
      if (result === 1) mask |= tap.bit
      else if (result === -1) this.#report(tap, event)
    }
    this.#lanes.setMask(number, mask)
  }

  /** In the order of the rule, until one is false; but none where the data alone tell that another is. */
  #testLate(tap: Tap, before: 1 | -1): 1 | 0 | -1 {
    const stamp = this.#stamp
    const frame = this.#frame
    const { late, slot } = tap
    const { target } = tap.lane
    for (const predicate of late) if (tellShared(predicate, stamp, frame) === 0) return 0
    let result = before
    for (const predicate of late) {
      if (target.isOverdrawn) return 0
      const truth = testShared(predicate, stamp, frame)
      target.charge(Math.max(EVALUATION_FUEL, predicate.fuel), slot)
      if (truth === 0) return 0
      if (truth === -1) result = -1
    }
    return target.isOverdrawn ? 0 : result
  }

  #keyError: { expression: Expression | undefined } = { expression: undefined }

  #testKeyed(tap: Tap, key: string, before: 1 | -1): 1 | 0 | -1 {
    const frame = this.#frame
    let result = before
    this.#keyError.expression = undefined
    frame.key = this.#keyValues.get(tap.lane)?.(key) ?? null
    const { target } = tap.lane
    for (const expression of tap.keyed) {
      if (target.isOverdrawn) return 0
      const used = fuel.used
      const truth = expression.test(frame)
      if (fuel.used !== used) target.charge(fuel.used - used, tap.slot)
      if (truth === 0) return 0
      if (truth === -1) {
        result = -1
        this.#keyError.expression = expression
      }
    }
    return result
  }

  #report(tap: Tap, event: StreamEvent): void {
    const failed = tap.shared.filter((predicate) => testShared(predicate, this.#stamp, this.#frame) === -1)
    const error = failed[0]?.error ?? this.#keyError.expression?.lastError
    if (error === undefined) return
    tap.lane.target.charge(ERROR_FUEL * Math.max(1, failed.length), tap.slot)
    tap.lane.target.predicateFailed(tap.slot, error, event)
  }

  #reportKeyless(number: number, event: StreamEvent): void {
    const lane = this.#lanes.lane(number)
    const mask = this.#lanes.mask(number)
    const tap = lane.taps.find((candidate) => (mask & candidate.bit) !== 0)
    if (tap !== undefined) lane.target.keyUnusable(tap.slot, lane.group.fault ?? 'key-missing', event)
    this.#lanes.setMask(number, 0)
  }

  #deliver(event: StreamEvent): boolean {
    const lanes = this.#lanes
    let isDelivered = false
    const { order, met, targets } = lanes
    let groupNumber = NONE
    let group: KeyGroup | undefined
    let key: string | undefined
    for (let index = 0; index < met; index++) {
      const number = order[index] as number
      if (lanes.groupNumber(number) !== groupNumber) {
        groupNumber = lanes.groupNumber(number)
        group = lanes.group(number)
        key = group.key !== undefined && this.#owns(group.key) ? group.key : undefined
      }
      let mask = lanes.takeMask(number)
      if (group === undefined || key === undefined) continue
      const target = targets[number] as RouteTarget
      if (lanes.isOneOfSeveral(number)) {
        // Two lanes of one rule that meet in one key are one event for that key.
        if (this.#isMerged(index, target, key)) continue
        mask |= this.#maskBehind(index, target, key)
      }
      if (mask === 0 && !lanes.needsEveryEvent(number)) continue
      isDelivered = true
      if (!target.deliver(key, event, mask)) continue
      if (lanes.isOneOfSeveral(number)) markAllLive(lanes.lane(number).siblings, key)
      else if (!lanes.isDirect(number)) markLive(group, key, number)
    }
    return isDelivered
  }

  #deliverRun(run: LaneRun, event: StreamEvent): boolean {
    const { lanes, targets, group, bits } = run
    const key = group.key as string
    if (!this.#owns(key)) return false
    for (let index = 0; index < targets.length; index++) {
      if (!(targets[index] as RouteTarget).deliver(key, event, bits)) continue
      const number = lanes[index] as number
      if (!this.#lanes.isDirect(number)) markLive(group, key, number)
    }
    return true
  }

  /** The mask of the lanes behind one that deliver to the same key of the same rule. */
  #maskBehind(index: number, target: RouteTarget, key: string): number {
    const lanes = this.#lanes
    const { order, targets, met } = lanes
    let mask = 0
    for (let next = index + 1; next < met; next++) {
      const other = order[next] as number
      if (targets[other] !== target) break
      if (lanes.group(other).key === key) mask |= lanes.mask(other)
    }
    return mask
  }

  /** Whether an earlier lane of the same rule has delivered to this key. */
  #isMerged(index: number, target: RouteTarget, key: string): boolean {
    const lanes = this.#lanes
    const { order, targets } = lanes
    for (let before = index - 1; before >= 0; before--) {
      const other = order[before] as number
      if (targets[other] !== target) return false
      if (lanes.group(other).key === key) return true
    }
    return false
  }

  #lane(parts: {
    readonly target: RouteTarget
    readonly specification: RouteSpecification
    readonly id: string
    readonly slots: readonly number[]
    readonly siblings: readonly Lane[]
    readonly isOneOfSeveral: boolean
  }): Lane {
    const { specification, slots } = parts
    const first = specification.slots[slots[0] as number] as RouteSlot
    let group = this.#groups.get(parts.id)
    if (group === undefined) {
      const number = this.#lanes.groups.nextNumber()
      group = keyGroup({ id: parts.id, number }, first.key, this.#fields)
      this.#groups.set(parts.id, group)
      this.#lanes.groups.add(group)
    }
    const direct = group.directLanes < DIRECT_LANES_MAX
    group.lanes++
    if (direct) group.directLanes++
    const taps: Tap[] = []
    const lane: Lane = {
      number: this.#lanes.nextNumber(),
      target: parts.target,
      group,
      reach: this.#reach(
        slots.map((slot) => ({
          bit: 1 << slot,
          filter: this.#filter((specification.slots[slot] as RouteSlot).subject),
        })),
      ),
      taps,
      needsEveryEvent: specification.needsEveryEvent,
      direct,
      siblings: parts.siblings,
      order: parts.siblings.length,
      isOneOfSeveral: parts.isOneOfSeveral,
    }
    this.#lanes.add(lane)
    this.#keyValues.set(lane, specification.keyValue)
    if (hasCostlyKey(lane)) this.#costlyKeys++
    for (const slot of slots) {
      const { subject, unary } = specification.slots[slot] as RouteSlot
      const keyed = unary.filter((expression) => expression.reads.key)
      const shared = unary
        .filter((expression) => !expression.reads.key)
        .map((expression) => this.#predicates.acquire(expression))
      const early = shared.filter((predicate) => isPlain(predicate))
      const light = shared.filter((predicate) => !isPlain(predicate) && !predicate.isCostly)
      early.push(...light.slice(0, EARLY_MAX))
      const late = shared.filter((predicate) => !early.includes(predicate))
      taps.push({
        lane,
        slot,
        bit: 1 << slot,
        decides: keyed.length === 0 && late.length === 0 ? 1 << slot : 0,
        filter: this.#filter(subject),
        shared,
        early,
        late: late.length === 0 ? NO_PREDICATES : late,
        keyed,
        canStart: (specification.startMask & (1 << slot)) !== 0,
      })
    }
    return lane
  }

  #reach(taps: Reach['taps']): Reach {
    const id = taps.map(({ bit, filter }) => `${bit} ${filter.filter}`).join('\n')
    let reach = this.#reaches.get(id)
    if (reach === undefined) {
      reach = { number: this.#lanes.reaches.nextNumber(), id, taps, lanes: 0, plan: -1, bits: 0 }
      this.#reaches.set(id, reach)
      this.#lanes.reaches.add(reach)
    }
    reach.lanes++
    return reach
  }

  #releaseReach(reach: Reach): void {
    if (--reach.lanes > 0) return
    this.#reaches.delete(reach.id)
    this.#lanes.reaches.remove(reach)
  }

  #filter(filter: string): FilterRoutes {
    let routes = this.#filters.get(filter)
    if (routes === undefined) {
      routes = {
        filter,
        stamp: 0,
        starts: new RuleIndex(this.#fields),
        waiting: [],
        paying: [],
        lanes: 0,
      }
      this.#filters.set(filter, routes)
      this.#tree.set(filter, routes)
      this.#revision++
    }
    return routes
  }

  #connect(tap: Tap): void {
    const routes = this.#filters.get(tap.filter.filter) as FilterRoutes
    routes.lanes++
    if (tap.canStart) routes.starts.add(tap)
    if (tap.canStart && !waitsToo(tap)) return
    const { lane } = tap
    let waiting = routes.waiting.find(({ group }) => group === lane.group)
    if (waiting === undefined) {
      waiting = { group: lane.group, direct: [], index: new RuleIndex(this.#fields) }
      routes.waiting.push(waiting)
    }
    if (!lane.direct) waiting.index.add(tap)
    else if (!waiting.direct.includes(lane.number)) waiting.direct.push(lane.number)
  }

  #disconnect(tap: Tap): void {
    const { lane } = tap
    const routes = tap.filter as FilterRoutes
    for (const predicate of tap.shared) this.#predicates.release(predicate)
    this.#stopPaying(tap)
    if (tap.canStart) routes.starts.remove(tap)
    const waiting = routes.waiting.find(({ group }) => group === lane.group)
    if (waiting !== undefined) {
      if (lane.direct) {
        const at = waiting.direct.indexOf(lane.number)
        if (at >= 0) waiting.direct.splice(at, 1)
      } else waiting.index.remove(tap)
      if (waiting.direct.length === 0 && waiting.index.size === 0)
        routes.waiting.splice(routes.waiting.indexOf(waiting), 1)
    }
    if (--routes.lanes > 0) return
    this.#filters.delete(routes.filter)
    this.#tree.delete(routes.filter)
    this.#revision++
  }
}

/** So many conjuncts of an event definition that are light and have no form are asked while it is looked for. */
const EARLY_MAX = 4

/** What the data decide, nearly always. */
const isPlain = ({ form, isCostly }: SharedPredicate): boolean => form !== undefined && !isCostly

/** No number of a group or reach. */
const NONE = -1

const NO_PREDICATES: readonly SharedPredicate[] = []

/** What is nothing but a field is read, not evaluated, unless something odd stands there. */
const hasCostlyKey = ({ group }: Lane): boolean =>
  group.expressions.some((expression, part) => group.fields[part] === undefined && expression.isCostly)

function markAllLive(lanes: readonly Lane[], key: string): void {
  for (const lane of lanes) if (!lane.direct) markLive(lane.group, key, lane.number)
}

/** Whether an event that the tap's step does not start with can still matter: to a rule that watches every event of its subjects. */
const waitsToo = (tap: Tap): boolean => tap.lane.needsEveryEvent
