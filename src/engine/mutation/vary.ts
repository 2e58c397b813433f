import {
  durationMs,
  type JsonValue,
  type PatternStep,
  type RuleDefinition,
  type RuleTest,
  type RuleTestEvent,
} from '../model/index.ts'
import { allSteps } from '../pattern/index.ts'
import { scanExpression } from './scan-expression.ts'

/** Where around a limit the two sides of a mistake in it can be told apart. */
const AROUND_A_LIMIT = [0.4, 0.6, 0.9, 1, 1.1, 1.5, 1.9, 2.5] as const
const AROUND_A_NUMBER = [0, 0.4, 0.6, 0.75, 0.9, 1, 1.1, 1.5, 1.9, 2.1] as const

/**
 * Histories near those that the rule's tests already tell: stretched, shifted around every limit, with more or fewer events, with
 * values around every constant, with what the rule forbids put in, told twice. Deterministic, in a fixed order.
 */
export function* variationsOf(rule: RuleDefinition): Generator<RuleTest> {
  const limits = limitsOf(rule)
  const constants = constantsOf(rule)
  const known = knownEvents(rule)
  for (const test of rule.tests) {
    yield test
    yield* stretched(test)
    yield* shifted(test, limits)
    yield* counted(test)
    yield* revalued(test, constants)
    yield* interrupted(test, known)
    yield* repeated(test, limits)
    if (Object.keys(test.lists).length > 0) yield { ...test, lists: {} }
  }
  for (const test of rule.tests)
    for (const longer of counted(test)) {
      yield* stretched(longer)
      yield* revalued(longer, constants)
    }
}

const end = ({ atMs, times, everyMs }: RuleTestEvent): number => atMs + (times - 1) * everyMs

const replaceAt = <T>(items: readonly T[], index: number, item: T): T[] =>
  items.map((other, position) => (position === index ? item : other))

function* stretched(test: RuleTest): Generator<RuleTest> {
  for (const factor of [0.3, 0.45, 0.55, 0.7, 0.9, 1.1, 1.4, 1.8, 2.2])
    yield {
      ...test,
      events: test.events.map((event) => ({
        ...event,
        atMs: durationMs(Math.round(event.atMs * factor)),
        everyMs: durationMs(Math.round(event.everyMs * factor)),
      })),
      ...(test.untilMs === undefined ? {} : { untilMs: durationMs(Math.round(test.untilMs * factor)) }),
    }
}

/** Everything from one event on comes earlier or later, so that the time since the one before lies around a limit. */
function* shifted(test: RuleTest, limits: readonly number[]): Generator<RuleTest> {
  for (const [index, event] of test.events.entries()) {
    const before = test.events[index - 1]
    for (const limit of limits)
      for (const factor of AROUND_A_LIMIT) {
        for (const anchor of before === undefined
          ? []
          : [end(before), before.atMs, test.events[0]?.atMs ?? 0])
          yield moved(test, index, Math.round(anchor + limit * factor) - event.atMs)
        if (event.times > 1)
          yield {
            ...test,
            events: replaceAt(test.events, index, {
              ...event,
              everyMs: durationMs(Math.round((limit * factor) / (event.times - 1))),
            }),
          }
      }
  }
  for (const limit of limits)
    for (const factor of AROUND_A_LIMIT) {
      const last = Math.max(0, ...test.events.map(end))
      yield { ...test, untilMs: durationMs(Math.round(last + limit * factor)) }
    }
}

const moved = (test: RuleTest, from: number, byMs: number): RuleTest => ({
  ...test,
  events: test.events.map((event, index) =>
    index < from ? event : { ...event, atMs: durationMs(Math.max(0, event.atMs + byMs)) },
  ),
})

function* counted(test: RuleTest): Generator<RuleTest> {
  for (const [index, event] of test.events.entries()) {
    yield { ...test, events: test.events.filter((_, other) => other !== index) }
    for (const times of [event.times - 1, event.times + 1, event.times + 2, event.times * 2])
      if (times >= 1 && times !== event.times)
        yield {
          ...test,
          events: replaceAt(test.events, index, {
            ...event,
            times,
            everyMs: event.everyMs > 0 ? event.everyMs : durationMs(1_000),
          }),
        }
  }
}

