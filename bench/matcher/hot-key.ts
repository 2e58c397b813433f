import { durationMs, type EventTime, type Pattern, type StreamEvent } from '../../src/engine/index.ts'
import { type Case, checkpoint, eventAt, heapBytes, matcherFor, perSecond, type Row } from './measure.ts'

const SIX_HOURS = durationMs(6 * 3_600_000)
const SEQUENCE: Pattern = {
  steps: [
    { kind: 'event', events: ['a'], contiguity: 'relaxed' },
    { kind: 'event', events: ['b'], contiguity: 'relaxed' },
  ],
  withinMs: SIX_HOURS,
}

/** One key with 1,000 starts a second and a window of 6 hours, until all 21.6 million starts of the window were seen. */
export function hotKeyCases(scale: number): Case[] {
  return [
    {
      name: 'hot key',
      run: () => [
        ...['skip-past-last-event', 'no-skip'].flatMap((kind) =>
          hotKey(kind === 'no-skip' ? 'no-skip' : 'skip-past-last-event', Math.round(21_600_000 * scale)),
        ),
        ...liveStarts(),
      ],
    },
  ]
}

function hotKey(kind: 'no-skip' | 'skip-past-last-event', starts: number): Row[] {
  const { matcher, automaton, counts } = matcherFor({
    pattern: SEQUENCE,
    slots: ['a', 'b'],
    afterMatch: { kind },
    partialMatchesMax: 10_000,
  })
  const before = heapBytes()
  const part = Math.round(starts / 10)
  const seconds: number[] = []
  for (let done = 0; done < starts; ) {
    const started = performance.now()
    for (let end = done + part; done < end; done++) {
      if (matcher.nextDeadline <= done) matcher.advance(done as EventTime)
      matcher.process('hot', eventAt(done, done + 1), 1)
      if (done % 100_000 === 0) checkpoint(matcher)
    }
    seconds.push((performance.now() - started) / 1000)
  }
  const bytes = heapBytes() - before
  matcher.process('hot', eventAt(starts, starts + 1), 2)
  const [first = 1] = seconds
  const last = seconds.at(-1) ?? 1
  const hand = listByHand(part)
  const name = `hot key, ${automaton.classification.kind}, ${starts} starts`
  return [
    { name, value: perSecond(part, hand), unit: 'by hand', ratio: hand / last, against: 'by hand' },
    {
      name,
      value: perSecond(part, last),
      unit: 'events/s',
      ratio: last / first,
      against: 'the cost at the beginning',
      note: `${Math.round(bytes / 1024)} KiB kept, ${(bytes / automaton.classification.bytesMax).toFixed(2)} of what was announced, ${matcher.partialMatches} entries after the end, ${counts.matches} matches, ${counts.shed} shed; ${automaton.classification.bound}`,
    },
  ]
}

/** What somebody would write: a list per key, the oldest dropped beyond ten thousand. Seconds for so many starts of a full list. */
function listByHand(count: number): number {
  const lists = new Map<string, { events: StreamEvent[]; head: number }>()
  const started = performance.now()
  for (let index = 0; index < count; index++) {
    const event = eventAt(index, index + 1)
    const list = lists.get('hot')
    if (list === undefined) {
      lists.set('hot', { events: [event], head: 0 })
      continue
    }
    list.events.push(event)
    if (list.events.length - list.head > 10_000) list.head++
    if (list.head < 20_000) continue
    list.events = list.events.slice(list.head)
    list.head = 0
  }
  return (performance.now() - started) / 1000
}

/** The cost of an event of a key with so many live starts. */
function liveStarts(): Row[] {
  const pattern: Pattern = {
    steps: [
      { kind: 'event', events: ['a'], contiguity: 'relaxed', quantifier: { min: 3, greedy: true } },
      { kind: 'event', events: ['b'], contiguity: 'relaxed' },
    ],
    withinMs: SIX_HOURS,
  }
  const perEvent = (live: number): number => {
    const { matcher } = matcherFor({ pattern, slots: ['a', 'b'], partialMatchesMax: live })
    const count = 300_000
    for (let index = 0; index < live; index++) matcher.process('key', eventAt(index, index + 1), 1)
    checkpoint(matcher)
    const started = performance.now()
    for (let index = live; index < live + count; index++) matcher.process('key', eventAt(index, index + 1), 1)
    return (performance.now() - started) / count
  }
  perEvent(1)
  perEvent(3000)
  const one = perEvent(1)
  const many = perEvent(3000)
  return [
    {
      name: 'A{3,} -> B, one key, 3,000 live starts',
      value: Math.round(many * 1e6),
      unit: 'ns/event',
      ratio: many / one,
      against: 'one live start',
    },
  ]
}
