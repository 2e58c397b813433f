import { invariant, type StreamEvent } from '../model/index.ts'
import { type Entry, type EventLog, rangesOf } from './event-log.ts'
import { compareEvents, type Taken } from './taken.ts'

type Logs = ReadonlyArray<EventLog | undefined>
/** Whether a match that started with the event is still wanted. */
type IsLive = (start: StreamEvent) => boolean

/** Every partial match that ends in the entry. The work is in proportion to what comes out. */
export function* pathsTo(logs: Logs, entry: Entry, isLive: IsLive): Iterable<Taken> {
  // From the last event backwards; `way` belongs to the step behind.
  function* walk(at: Entry, behind: ReadonlyArray<{ entry: Entry; way: number }>): Iterable<Taken> {
    if (at.isStart && isLive(at.event)) yield chain([{ entry: at, way: 0 }, ...behind])
    for (let range = rangesOf(at); range !== undefined; range = range.more) {
      const { state, way, from, to } = range
      const log = logs[state]
      if (log === undefined) continue
      // Newest first: what is too old, with everything older, ends the walk.
      for (let position = to - 1; position >= Math.max(from, log.start); position--) {
        const previous = log.at(position)
        if (previous === undefined || !isLive(previous.newest)) break
        yield* walk(previous, [{ entry: at, way }, ...behind])
      }
    }
  }
  yield* walk(entry, [])
}

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
  for (const { entry, way } of path) last = { slot: entry.slot, event: entry.event, way, previous: last }
  invariant(last !== undefined, 'a path has an event')
  return last
}
