import {
  type Automaton,
  compilePattern,
  createKeyedMatcher,
  eventTime,
  type KeyedMatcher,
  type MatcherHost,
  type PatternInput,
  type StreamEvent,
  streamSequence,
} from '../../src/engine/index.ts'

export interface Row {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** `value` divided by that of what it is measured against. */
  readonly ratio?: number
  readonly against?: string
  readonly note?: string
}

export interface Case {
  readonly name: string
  run(): Row[]
}

export interface Counts {
  matches: number
  shed: number
}

export function matcherFor(
  input: Pick<PatternInput, 'pattern' | 'slots'> & Partial<PatternInput>,
  condition: MatcherHost['condition'] = () => true,
  joins?: MatcherHost['joins'],
): { readonly matcher: KeyedMatcher; readonly automaton: Automaton; readonly counts: Counts } {
  const compiled = compilePattern({
    afterMatch: { kind: 'skip-past-last-event' },
    conditional: new Set(),
    hasHaving: false,
    reportsTimeouts: false,
    partialMatchesMax: 10_000,
    ...input,
  })
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  const counts: Counts = { matches: 0, shed: 0 }
  const matcher = createKeyedMatcher(compiled.value, {
    condition,
    ...(joins === undefined ? {} : { joins }),
    accept: () => true,
    matched: () => {
      counts.matches++
    },
    timedOut: () => undefined,
    shed: (count) => {
      counts.shed += count
    },
  })
  return { matcher, automaton: compiled.value, counts }
}

export function eventAt(time: number, sequence: number, data: StreamEvent['data'] = NO_DATA): StreamEvent {
  return {
    sequence: streamSequence(sequence),
    time: eventTime(time),
    ingestedAt: eventTime(time),
    subject: 'bench',
    id: '',
    data,
  }
}

const NO_DATA: StreamEvent['data'] = {}

/** A small generator whose numbers are the same in every run. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state
  }
}

/** Seconds that `work` takes; the best of `times` runs. */
export function secondsOf(work: () => void, times = 3): number {
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < times; run++) {
    globalThis.gc?.()
    best = Math.min(best, secondsOnce(work))
  }
  return best
}

export function secondsOnce(work: () => void): number {
  const started = performance.now()
  work()
  return (performance.now() - started) / 1000
}

export const perSecond = (events: number, seconds: number): number => Math.round(events / seconds)

/** Clears the matcher's changes, as a checkpoint does. */
export const checkpoint = (matcher: KeyedMatcher): void => matcher.drainChanges(() => undefined)

export function heapBytes(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  const usage = process.memoryUsage()
  return usage.heapUsed + usage.external
}
