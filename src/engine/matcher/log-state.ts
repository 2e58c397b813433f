import type { Graph } from '../automaton/index.ts'
import {
  eventTime,
  invariant,
  type StateReader,
  type StateWriter,
  type StreamEvent,
  streamSequence,
} from '../model/index.ts'
import { Entry, EventLog, type Range, rangesOf } from './event-log.ts'
import type { HeldMatch } from './held-matches.ts'
import type { Moment } from './taken.ts'
import { type Taken, takenAfter } from './taken-node.ts'

/** Format 1 had no pages, format 2 did not say how many entries the last look kept. */
const FORMAT = 3
const FORMATS = [1, 2, FORMAT]
/** Entries of a page. */
export const PAGE_ENTRIES = 64
/** Most keys hold nothing; never written to. */
export const NONE_HELD: HeldMatch[] = []

/** What is kept of one key: a log per state of the automaton, and the matches that wait. */
export class LogState {
  readonly key: string
  /** By state of the automaton, made when something is taken there; none for the start and for states that nothing follows. */
  readonly logs: Array<EventLog | undefined>
  entries = 0
  isArmed = false
  isChanged = false
  /** Entries after the last look for ones that nothing needs any more. */
  kept = 0
  /** Matches that started with this event or before it are not wanted any more: shed, or discarded by one that was reported. */
  floor: Moment | undefined = undefined
  /** Complete matches that wait for partial ones with an earlier start. Each starts after the last event of the one before it. */
  held: HeldMatch[] = NONE_HELD
  /** Start of the partial match that the first of them waits for, while its time is in the list of deadlines. */
  waitsFor: StreamEvent | undefined = undefined

  /** `states`: of the automaton. An array that grows as it is filled would have room for nineteen. */
  constructor(key: string, states: number) {
    this.key = key
    this.logs = new Array(states).fill(undefined)
  }

  get isEmpty(): boolean {
    return this.entries === 0 && this.held.length === 0
  }
}

export function encodeLogs(state: LogState, writer: StateWriter): void {
  writer.uint(FORMAT)
  writer.uint(state.floor === undefined ? 0 : 1)
  if (state.floor !== undefined) {
    writer.uint(state.floor.time)
    writer.uint(state.floor.sequence)
  }
  // When it is looked again depends on it, and what is counted until then.
  writer.uint(state.kept)
  for (let id = 1; id < state.logs.length; id++) {
    const log = state.logs[id]
    if (log === undefined) continue
    writer.uint(id)
    writer.uint(log.start)
    for (const position of log.waiting) writer.uint(position)
    writer.uint(log.size)
    encodeEntries(log, Math.max(log.start, wholePages(log) * PAGE_ENTRIES), log.end, writer)
  }
  // No log is that of the start.
  writer.uint(0)
  writer.uint(state.held.length)
  for (const { last } of state.held) encodePath(last, writer)
}

/** Pages that are full: what is in them does not change any more. */
export const wholePages = (log: EventLog): number => Math.floor(log.end / PAGE_ENTRIES)

/** The first page that still has an entry of the log. */
export const firstPage = (log: EventLog): number => Math.floor(log.start / PAGE_ENTRIES)

/** What is left of a full page, as long as the first entries are there. */
export function encodePage(log: EventLog, page: number, writer: StateWriter): void {
  const from = Math.max(log.start, page * PAGE_ENTRIES)
  writer.uint(from)
  encodeEntries(log, from, (page + 1) * PAGE_ENTRIES, writer)
}

/** Reads what `encodePage` wrote, into the entries by position. */
export function decodePage(page: number, reader: StateReader, entries: Map<number, Entry>): void {
  const from = reader.uint()
  for (let position = from; position < (page + 1) * PAGE_ENTRIES; position++)
    entries.set(position, decodeEntry(reader))
}

