import {
  compilePattern,
  createKeyedMatcher,
  eventTime,
  type KeyedMatcher,
  type Match,
  type MatcherHost,
  type StepAccess,
  type StreamEvent,
  streamSequence,
} from '../../src/engine/index.ts'
import { restoredCopy } from '../support/state.ts'
import { Conditions } from './conditions.ts'
import type { DrawnEvent, Scenario } from './generate.ts'
import { findMatches, type TakenStep } from './reference-matcher.ts'

/** How a condition that reads steps decides: the value must not be below that of the last event taken. */
const conditionHolds = (value: number, last: number | undefined): boolean =>
  last === undefined || value >= last

const having = (kind: Scenario['having'], values: readonly number[]): boolean => {
  if (kind === 'even') return values.length % 2 === 0
  if (kind === 'rising') return (values.at(-1) ?? 0) >= (values[0] ?? 0)
  return true
}

const END = 200

const eventsOf = ({ events }: Scenario): StreamEvent[] =>
  events.map((drawn, index) => ({
    sequence: streamSequence(index + 1),
    time: eventTime(drawn.time),
    ingestedAt: eventTime(drawn.time),
    subject: 'drawn',
    id: String(index),
    data: drawn.data,
  }))

export function expected(scenario: Scenario): string[] {
  const all = eventsOf(scenario)
  const conditions = new Conditions(scenario)
  const slotOf = new Map(scenario.names.map((name, slot) => [name, slot]))
  const keys = [...new Set(scenario.events.map((event) => event.key))]
  return keys
    .flatMap((key) => {
      const events = scenario.events.filter((event) => event.key === key)
      const numbers = scenario.events.flatMap((event, index) => (event.key === key ? [index] : []))
      const values = (taken: readonly TakenStep[]): number[] =>
        taken.map((each) => events[each.event]?.value ?? 0)
      const stepsOf = (taken: readonly TakenStep[], indexes: readonly number[]): StepAccess => {
        const takenAs = (slot: number): StreamEvent[] =>
          taken
            .filter((each) => each.name === scenario.names[slot])
            .flatMap((each) => all[indexes[each.event] ?? -1] ?? [])
        return { taken: takenAs, count: (slot) => takenAs(slot).length }
      }
      const answers = findMatches<DrawnEvent>({
        pattern: scenario.pattern,
        afterMatch: scenario.afterMatch,
        events,
        until: END,
        holds: (name, event, taken) => {
          const slot = slotOf.get(name) ?? -1
          if ((event.mask & (1 << slot)) === 0) return false
          if (scenario.conditional.includes(slot)) return conditionHolds(event.value, values(taken).at(-1))
          const atHand = all[scenario.events.indexOf(event)]
          return atHand === undefined || conditions.holds(slot, atHand, stepsOf(taken, numbers))
        },
        accepts: (taken) => having(scenario.having, values(taken)),
      })
      return answers.map((answer) => {
        const taken = answer.taken.map((each) => `${each.name}${numbers[each.event]}`).join(' ')
        const by = answer.completedBy === undefined ? 'time' : numbers[answer.completedBy]
        return { kind: answer.kind, text: `${key} ${answer.kind} ${taken} at ${answer.completedAt} by ${by}` }
      })
    })
    .map((each) => each.text)
}

export interface RunOptions {
  /** Without them the compiler may choose a leaner matcher. */
  readonly timeouts: boolean
  /** After which events the matcher is stored and restored; `all` for every one. */
  readonly restoreAfter: ReadonlySet<number> | 'all' | 'never'
  /** `always`: every key has an index over its partial matches, however few they are. */
  readonly indexed: 'always' | 'never'
}

export interface Outcome {
  readonly found: readonly string[]
  /** Conditions that could not be evaluated, in the order in which they were met. */
  readonly errors: readonly string[]
}

export const actual = (scenario: Scenario, options: RunOptions): readonly string[] =>
  outcomeOf(scenario, options).found

export function outcomeOf(scenario: Scenario, options: RunOptions): Outcome {
  const conditions = new Conditions(scenario)
  const conditioned = new Set(scenario.conditions.map(({ slot }) => slot))
  const matcherOptions = { indexedAbove: options.indexed === 'always' ? 0 : Number.POSITIVE_INFINITY }
  const compiled = compilePattern({
    pattern: scenario.pattern,
    afterMatch: scenario.afterMatch,
    slots: scenario.names,
    conditional: new Set([...scenario.conditional, ...conditioned]),
    hasHaving: scenario.having !== 'none',
    reportsTimeouts: options.timeouts,
    partialMatchesMax: 1_000_000,
  })
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  const automaton = compiled.value
  const out: Array<{ key: string; text: string }> = []
  const numberOf = new Map<StreamEvent, number>()
  const numberIn = (event: StreamEvent): number => Number(event.data['value'])
  const inOrder = (match: Pick<Match, 'events'>): Array<{ slot: number; event: StreamEvent }> =>
    match.events
      .flatMap((events, slot) => events.map((event) => ({ slot, event })))
      .sort((left, right) => left.event.sequence - right.event.sequence)
  const note = (kind: string, match: Match, key: string): void => {
    const taken = inOrder(match).map((each) => `${scenario.names[each.slot]}${numberOf.get(each.event)}`)
    const by = match.completedBy === undefined ? 'time' : numberOf.get(match.completedBy)
    out.push({ key, text: `${key} ${kind} ${taken.join(' ')} at ${match.completedAt} by ${by}` })
  }
  const host: MatcherHost = {
    joins: conditions.joins,
    condition: (slot, event, taken) => {
      if (conditioned.has(slot)) return conditions.holds(slot, event, taken)
      const events = scenario.names
        .flatMap((_name, slot) => [...taken.taken(slot)])
        .sort((left, right) => left.sequence - right.sequence)
      const last = events.at(-1)
      return conditionHolds(numberIn(event), last === undefined ? undefined : numberIn(last))
    },
    accept: (match) =>
      having(
        scenario.having,
        inOrder(match).map((each) => numberIn(each.event)),
      ),
    matched: (match, key) => note('match', match, key),
    timedOut: (match, key) => note('timeout', match, key),
    shed: () => undefined,
    skipMissed: (match, _, key) => note('skip-missed', match, key),
  }
  const create = (): KeyedMatcher => createKeyedMatcher(automaton, host, matcherOptions)
  let matcher = create()
  const restore = (): void => {
    matcher = restoredCopy(matcher, create)
  }
  const events = eventsOf(scenario)
  scenario.events.forEach((drawn, index) => {
    const event = events[index]
    if (event === undefined) return
    numberOf.set(event, index)
    matcher.advance(event.time)
    if (options.restoreAfter === 'all') restore()
    matcher.process(drawn.key, event, drawn.mask)
    if (
      options.restoreAfter === 'all' ||
      (options.restoreAfter !== 'never' && options.restoreAfter.has(index))
    )
      restore()
  })
  matcher.advance(eventTime(END))
  const keys = [...new Set(scenario.events.map((event) => event.key))]
  const found = keys.flatMap((key) => out.filter((each) => each.key === key).map((each) => each.text))
  return { found, errors: conditions.errors }
}

export const withoutTimeouts = (texts: readonly string[]): string[] =>
  texts.filter((text) => !/ timeout /.test(text))

/** Matches in their order; timeouts, whose order within a moment is not defined, sorted. */
export function normal(texts: readonly string[]): string[] {
  const isTimeout = (text: string): boolean => / timeout /.test(text)
  return [...texts.filter((text) => !isTimeout(text)), ...texts.filter(isTimeout).sort()]
}