function* revalued(test: RuleTest, constants: Constants): Generator<RuleTest> {
  for (const [index, event] of test.events.entries())
    for (const [name, value] of Object.entries(event.data)) {
      for (const candidate of candidatesFor(value, constants))
        yield {
          ...test,
          events: replaceAt(test.events, index, { ...event, data: { ...event.data, [name]: candidate } }),
        }
      const { [name]: _, ...rest } = event.data
      yield { ...test, events: replaceAt(test.events, index, { ...event, data: rest }) }
    }
}

function candidatesFor(value: JsonValue, constants: Constants): readonly JsonValue[] {
  if (typeof value === 'number')
    return constants.numbers.flatMap((number) => [
      ...AROUND_A_NUMBER.map((factor) => number * factor),
      number - 1,
      number + 1,
    ])
  if (typeof value === 'string')
    return [...constants.texts, `${value}-other`].filter((text) => text !== value)
  return []
}

/** Between any two events, one that the rule knows and the test does not have there. */
function* interrupted(test: RuleTest, known: readonly RuleTestEvent[]): Generator<RuleTest> {
  const shared = sharedFields(test)
  for (const [index, event] of test.events.entries())
    for (const other of known)
      for (const atMs of [
        Math.round((end(test.events[index - 1] ?? event) + event.atMs) / 2),
        end(event) + 1,
      ]) {
        const inserted = { ...other, atMs: durationMs(atMs), times: 1, data: { ...other.data, ...shared } }
        yield { ...test, events: [...test.events, inserted] }
      }
}

/** Fields with one value in all events of a test: mostly the key. */
function sharedFields(test: RuleTest): Record<string, JsonValue> {
  const [first, ...rest] = test.events
  return Object.fromEntries(
    Object.entries(first?.data ?? {}).filter(([name, value]) =>
      rest.every(({ data }) => JSON.stringify(data[name]) === JSON.stringify(value)),
    ),
  )
}

function* repeated(test: RuleTest, limits: readonly number[]): Generator<RuleTest> {
  const length = Math.max(0, ...test.events.map(end))
  for (const limit of limits)
    for (const factor of AROUND_A_LIMIT) {
      const byMs = Math.max(length + 1, Math.round(limit * factor))
      const again = test.events.map((event) => ({ ...event, atMs: durationMs(event.atMs + byMs) }))
      yield { ...test, events: [...test.events, ...again] }
    }
}

function limitsOf(rule: RuleDefinition): readonly number[] {
  const steps = [...allSteps(rule.pattern)].map(({ step }) => step)
  const limits = [
    rule.pattern.withinMs,
    rule.suppress === false ? undefined : rule.suppress.forMs,
    ...steps.flatMap(limitsIn),
  ]
  return [...new Set(limits.filter((limit) => limit !== undefined))]
}

function limitsIn(step: PatternStep): ReadonlyArray<number | undefined> {
  if (step.kind === 'absence') return [step.forMs]
  return [step.hopMs, step.quantifier?.gapMs, step.kind === 'group' ? step.withinMs : undefined]
}

interface Constants {
  readonly numbers: readonly number[]
  readonly texts: readonly string[]
}

function constantsOf(rule: RuleDefinition): Constants {
  const sources = [...rule.events.flatMap(({ where }) => where?.text ?? []), rule.having?.text ?? '']
  const numbers = sources.flatMap((text) =>
    scanExpression(text).flatMap((token) => (token.kind === 'number' ? [Number(token.text)] : [])),
  )
  const texts = sources.flatMap((text) => [...text.matchAll(/"([^"\\]*)"/g)].map(([, inner]) => inner ?? ''))
  return { numbers: [...new Set(numbers)], texts: [...new Set(texts)] }
}

/** One event of every subject that the rule reads, as a test has it if one does. */
function knownEvents(rule: RuleDefinition): readonly RuleTestEvent[] {
  const told = rule.tests.flatMap(({ events }) => events)
  return rule.events.map(({ from }): RuleTestEvent => {
    const subject = from.replaceAll('*', 'any').replace('>', 'any')
    const example = told.find((event) => event.subject === from)
    return example ?? { atMs: durationMs(0), subject, data: {}, times: 1, everyMs: durationMs(0) }
  })
}
