import { invariant, type StreamEvent } from '../model/index.ts'
import { type Entry, type EventLog, rangesOf } from './event-log.ts'
import type { IsLive } from './path-walk.ts'
import { compareEvents } from './taken.ts'
import { type Taken, takenAfter } from './taken-node.ts'

type Logs = ReadonlyArray<EventLog | undefined>

/** The first of the partial matches that end in the entry: earliest start, then the order of the automaton's edges, then of events. */
export function firstPathTo(logs: Logs, entry: Entry, isLive: IsLive): Taken | undefined {
  const followers = new Map<Entry, Array<{ readonly entry: Entry; readonly way: number }>>()
  let start: Entry | undefined
  const open = [entry]
  followers.set(entry, [])
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at.isStart && isLive(at.event) && (start === undefined || compareEvents(at.event, start.event) < 0))
      start = at
    for (let range = rangesOf(at); range !== undefined; range = range.more) {
      const { state, way, from, to } = range
      const log = logs[state]
      if (log === undefined) continue
      for (let position = to - 1; position >= Math.max(from, log.start); position--) {
        const previous = log.at(position)
        if (previous === undefined || !isLive(previous.newest)) break
        const known = followers.get(previous)
        if (known === undefined) {
          followers.set(previous, [{ entry: at, way }])
          open.push(previous)
        } else known.push({ entry: at, way })
      }
    }
  }
  if (start === undefined) return undefined
  const path: Array<{ readonly entry: Entry; readonly way: number }> = [{ entry: start, way: 0 }]
  for (let at = start; at !== entry; ) {
    const next = (followers.get(at) ?? []).reduce((best, each) =>
      each.way < best.way || (each.way === best.way && compareEvents(each.entry.event, best.entry.event) < 0)
        ? each
        : best,
    )
    path.push(next)
    at = next.entry
  }
  return chain(path)
}

function chain(path: ReadonlyArray<{ readonly entry: Entry; readonly way: number }>): Taken {
  let last: Taken | undefined
  for (const { entry, way } of path) last = takenAfter(last, entry.slot, entry.event, way)
  invariant(last !== undefined, 'a path has an event')
  return last
}

/** The earliest start of all partial matches that still wait for something. */
export function earliestWaiting(logs: Logs, isLive: IsLive): StreamEvent | undefined {
  const open: Entry[] = []
  const seen = new Set<Entry>()
  // What of a log was looked at whole: most ranges lie within that.
  const low: number[] = []
  const high: number[] = []
  const visit = (id: number, from: number, to: number): void => {
    const log = logs[id]
    if (log === undefined) return
    for (let position = to - 1; position >= Math.max(from, log.start); position--) {
      const entry = log.at(position)
      if (entry === undefined || !isLive(entry.newest)) break
      if (seen.has(entry)) continue
      seen.add(entry)
      open.push(entry)
    }
  }
  for (const [id, log] of logs.entries()) {
    low[id] = log === undefined ? 0 : lowestWaiting(log)
    high[id] = log?.end ?? 0
    visit(id, low[id] ?? 0, high[id] ?? 0)
  }
  let earliest: StreamEvent | undefined
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    if (
      entry.isStart &&
      isLive(entry.event) &&
      (earliest === undefined || compareEvents(entry.event, earliest) < 0)
    )
      earliest = entry.event
    for (let range = rangesOf(entry); range !== undefined; range = range.more) {
      const { state, from, to } = range
      const lowest = low[state] ?? 0
      if (to < lowest) visit(state, from, to)
      else if (from < lowest) {
        visit(state, from, lowest)
        low[state] = from
      }
    }
  }
  return earliest
}

/** The first position of the log at which something waits; its end when nothing does. */
export function lowestWaiting(log: EventLog): number {
  let lowest = log.end
  for (const position of log.waiting) if (position < lowest) lowest = position
  return Math.max(lowest, log.start)
}
