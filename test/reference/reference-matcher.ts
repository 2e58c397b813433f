import type { AfterMatch, Pattern } from '../../src/engine/index.ts'
import { type Link, linksOf } from './links.ts'
import { type Word, wordsOf } from './words.ts'

/** One event of one key. Times are small whole numbers; order is the order of the list. */
export interface HistoryEvent {
  readonly time: number
}

export interface TakenStep {
  readonly event: number
  readonly name: string
}

export interface Question<E extends HistoryEvent> {
  readonly pattern: Pattern
  readonly afterMatch: AfterMatch
  readonly events: readonly E[]
  /** Time goes on to here after the last event. */
  readonly until: number
  readonly holds: (name: string, event: E, taken: readonly TakenStep[]) => boolean
  readonly accepts: (taken: readonly TakenStep[]) => boolean
}

export interface Answer {
  readonly kind: 'match' | 'timeout' | 'skip-missed'
  readonly taken: readonly TakenStep[]
  readonly completedAt: number
  readonly completedBy: number | undefined
}

/** A point in the run: time reaching `t` comes before the events of `t`. */
type Moment = number
const NEVER: Moment = Number.POSITIVE_INFINITY
const EVENTS_MAX = 1000
const whenTime = (time: number): Moment => (time === Number.POSITIVE_INFINITY ? NEVER : time * EVENTS_MAX)
const isTime = (moment: Moment): boolean => moment !== NEVER && moment % EVENTS_MAX === 0

interface Complete {
  readonly taken: readonly TakenStep[]
  readonly word: number
  readonly at: Moment
  readonly completedAt: number
  readonly completedBy: number | undefined
}

interface Partial {
  readonly taken: readonly TakenStep[]
  readonly from: Moment
  /** When the last way on closed. */
  until: Moment
  /** When it was complete by time, whether or not `having` took it: then it is no timeout. */
  readonly ends: Set<Moment>
}

/**
 * What a pattern finds in a history, read straight from docs/spec/semantics.md: every way to read the pattern, every way to assign
 * events to it, each link checked against the events that it passes over. Slow on purpose.
 */
export function findMatches<E extends HistoryEvent>(question: Question<E>): Answer[] {
  return new Search(question).run()
}

class Search<E extends HistoryEvent> {
  readonly #question: Question<E>
  readonly #words: readonly Word[]
  readonly #complete = new Map<Moment, Map<string, Complete>>()
  readonly #partial = new Map<string, Partial>()
  readonly #prefixes: readonly string[][]

  constructor(question: Question<E>) {
    this.#question = question
    this.#words = wordsOf(question.pattern, question.events.length)
    this.#prefixes = this.#words.map(prefixesOf)
  }

