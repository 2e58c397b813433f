import type { Expression, ExpressionError, StreamEvent } from '../model/index.ts'
import type { Field } from './field.ts'
import type { KeyFault } from './key.ts'
import type { SharedPredicate } from './predicate.ts'

/** A rule as the router sees it. */
export interface RouteTarget {
  /** Rules get an event in order of rank. It may change while the order does not. */
  readonly rank: number
  has(key: string): boolean
  /** Whether the rule has state for the key then. */
  deliver(key: string, event: StreamEvent, mask: number): boolean
  /** A conjunct of a slot failed and none was false. */
  predicateFailed(slot: number, error: ExpressionError, event: StreamEvent): void
  /** The event satisfies a slot but has no usable key. */
  keyUnusable(slot: number, fault: KeyFault, event: StreamEvent): void
  /** A conjunct or a key was evaluated for the rule, whether or not it was for others too. */
  charge(fuel: number, slot: number): void
  /** Whether it pays for every event that its subjects fit, with `chargeReading`. */
  readonly isGuest: boolean
  chargeReading(fuel: number): void
  /** It has used up what it may use: nothing more is evaluated for it. */
  readonly isOverdrawn: boolean
}

/** One event definition of a rule, as far as routing goes. */
export interface RouteSlot {
  readonly subject: string
  readonly key: readonly Expression[]
  readonly unary: readonly Expression[]
}

/** One subject filter that rules read. */
export interface FilterMark {
  readonly filter: string
  /** The event that last matched it. */
  stamp: number
}

/** One event definition of one rule, as a place where events come in. */
export interface Tap {
  readonly lane: Lane
  readonly slot: number
  readonly bit: number
  /** Its bit, when the early conjuncts are all it has; else 0. */
  readonly decides: number
  readonly filter: FilterMark
  /** All conjuncts that read only the event and lists: what the index finds witnesses in. */
  readonly shared: readonly SharedPredicate[]
  /** Those that are asked while taps are looked for: how often depends on the index, so nobody can be charged for it. */
  readonly early: readonly SharedPredicate[]
  /** The others, asked when those hold and the event comes to the rule: how often depends on the rule alone, which is charged. */
  readonly late: readonly SharedPredicate[]
  /** Conjuncts that read `$key`: evaluated with the key at hand, by nobody else. */
  readonly keyed: readonly Expression[]
  readonly canStart: boolean
}

/** The event definitions of one rule that share key expressions: an event comes to one key of the rule through each lane. */
export interface Lane {
  /** Its place in the lane table; given to another when it is gone. */
  readonly number: number
  readonly target: RouteTarget
  readonly group: KeyGroup
  readonly reach: Reach
  readonly taps: readonly Tap[]
  readonly needsEveryEvent: boolean
  /** Looked up rule by rule instead of through the group's live keys. */
  readonly direct: boolean
  /** All lanes of the rule: state that an event brings through one of them is waited for in each. */
  readonly siblings: readonly Lane[]
  /** Position among them. */
  readonly order: number
  readonly isOneOfSeveral: boolean
}

/** Which taps of a lane an event comes through. Lanes with the same event definitions have it in common: a few where rules are many. */
export interface Reach {
  /** Its place among all of them; given to another when it is gone. */
  readonly number: number
  readonly id: string
  readonly taps: ReadonlyArray<Pick<Tap, 'bit' | 'filter'>>
  lanes: number
  /** The plan that `bits` are about: most events have that of the event before them. */
  plan: number
  bits: number
}

/** All lanes whose key is computed in the same way: computed once per event, and asked once which of them have live state. */
export interface KeyGroup {
  readonly id: string
  /** Its place among the groups; given to another when it is gone. */
  readonly number: number
  readonly expressions: readonly Expression[]
  /** By part: the field that the expression is, when it is nothing but a field. */
  readonly fields: ReadonlyArray<Field | undefined>
  lanes: number
  directLanes: number
  /** Numbers of lanes that may have state for a key. One whose state is gone is removed when that is noticed. */
  readonly live: Map<string, Set<number>>
  stamp: number
  key: string | undefined
  fault: KeyFault | undefined
  /** What the key of the event at hand cost. */
  fuel: number
}

/** Whether an event comes to the one before it comes to the other. */
export const isBefore = (one: Lane, other: Lane): boolean =>
  one.target.rank < other.target.rank ||
  (one.target.rank === other.target.rank &&
    (one.order < other.order || (one.order === other.order && one.number < other.number)))