function encodeEntries(log: EventLog, from: number, to: number, writer: StateWriter): void {
  for (let position = from; position < to; position++) {
    const entry = log.at(position)
    invariant(entry !== undefined, 'a log has no holes')
    const { event, newest } = entry
    const isOwn = newest === event
    writer.uint(entry.slot * 4 + (entry.isStart ? 2 : 0) + (isOwn ? 1 : 0))
    writer.event(event)
    if (!isOwn) {
      writer.uint(event.time - newest.time)
      writer.uint(folded(event.sequence - newest.sequence))
    }
    for (let range = rangesOf(entry); range !== undefined; range = range.more) {
      writer.uint(range.state + 1)
      writer.uint(range.way)
      writer.uint(range.from)
      writer.uint(range.to)
    }
    writer.uint(0)
  }
}

function decodeEntry(reader: StateReader): Entry {
  const head = reader.uint()
  const event = reader.event()
  const entry = new Entry(event, Math.floor(head / 4))
  entry.isStart = (head & 2) !== 0
  if ((head & 1) === 0) {
    const time = eventTime(event.time - reader.uint())
    entry.newest = { time, sequence: streamSequence(event.sequence - unfolded(reader.uint())) }
  }
  const ranges: Array<Omit<Range, 'more'>> = []
  for (let state = reader.uint(); state > 0; state = reader.uint())
    ranges.push({ state: state - 1, way: reader.uint(), from: reader.uint(), to: reader.uint() })
  // The ranges behind the first stand last in, first out.
  const [first, ...rest] = ranges
  if (first !== undefined) entry.addRange(first.state, first.way, first.from, first.to)
  for (const each of rest.reverse()) entry.addRange(each.state, each.way, each.from, each.to)
  return entry
}

function encodePath(last: Taken, writer: StateWriter): void {
  const path: Taken[] = []
  for (let node: Taken | undefined = last; node !== undefined; node = node.previous) path.push(node)
  writer.uint(path.length)
  for (const { slot, event, way } of path.reverse()) {
    writer.uint(slot)
    writer.event(event)
    writer.uint(way)
  }
}

function decodePath(reader: StateReader): HeldMatch {
  let last: Taken | undefined
  let first: StreamEvent | undefined
  for (let left = reader.uint(); left > 0; left--) {
    const slot = reader.uint()
    const event = reader.event()
    first ??= event
    last = takenAfter(last, slot, event, reader.uint())
  }
  invariant(last !== undefined && first !== undefined, 'a waiting match has events')
  return heldMatch(last, first)
}

/** A difference of either sign as a number that is not negative. */
const folded = (difference: number): number => (difference < 0 ? -2 * difference - 1 : 2 * difference)
const unfolded = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2)

/** A match that an event completed. */
export const heldMatch = (last: Taken, first: StreamEvent): HeldMatch => ({
  last,
  first,
  completedAt: last.event.time,
  completedBy: last.event,
})

/** Reads what `encodeLogs` wrote; `paged` has the entries of the pages, by state and position. */
export function decodeLogs(
  state: LogState,
  graph: Graph,
  reader: StateReader,
  paged: ReadonlyMap<number, ReadonlyMap<number, Entry>> | undefined,
): void {
  const format = reader.uint()
  invariant(FORMATS.includes(format), `keyed state has format ${format}`)
  if (reader.uint() === 1) {
    const time = eventTime(reader.uint())
    state.floor = { time, sequence: streamSequence(reader.uint()) }
  }
  if (format >= 3) state.kept = reader.uint()
  for (let id = reader.uint(); id > 0; id = reader.uint()) {
    const edges = graph.states[id]?.edges.length
    invariant(edges !== undefined, `keyed state refers to state ${id}, which the pattern does not have`)
    const log = new EventLog(edges)
    state.logs[id] = log
    const start = reader.uint()
    const waiting = log.waiting.map(() => reader.uint())
    const end = start + reader.uint()
    const entries: Entry[] = []
    const inline = format >= 2 ? Math.floor(end / PAGE_ENTRIES) * PAGE_ENTRIES : start
    for (let position = start; position < Math.min(inline, end); position++) {
      const entry = paged?.get(id)?.get(position)
      invariant(entry !== undefined, 'a log has all of its pages')
      entries.push(entry)
    }
    for (let position = Math.max(start, inline); position < end; position++) entries.push(decodeEntry(reader))
    log.restore(start, entries, waiting)
  }
  for (let left = reader.uint(); left > 0; left--) {
    if (state.held === NONE_HELD) state.held = []
    state.held.push(decodePath(reader))
  }
}