  run(): Answer[] {
    this.#words.forEach((word, number) => {
      const links = linksOf(this.#question.pattern, word)
      this.#start(links, number)
    })
    return this.#report()
  }

  #start(links: readonly Link[], word: number): void {
    const link = links[0]
    if (link === undefined) return
    this.#question.events.forEach((_, event) => {
      const name = this.#takes(link, event, [])
      if (name === undefined) return
      if (this.#any(link.greedy, event, []) && !this.#any(link.greedyUntil, event, [])) return
      this.#extend(links, word, [{ event, name }], enter(new Map(), link, this.#timeOf(event)))
    })
  }

  /** The name under which the link takes the event; undefined when it does not. */
  #takes(link: Link, event: number, taken: readonly TakenStep[]): string | undefined {
    const name = this.#candidate(link, event, taken)
    const until = link.next?.until
    return name !== undefined && until !== undefined && this.#holds(until, event, taken) ? undefined : name
  }

  #candidate(link: Link, event: number, taken: readonly TakenStep[]): string | undefined {
    return link.next?.events.find((name) => this.#holds(name, event, taken))
  }

  #extend(
    links: readonly Link[],
    word: number,
    taken: readonly TakenStep[],
    starts: ReadonlyMap<Pattern, number>,
  ): void {
    const link = links[taken.length]
    if (link === undefined) return
    if (link.next === undefined) {
      this.#finish(link, word, taken, starts)
      return
    }
    const { found, closed } = this.#walk(link, taken, starts)
    this.#alive(taken, closed)
    for (const { event, name } of found)
      this.#extend(links, word, [...taken, { event, name }], enter(starts, link, this.#timeOf(event)))
  }

  #walk(
    link: Link,
    taken: readonly TakenStep[],
    starts: ReadonlyMap<Pattern, number>,
  ): { readonly found: readonly TakenStep[]; readonly closed: Moment } {
    const found: TakenStep[] = []
    const last = lastOf(taken)
    const limit = Math.min(
      this.#wholeLimit(taken),
      this.#timeOf(last) + link.limitMs,
      ...link.held.map((group) => (starts.get(group) ?? 0) + (group.withinMs ?? 0)),
    )
    const opensAt = Math.max(...link.timed.map((absence) => this.#absenceEnd(absence, taken, starts)))
    let isLifted = false
    for (let event = last + 1; event < this.#question.events.length; event++) {
      const time = this.#timeOf(event)
      if (time >= limit) break
      const here = this.#momentOf(event)
      if (this.#isBroken(link, event, taken, starts)) return { found, closed: here }
      if (time < opensAt) continue
      if (this.#any(link.closedBy, event, taken)) return { found, closed: here }
      if (link.greedy.length > 0 && !isLifted) {
        if (this.#any(link.greedyUntil, event, taken)) isLifted = true
        else if (this.#any(link.greedy, event, taken)) return { found, closed: here }
      }
      const isCandidate = this.#candidate(link, event, taken) !== undefined
      const name = this.#takes(link, event, taken)
      if (name !== undefined) found.push({ event, name })
      if (isCandidate ? link.contiguity !== 'non-deterministic-relaxed' : link.contiguity === 'strict')
        return { found, closed: here }
    }
    return { found, closed: whenTime(limit) }
  }

  #isBroken(
    link: Link,
    event: number,
    taken: readonly TakenStep[],
    starts: ReadonlyMap<Pattern, number>,
  ): boolean {
    if (this.#any(link.banned, event, taken)) return true
    if (event === lastOf(taken) + 1 && this.#any(link.bannedNext, event, taken)) return true
    return link.timed.some(
      (absence) =>
        this.#timeOf(event) < this.#absenceEnd(absence, taken, starts) &&
        this.#any(absence.events, event, taken),
    )
  }

  #finish(link: Link, word: number, taken: readonly TakenStep[], starts: ReadonlyMap<Pattern, number>): void {
    const last = lastOf(taken)
    const complete = (at: Moment, completedAt: number, completedBy: number | undefined): void =>
      this.#addComplete({ taken, word, at, completedAt, completedBy })
    if (link.timed.length === 0 && link.bannedNext.length === 0) {
      complete(this.#momentOf(last), this.#timeOf(last), last)
      return
    }
    const end = Math.max(...link.timed.map((absence) => this.#absenceEnd(absence, taken, starts)))
    let waits = link.bannedNext.length > 0
    for (let event = last + 1; event < this.#question.events.length; event++) {
      const time = this.#timeOf(event)
      if (waits ? time >= this.#wholeLimit(taken) : time >= end) break
      if (this.#isBroken(link, event, taken, starts)) {
        this.#alive(taken, this.#momentOf(event))
        return
      }
      if (waits && (link.timed.length === 0 || time >= end)) {
        this.#alive(taken, this.#momentOf(event))
        complete(this.#momentOf(event), time, event)
        return
      }
      waits = false
    }
    const over = waits ? this.#wholeLimit(taken) : end
    this.#alive(taken, whenTime(over), waits ? [] : [whenTime(over)])
    if (!waits && over <= this.#question.until) complete(whenTime(over), over, undefined)
  }

  #addComplete(found: Complete): void {
    if (!this.#question.accepts(found.taken)) return
    const atMoment = this.#complete.get(found.at) ?? new Map<string, Complete>()
    this.#complete.set(found.at, atMoment)
    const signature = JSON.stringify(found.taken)
    if (!atMoment.has(signature)) atMoment.set(signature, found)
  }

  #alive(taken: readonly TakenStep[], until: Moment, ends: readonly Moment[] = []): void {
    const signature = JSON.stringify(taken)
    const known = this.#partial.get(signature)
    if (known === undefined)
      this.#partial.set(signature, { taken, from: this.#momentOf(lastOf(taken)), until, ends: new Set(ends) })
    else {
      known.until = Math.max(known.until, until)
      for (const end of ends) known.ends.add(end)
    }
  }

  #report(): Answer[] {
    const answers: Answer[] = []
    const partial = [...this.#partial.values()]
    const moments = [...new Set([...this.#complete.keys(), ...partial.map((each) => each.until)])]
      .filter((moment) => moment <= whenTime(this.#question.until))
      .sort((left, right) => left - right)
    const skip = this.#question.afterMatch
    const held: Complete[] = []
    /** Starts before this are discarded; a half more discards the start itself as well. */
    let floor = -1
    const isDiscarded = (taken: readonly TakenStep[]): boolean => firstOf(taken) < floor
    for (const moment of moments) {
      const complete = [...(this.#complete.get(moment)?.values() ?? [])].filter(
        (each) => !isDiscarded(each.taken),
      )
      if (isTime(moment))
        for (const each of partial)
          if (each.until === moment && !isDiscarded(each.taken) && !each.ends.has(moment))
            answers.push({
              kind: 'timeout',
              taken: each.taken,
              completedAt: moment / EVENTS_MAX,
              completedBy: undefined,
            })
      complete.sort((left, right) => this.#compare(left, right))
      if (skip.kind === 'no-skip') {
        for (const match of complete) answers.push(asAnswer('match', match))
        continue
      }
      const isAlone = skip.kind === 'skip-to-next' || skip.kind === 'skip-past-last-event'
      for (const match of complete)
        if (!isAlone || !held.some((each) => firstOf(each.taken) === firstOf(match.taken)))
          heapAdd(held, match)
      for (let match = held[0]; match !== undefined; match = held[0]) {
        const start = firstOf(match.taken)
        if (
          partial.some(
            (each) =>
              each.from <= moment &&
              each.until > moment &&
              !isDiscarded(each.taken) &&
              firstOf(each.taken) < start,
          )
        )
          break
        heapRemoveFirst(held)
        answers.push(asAnswer('match', match))
        const next = this.#floorAfter(match.taken)
        if (next === 'missed') answers.push(asAnswer('skip-missed', match))
        else if (next !== undefined) {
          floor = Math.max(floor, next)
          heapKeep(held, (each) => !isDiscarded(each.taken))
        }
      }
    }
    return answers
  }

  #floorAfter(taken: readonly TakenStep[]): number | 'missed' | undefined {
    const skip = this.#question.afterMatch
    switch (skip.kind) {
      case 'no-skip':
        return undefined
      case 'skip-to-next':
        return firstOf(taken) + 0.5
      case 'skip-past-last-event':
        return lastOf(taken) + 0.5
      default: {
        const targets = taken.filter((each) => each.name === skip.step)
        const target = skip.kind === 'skip-to-first' ? targets[0] : targets.at(-1)
        if (skip.orFail === true && (target === undefined || target.event === firstOf(taken))) return 'missed'
        return target?.event
      }
    }
  }

  /** Earlier start first; then, where the two part, the earlier reading of the pattern, else the earlier event. */
  #compare(left: Complete, right: Complete): number {
    for (let at = 0; at < Math.min(left.taken.length, right.taken.length); at++) {
      const sameReading = this.#prefixes[left.word]?.[at] === this.#prefixes[right.word]?.[at]
      const events = (left.taken[at]?.event ?? 0) - (right.taken[at]?.event ?? 0)
      if (at === 0 && events !== 0) return events
      if (!sameReading) return left.word - right.word
      if (events !== 0) return events
    }
    return right.taken.length - left.taken.length
  }

  #wholeLimit(taken: readonly TakenStep[]): number {
    return this.#timeOf(firstOf(taken)) + (this.#question.pattern.withinMs ?? Number.POSITIVE_INFINITY)
  }

  #absenceEnd(
    absence: Link['timed'][number],
    taken: readonly TakenStep[],
    starts: ReadonlyMap<Pattern, number>,
  ): number {
    if (absence.forMs !== undefined) return this.#timeOf(lastOf(taken)) + absence.forMs
    if (absence.group === undefined) return this.#wholeLimit(taken)
    return (starts.get(absence.group) ?? 0) + (absence.group.withinMs ?? 0)
  }

  #any(names: readonly string[], event: number, taken: readonly TakenStep[]): boolean {
    return names.some((name) => this.#holds(name, event, taken))
  }

  #holds(name: string, event: number, taken: readonly TakenStep[]): boolean {
    const found = this.#question.events[event]
    return found !== undefined && this.#question.holds(name, found, taken)
  }

  #timeOf(event: number): number {
    return this.#question.events[event]?.time ?? 0
  }

  #momentOf(event: number): Moment {
    return whenTime(this.#timeOf(event)) + 1 + event
  }
}

const firstOf = (taken: readonly TakenStep[]): number => taken[0]?.event ?? -1
const lastOf = (taken: readonly TakenStep[]): number => taken.at(-1)?.event ?? -1

const enter = (
  starts: ReadonlyMap<Pattern, number>,
  link: Link,
  time: number,
): ReadonlyMap<Pattern, number> => new Map([...starts, ...link.opened.map((group) => [group, time] as const)])

const asAnswer = (kind: Answer['kind'], match: Complete): Answer => ({
  kind,
  taken: match.taken,
  completedAt: match.completedAt,
  completedBy: match.completedBy,
})

/** The word up to each of its events, as text. */
function prefixesOf(word: Word): string[] {
  const prefixes: string[] = []
  let text = ''
  for (const token of word) {
    text += `${JSON.stringify(token)};`
    if (token.kind === 'take') prefixes.push(text)
  }
  return prefixes
}

const startsBefore = (left: Complete, right: Complete): boolean => firstOf(left.taken) < firstOf(right.taken)

function heapAdd(heap: Complete[], match: Complete): void {
  heap.push(match)
  for (let at = heap.length - 1; at > 0; ) {
    const parent = Math.floor((at - 1) / 2)
    const own = heap[at]
    const above = heap[parent]
    if (own === undefined || above === undefined || !startsBefore(own, above)) return
    heap[at] = above
    heap[parent] = own
    at = parent
  }
}

function heapSink(heap: Complete[], from: number): void {
  for (let at = from; ; ) {
    let least = at
    for (const child of [2 * at + 1, 2 * at + 2]) {
      const candidate = heap[child]
      const best = heap[least]
      if (candidate !== undefined && best !== undefined && startsBefore(candidate, best)) least = child
    }
    const own = heap[at]
    const other = heap[least]
    if (least === at || own === undefined || other === undefined) return
    heap[at] = other
    heap[least] = own
    at = least
  }
}

function heapRemoveFirst(heap: Complete[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  heap[0] = last
  heapSink(heap, 0)
}

function heapKeep(heap: Complete[], condition: (match: Complete) => boolean): void {
  const kept = heap.filter(condition)
  if (kept.length === heap.length) return
  heap.splice(0, heap.length, ...kept)
  for (let at = Math.floor(heap.length / 2) - 1; at >= 0; at--) heapSink(heap, at)
}
