import type { Match, StepAccess, StepFold, StreamEvent } from '../model/index.ts'
import { type EventTime, eventTime } from '../model/index.ts'
import { foldOver, StepMemory } from './step-memory.ts'
import type { Taken } from './taken-node.ts'

const NOTHING: readonly StreamEvent[] = []

/** Paths up to this length are read from their nodes again and again, which is less than remembering. */
const FORGOTTEN_MAX = 16

/** A path, and what is remembered of it or of a beginning of it. */
interface RememberedPath {
  readonly last: Taken
  memory: StepMemory | undefined
}

/** What the steps of a partial match have taken, read from its last node; lists are made when asked for. One serves many, in turn. */
export class TakenEvents implements StepAccess {
  #path: RememberedPath | undefined
  /** By slot, those that were asked for. */
  readonly #lists: Array<readonly StreamEvent[] | undefined> = []

  /** `undefined`: nothing was taken yet. */
  show(path: RememberedPath | undefined): void {
    this.#path = path
    this.#lists.length = 0
  }

  taken(slot: number): readonly StreamEvent[] {
    const known = this.#lists[slot]
    if (known !== undefined) return known
    const memory = this.#memory()
    const list = memory?.list(slot) ?? eventsOf(this.#path?.last, slot)
    memory?.keepList(slot, list)
    while (this.#lists.length < slot) this.#lists.push(undefined)
    this.#lists[slot] = list
    return list
  }

  count(slot: number): number {
    const memory = this.#memory()
    if (memory !== undefined) return memory.count(slot)
    let count = 0
    for (let node = this.#path?.last; node !== undefined; node = node.previous)
      if (node.slot === slot) count++
    return count
  }

  fold(slot: number, fold: StepFold): unknown {
    const memory = this.#memory()
    const events = (): readonly StreamEvent[] => this.taken(slot)
    return memory === undefined ? foldOver(fold, events()) : memory.fold(slot, fold, events)
  }

  /** Of a long path. */
  #memory(): StepMemory | undefined {
    const path = this.#path
    if (path === undefined) return undefined
    const { last, memory } = path
    if (memory?.last === last) return memory
    if (memory === undefined && !isLong(last)) return undefined
    path.memory = new StepMemory(last, memory)
    return path.memory
  }
}

function isLong(last: Taken): boolean {
  let length = 0
  for (let node: Taken | undefined = last; node !== undefined; node = node.previous)
    if (++length > FORGOTTEN_MAX) return true
  return false
}

function eventsOf(last: Taken | undefined, slot: number): readonly StreamEvent[] {
  let list: StreamEvent[] | undefined
  for (let node = last; node !== undefined; node = node.previous) {
    if (node.slot !== slot) continue
    if (list === undefined) list = [node.event]
    else list.push(node.event)
  }
  if (list !== undefined && list.length > 1) list.reverse()
  return list ?? NOTHING
}

/** Events by slot, each in the order taken; at least `slots` lists. */
export function listsBySlot(last: Taken | undefined, slots: number): ReadonlyArray<readonly StreamEvent[]> {
  const lists: StreamEvent[][] = []
  for (let slot = 0; slot < slots; slot++) lists.push([])
  for (let node = last; node !== undefined; node = node.previous) lists[node.slot]?.push(node.event)
  for (const list of lists) if (list.length > 1) list.reverse()
  return lists
}

/** The events of a path, last first. */
export function* eventsTo(last: Taken | undefined): Iterable<StreamEvent> {
  for (let node = last; node !== undefined; node = node.previous) yield node.event
}

export class EventsMatch implements Match {
  readonly events: ReadonlyArray<readonly StreamEvent[]>
  readonly first: StreamEvent
  readonly last: StreamEvent
  readonly completedAt: EventTime
  declare readonly completedBy?: StreamEvent

  constructor(
    events: ReadonlyArray<readonly StreamEvent[]>,
    first: StreamEvent,
    last: StreamEvent,
    completedAt: EventTime,
    completedBy: StreamEvent | undefined,
  ) {
    this.events = events
    this.first = first
    this.last = last
    this.completedAt = completedAt
    if (completedBy !== undefined) this.completedBy = completedBy
  }

  taken(slot: number): readonly StreamEvent[] {
    return this.events[slot] ?? []
  }

  count(slot: number): number {
    return this.events[slot]?.length ?? 0
  }
}

/** The match that ends in `last`, as plain lists that the receiver may keep. */
export function matchOf(
  last: Taken,
  slots: number,
  completed: { readonly at: number; readonly by: StreamEvent | undefined },
): Match {
  let first = last
  while (first.previous !== undefined) first = first.previous
  return new EventsMatch(
    listsBySlot(last, slots),
    first.event,
    last.event,
    eventTime(completed.at),
    completed.by,
  )
}

/** What of an event its place in the order of processing is read from. */
export type Moment = Pick<StreamEvent, 'time' | 'sequence'>

/** Order of processing: event time, then sequence. */
export const isBefore = (left: Moment, right: Moment): boolean =>
  left.time < right.time || (left.time === right.time && left.sequence < right.sequence)

export const compareEvents = (left: Moment, right: Moment): number =>
  left.time - right.time || left.sequence - right.sequence

/**
 * Order of matches that share a start and are complete at once: where they part, the edge that comes first in the automaton goes
 * first; over the same edge, the earlier event.
 */
export function comparePaths(left: Taken, right: Taken): number {
  const leftPath = pathOf(left)
  const rightPath = pathOf(right)
  for (let at = 0; at < Math.min(leftPath.length, rightPath.length); at++) {
    const one = leftPath[at]
    const other = rightPath[at]
    if (one === undefined || other === undefined || one === other) continue
    const order = one.way - other.way || compareEvents(one.event, other.event)
    if (order !== 0) return order
  }
  return rightPath.length - leftPath.length
}

function pathOf(last: Taken): Taken[] {
  const path: Taken[] = []
  for (let node: Taken | undefined = last; node !== undefined; node = node.previous) path.push(node)
  return path.reverse()
}

/** What was taken, as text: equal for equal matches, however they came about. */
export function signatureOf(last: Taken): string {
  let signature = ''
  for (let node: Taken | undefined = last; node !== undefined; node = node.previous)
    signature += `${node.slot}:${node.event.sequence};`
  return signature
}
