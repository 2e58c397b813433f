import { type EventTime, eventTime, invariant, type Match, type StreamEvent } from '../model/index.ts'
import { type Entry, type EventLog, type Range, rangesOf } from './event-log.ts'
import type { Moment } from './taken.ts'
import { type Taken, takenAfter } from './taken-node.ts'

/** Whether matches that started with the event may still come to something; holds for every later start too where it holds for one. */
export type IsLive = (start: Moment) => boolean

/**
 * Shows the partial matches that end in an entry one after the other, as a match that is a view: the walk goes from the last event to
 * the first, and what two of them share is walked once. Reused for every walk of a matcher.
 */
export class PathWalk implements Match {
  readonly #logs: { of: ReadonlyArray<EventLog | undefined> } = { of: [] }
  readonly #entries: Entry[] = []
  /** Per entry on the path: the range to go on with, and the position in its log. */
  readonly #ranges: Array<Range | undefined> = []
  readonly #positions: number[] = []
  readonly #ways: number[] = []
  #depth = 0
  /** Events of the path by slot, the last one first. */
  readonly #stacks: StreamEvent[][]
  /** The same in the order taken, made when asked for. */
  readonly #lists: Array<readonly StreamEvent[] | undefined>
  #last: StreamEvent | undefined

  constructor(slots: number) {
    this.#stacks = Array.from({ length: slots }, () => [])
    this.#lists = new Array(slots).fill(undefined)
  }

  /**
   * Calls `visit` at every start that `isWanted`, until it gives false. The work is in proportion to the number of visits.
   * @returns whether the walk came to its end.
   */
  walk(
    logs: ReadonlyArray<EventLog | undefined>,
    entry: Entry,
    isLive: IsLive,
    visit: (start: StreamEvent) => boolean,
  ): boolean {
    this.#logs.of = logs
    this.#clear()
    this.#last = entry.event
    this.#push(entry)
    let goesOn = !entry.isStart || !isLive(entry.event) || visit(entry.event)
    while (goesOn && this.#depth > 0) {
      const previous = this.#next(isLive)
      if (previous === undefined) continue
      this.#push(previous)
      if (previous.isStart && isLive(previous.event)) goesOn = visit(previous.event)
    }
    return goesOn
  }

  get first(): StreamEvent {
    const start = this.#entries[this.#depth - 1]
    invariant(start !== undefined, 'a path has a start')
    return start.event
  }

  get last(): StreamEvent {
    invariant(this.#last !== undefined, 'a path has an end')
    return this.#last
  }

  get completedAt(): EventTime {
    return eventTime(this.last.time)
  }

  get completedBy(): StreamEvent {
    return this.last
  }

  get events(): ReadonlyArray<readonly StreamEvent[]> {
    return this.#stacks.map((_, slot) => this.taken(slot))
  }

  taken(slot: number): readonly StreamEvent[] {
    const known = this.#lists[slot]
    if (known !== undefined) return known
    const list = this.#stacks[slot]?.toReversed() ?? []
    this.#lists[slot] = list
    return list
  }

  count(slot: number): number {
    return this.#stacks[slot]?.length ?? 0
  }

  /** The path at hand, to keep. */
  taking(): Taken {
    let last: Taken | undefined
    for (let at = this.#depth - 1; at >= 0; at--) {
      const entry = this.#entries[at]
      invariant(entry !== undefined, 'a path has no holes')
      const way = at === this.#depth - 1 ? 0 : (this.#ways[at] ?? 0)
      last = takenAfter(last, entry.slot, entry.event, way)
    }
    invariant(last !== undefined, 'a path has an event')
    return last
  }

  /** The next entry before the top one; undefined when a range ended there, or the entry did. */
  #next(isLive: IsLive): Entry | undefined {
    const top = this.#depth - 1
    const range = this.#ranges[top]
    if (range === undefined) {
      this.#pop()
      return undefined
    }
    const position = this.#positions[top] ?? -1
    const log = this.#logs.of[range.state]
    const previous =
      log === undefined || position < range.from || position < log.start ? undefined : log.at(position)
    // Newest first: what is too old, with everything older, ends the range.
    if (previous === undefined || !isLive(previous.newest)) {
      this.#ranges[top] = range.more
      this.#positions[top] = (range.more?.to ?? 0) - 1
      return undefined
    }
    this.#positions[top] = position - 1
    this.#ways[top] = range.way
    return previous
  }

  #push(entry: Entry): void {
    const at = this.#depth++
    const range = rangesOf(entry)
    this.#entries[at] = entry
    this.#ranges[at] = range
    this.#positions[at] = (range?.to ?? 0) - 1
    this.#stacks[entry.slot]?.push(entry.event)
    this.#lists[entry.slot] = undefined
  }

  #pop(): void {
    const entry = this.#entries[--this.#depth]
    if (entry === undefined) return
    this.#stacks[entry.slot]?.pop()
    this.#lists[entry.slot] = undefined
  }

  #clear(): void {
    while (this.#depth > 0) this.#pop()
  }
}
