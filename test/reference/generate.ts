import fc from 'fast-check'
import {
  type AfterMatch,
  type Contiguity,
  durationMs,
  type JsonObject,
  type JsonValue,
  type Pattern,
  type PatternStep,
  type Quantifier,
} from '../../src/engine/index.ts'
import { validatePattern } from '../../src/engine/pattern/index.ts'

/** What an event satisfies: a bit per name, decided when the history is drawn, and a value that conditions compare. */
export interface DrawnEvent {
  readonly time: number
  readonly key: string
  readonly mask: number
  readonly value: number
  /** What equalities compare: of every type, and missing. */
  readonly data: JsonObject
}

/** A condition in the language of rules: the conjuncts of a step's `where` that read earlier steps. */
export interface DrawnCondition {
  readonly slot: number
  readonly conjuncts: readonly string[]
}

export interface Scenario {
  readonly pattern: Pattern
  readonly afterMatch: AfterMatch
  readonly names: readonly string[]
  /** Slots whose condition reads what was taken. */
  readonly conditional: readonly number[]
  /** Of other slots. */
  readonly conditions: readonly DrawnCondition[]
  readonly having: 'none' | 'even' | 'rising'
  readonly events: readonly DrawnEvent[]
}

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

const contiguity = fc.constantFrom<Contiguity>('relaxed', 'relaxed', 'strict', 'non-deterministic-relaxed')
const limit = fc.option(
  fc.integer({ min: 1, max: 8 }).map((ms) => durationMs(ms)),
  { nil: undefined, freq: 4 },
)

/** Names in the order in which a pattern uses them: every positive name stands once. */
interface Names {
  next(): string
}

type Build<T> = (names: Names) => T

const quantifier = (isEvent: boolean): fc.Arbitrary<Build<Quantifier | undefined>> =>
  fc
    .record({
      min: fc.integer({ min: 1, max: 2 }),
      more: fc.constantFrom(0, 1, 2, Number.POSITIVE_INFINITY),
      optional: fc.boolean(),
      greedy: fc.boolean(),
      inner: contiguity,
      gap: limit,
      until: fc.boolean(),
      plain: fc.boolean(),
    })
    .map((drawn) => (names: Names): Quantifier | undefined => {
      if (drawn.plain) return drawn.optional ? { min: 1, max: 1, optional: true } : undefined
      const max = drawn.min + drawn.more
      const loops = max > 1
      return {
        min: drawn.min,
        ...(max === Number.POSITIVE_INFINITY ? {} : { max }),
        ...(drawn.optional ? { optional: true } : {}),
        ...(drawn.greedy && isEvent && drawn.more > 0 && drawn.inner !== 'non-deterministic-relaxed'
          ? { greedy: true }
          : {}),
        inner: drawn.inner,
        ...(drawn.gap === undefined || !loops ? {} : { gapMs: drawn.gap }),
        ...(drawn.until && isEvent && max === Number.POSITIVE_INFINITY ? { until: names.next() } : {}),
      }
    })

const positive = (isEvent: boolean) =>
  fc.record({ contiguity, quantifier: quantifier(isEvent), hop: limit }).map((drawn) => (names: Names) => {
    const built = drawn.quantifier(names)
    return {
      contiguity: drawn.contiguity,
      ...(built === undefined ? {} : { quantifier: built }),
      ...(drawn.hop === undefined ? {} : { hopMs: drawn.hop }),
    }
  })

const event: fc.Arbitrary<Build<PatternStep>> = fc
  .record({ positive: positive(true), two: fc.boolean(), rare: fc.integer({ min: 0, max: 3 }) })
  .map(
    (drawn) =>
      (names: Names): PatternStep => ({
        kind: 'event',
        events: drawn.two && drawn.rare === 0 ? [names.next(), names.next()] : [names.next()],
        ...drawn.positive(names),
      }),
  )

const absence: fc.Arbitrary<Build<PatternStep>> = fc.record({ strict: fc.boolean(), timed: limit }).map(
  (drawn) =>
    (names: Names): PatternStep => ({
      kind: 'absence',
      events: [names.next()],
      ...(drawn.timed === undefined
        ? { contiguity: drawn.strict ? 'strict' : 'relaxed' }
        : { contiguity: 'relaxed', forMs: drawn.timed }),
    }),
)

const inner = (steps: number): fc.Arbitrary<Build<Pattern>> =>
  fc
    .record({
      steps: fc.array(fc.oneof({ weight: 5, arbitrary: event }, { weight: 1, arbitrary: absence }), {
        minLength: 1,
        maxLength: steps,
      }),
      within: limit,
      without: fc.integer({ min: 0, max: 7 }),
    })
    .map(
      (drawn) =>
        (names: Names): Pattern => ({
          steps: drawn.steps.map((step) => step(names)),
          ...(drawn.within === undefined ? {} : { withinMs: drawn.within }),
          ...(drawn.without === 0 ? { without: [names.next()] } : {}),
        }),
    )

const group: fc.Arbitrary<Build<PatternStep>> = fc
  .record({ positive: positive(false), pattern: inner(2) })
  .map(
    (drawn) =>
      (names: Names): PatternStep => ({
        kind: 'group',
        ...drawn.pattern(names),
        ...drawn.positive(names),
      }),
  )

const choice: fc.Arbitrary<Build<PatternStep>> = fc
  .record({ positive: positive(false), branches: fc.array(inner(2), { minLength: 2, maxLength: 2 }) })
  .map(
    (drawn) =>
      (names: Names): PatternStep => ({
        kind: 'choice',
        branches: drawn.branches.map((branch) => branch(names)),
        ...drawn.positive(names),
      }),
  )

const anyOrder: fc.Arbitrary<Build<PatternStep>> = fc
  .record({
    positive: positive(false),
    members: fc.integer({ min: 2, max: 3 }),
    less: fc.integer({ min: 0, max: 1 }),
  })
  .map(
    (drawn) =>
      (names: Names): PatternStep => ({
        kind: 'any-order',
        members: Array.from({ length: drawn.members }, () => names.next()),
        ...(drawn.less === 0 ? {} : { atLeast: drawn.members - 1 }),
        ...drawn.positive(names),
      }),
  )

const wholePattern: fc.Arbitrary<Build<Pattern>> = fc
  .record({
    steps: fc.array(
      fc.oneof(
        { weight: 10, arbitrary: event },
        { weight: 3, arbitrary: absence },
        { weight: 2, arbitrary: group },
        { weight: 1, arbitrary: choice },
        { weight: 1, arbitrary: anyOrder },
      ),
      { minLength: 1, maxLength: 4 },
    ),
    within: fc.option(
      fc.integer({ min: 3, max: 20 }).map((ms) => durationMs(ms)),
      { nil: undefined, freq: 2 },
    ),
    without: fc.integer({ min: 0, max: 9 }),
  })
  .map(
    (drawn) =>
      (names: Names): Pattern => ({
        steps: drawn.steps.map((step) => step(names)),
        ...(drawn.within === undefined ? {} : { withinMs: drawn.within }),
        ...(drawn.without === 0 ? { without: [names.next()] } : {}),
      }),
  )

/** The shapes for which the compiler knows leaner matchers, without what they leave out. */
const commonPattern: fc.Arbitrary<Build<Pattern>> = fc
  .record({
    counts: fc.array(
      fc.record({
        min: fc.integer({ min: 1, max: 3 }),
        more: fc.constantFrom(0, 0, Number.POSITIVE_INFINITY),
        greedy: fc.boolean(),
        plain: fc.boolean(),
        contiguity: fc.constantFrom<Contiguity>('relaxed', 'non-deterministic-relaxed'),
        hop: limit,
      }),
      { minLength: 1, maxLength: 4 },
    ),
    end: fc.constantFrom('none', 'none', 'absence', 'timed'),
    within: fc.option(
      fc.integer({ min: 3, max: 20 }).map((ms) => durationMs(ms)),
      { nil: undefined, freq: 4 },
    ),
    without: fc.integer({ min: 0, max: 4 }),
  })
  .map((drawn) => (names: Names): Pattern => {
    const steps = drawn.counts.map(
      (count): PatternStep => ({
        kind: 'event',
        events: [names.next()],
        contiguity: count.contiguity,
        ...(count.plain
          ? {}
          : {
              quantifier: {
                min: count.min,
                ...(count.more === 0 ? { max: count.min } : {}),
                ...(count.greedy && count.more !== 0 ? { greedy: true } : {}),
              },
            }),
        ...(count.hop === undefined || count.min > 1 ? {} : { hopMs: count.hop }),
      }),
    )
    if (drawn.end !== 'none')
      steps.push({
        kind: 'absence',
        events: [names.next()],
        contiguity: 'relaxed',
        ...(drawn.end === 'timed' ? { forMs: durationMs(4) } : {}),
      })
    return {
      steps,
      ...(drawn.within === undefined ? {} : { withinMs: drawn.within }),
      ...(drawn.without === 0 ? { without: [names.next()] } : {}),
    }
  })

const compared = fc.constantFrom<JsonValue | undefined>(
  ...[undefined, 1, 1, 2, 2, 3, '1', 'x', 'x', 'X', true, null, [], [1], [1, 2], { x: 1 }],
)
const listed = fc.constantFrom<JsonValue | undefined>(...[undefined, 1, [1, 2], ['x', 3], [[1], { x: 1 }, 2]])
const nested = fc.constantFrom<JsonValue | undefined>(
  ...[undefined, { v: 1 }, { v: 'x' }, [{ v: 1 }], [{ v: 1 }, { v: 2 }], 'x'],
)

const CONJUNCTS: ReadonlyArray<(step: string) => string> = [
  ...[
    (step: string) => `v = ${step}.v`,
    (step: string) => `${step}.v = v`,
    (step: string) => `v in ${step}.list`,
    (step: string) => `${step}.v in list`,
    // Errors where the value is no text: to be counted, whoever is asked.
    (step: string) => `v = $lowercase(${step}.v)`,
  ].flatMap((each) => [each, each, each]),
  (step) => `$lowercase(v) = ${step}.v`,
  (step) => `v = ${step}.inner.v`,
  (step) => `inner.v = ${step}.v`,
  (step) => `v in ${step}.inner.v`,
  (step) => `value >= ${step}.value`,
  (step) => `value >= ${step}.v`,
  (step) => `$count(${step}) < 2`,
  (step) => `$count(${step}.v) < 2`,
  (step) => `$sum(${step}.value) < 4`,
  (step) => `$max(${step}.value) <= value`,
  (step) => `$min(${step}.v) = 1`,
  (step) => `$average(${step}.value) < value`,
  (step) => `$count($distinct(${step}.v)) < 2`,
  (step) => `$exists(${step}.v)`,
]

const drawnCondition = fc.record({
  slot: fc.integer({ min: 0, max: NAMES.length }),
  conjuncts: fc.array(
    fc.record({
      conjunct: fc.integer({ min: 0, max: CONJUNCTS.length - 1 }),
      step: fc.integer({ min: 0, max: NAMES.length - 1 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
})

const drawnEvent = fc.record({
  v: compared,
  list: listed,
  inner: nested,
  pause: fc.constantFrom(0, 0, 1, 1, 1, 2, 4, 9),
  key: fc.constantFrom('x', 'x', 'x', 'y'),
  names: fc.array(fc.integer({ min: 0, max: NAMES.length - 1 }), { minLength: 0, maxLength: 3 }),
  value: fc.integer({ min: 0, max: 3 }),
})

const afterMatchOf = (kind: number, orFail: boolean, step: string): AfterMatch => {
  const choices: AfterMatch[] = [
    { kind: 'no-skip' },
    { kind: 'skip-to-next' },
    { kind: 'skip-past-last-event' },
    { kind: 'skip-to-first', step, ...(orFail ? { orFail } : {}) },
    { kind: 'skip-to-last', step, ...(orFail ? { orFail } : {}) },
  ]
  return choices[kind] ?? { kind: 'no-skip' }
}

/** Chains of counted events with a condition on the whole match: what is kept as logs, with matches that wait for older ones. */
const chainPattern: fc.Arbitrary<Build<Pattern>> = fc
  .record({
    steps: fc.array(
      fc.record({
        contiguity: fc.constantFrom<Contiguity>('relaxed', 'relaxed', 'relaxed', 'non-deterministic-relaxed'),
        min: fc.integer({ min: 1, max: 3 }),
        more: fc.boolean(),
        greedy: fc.boolean(),
        inner: fc.constantFrom<Contiguity>('relaxed', 'relaxed', 'non-deterministic-relaxed'),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    within: fc.option(fc.integer({ min: 3, max: 20 }), { nil: undefined, freq: 6 }),
    without: fc.integer({ min: 0, max: 3 }),
  })
  .map((drawn) => (names: Names): Pattern => {
    const steps = drawn.steps.map((step): PatternStep => {
      const loops = step.more || step.min > 1
      return {
        kind: 'event',
        events: [names.next()],
        contiguity: step.contiguity,
        ...(loops
          ? {
              quantifier: {
                min: step.min,
                inner: step.inner,
                ...(step.more ? {} : { max: step.min }),
                ...(step.greedy && step.more ? { greedy: true } : {}),
              },
            }
          : {}),
      }
    })
    return {
      steps,
      ...(drawn.within === undefined ? {} : { withinMs: durationMs(drawn.within) }),
      ...(drawn.without === 0 ? { without: [names.next()] } : {}),
    }
  })

interface Drawn {
  readonly pattern: Build<Pattern>
  readonly skip: number
  readonly orFail: boolean
  readonly target: number
  readonly conditional: readonly number[]
  readonly conditions: ReadonlyArray<{
    readonly slot: number
    readonly conjuncts: ReadonlyArray<{ readonly conjunct: number; readonly step: number }>
  }>
  readonly having: Scenario['having']
  readonly events: ReadonlyArray<{
    readonly v: JsonValue | undefined
    readonly list: JsonValue | undefined
    readonly inner: JsonValue | undefined
    readonly pause: number
    readonly key: string
    readonly names: readonly number[]
    readonly value: number
  }>
  readonly density: number
}

function scenarioOf(drawn: Drawn, unbounded = false): Scenario | undefined {
  let used = 0
  const pattern = drawn.pattern({ next: () => NAMES[used++] ?? 'z' })
  if (used > NAMES.length) return undefined
  const names = NAMES.slice(0, used)
  const step = names[drawn.target % names.length] ?? 'a'
  const afterMatch = afterMatchOf(drawn.skip, drawn.orFail, step)
  const limits = { partialMatchesMax: 1000, ...(unbounded ? { unbounded } : {}) }
  const problems = validatePattern(pattern, { names, afterMatch, limits })
  if (problems.some((problem) => problem.severity === 'error')) return undefined
  let time = 0
  const events = drawn.events.map((each): DrawnEvent => {
    time += each.pause
    let mask = 0
    for (const name of each.names.slice(0, drawn.density)) if (name < 30) mask |= 1 << (name % used)
    const { key, value } = each
    return { time, key, mask, value, data: { value, ...withoutNothing(each) } }
  })
  const conditional = [...new Set(drawn.conditional.filter((slot) => slot < used))]
  const conditions = drawn.conditions
    .filter(({ slot }, index, all) => slot < used && all.findIndex((other) => other.slot === slot) === index)
    .filter(({ slot }) => !conditional.includes(slot))
    .map(({ slot, conjuncts }) => ({
      slot,
      conjuncts: conjuncts.map(({ conjunct, step }) => CONJUNCTS[conjunct]?.(`$${names[step % used]}`) ?? ''),
    }))
  return { pattern, afterMatch, names, conditional, conditions, having: drawn.having, events }
}

const withoutNothing = ({ v, list, inner }: Drawn['events'][number]): JsonObject => ({
  ...(v === undefined ? {} : { v }),
  ...(list === undefined ? {} : { list }),
  ...(inner === undefined ? {} : { inner }),
})

const isScenario = (drawn: Scenario | undefined): drawn is Scenario => drawn !== undefined

/** A pattern that the validator accepts, and a history for it. */
export const scenario: fc.Arbitrary<Scenario> = fc
  .record({
    pattern: fc.oneof({ weight: 2, arbitrary: wholePattern }, { weight: 1, arbitrary: commonPattern }),
    skip: fc.constantFrom(0, 1, 2, 2, 2, 3, 4),
    orFail: fc.boolean(),
    target: fc.nat(),
    conditional: fc.oneof(
      fc.constant<number[]>([]),
      fc.array(fc.integer({ min: 0, max: NAMES.length }), { maxLength: 2 }),
    ),
    conditions: fc.oneof(fc.constant([]), fc.array(drawnCondition, { minLength: 1, maxLength: 3 })),
    having: fc.constantFrom<Scenario['having']>('none', 'none', 'none', 'even', 'rising'),
    events: fc.array(drawnEvent, { minLength: 1, maxLength: 9 }),
    density: fc.integer({ min: 1, max: 3 }),
  })
  .map((drawn) => scenarioOf(drawn))
  .filter(isScenario)

/** A chain with `having`, and a longer history. */
export const chainScenario: fc.Arbitrary<Scenario> = fc
  .record({
    pattern: chainPattern,
    skip: fc.constantFrom(0, 2, 2, 2),
    orFail: fc.constant(false),
    target: fc.constant(0),
    conditional: fc.constant<number[]>([]),
    conditions: fc.constant([]),
    having: fc.constantFrom<Scenario['having']>('even', 'rising'),
    events: fc.array(drawnEvent, { minLength: 6, maxLength: 16 }),
    density: fc.integer({ min: 1, max: 3 }),
  })
  .map((drawn) => scenarioOf(drawn, true))
  .filter(isScenario)

/** Steps of few events that compare values: several partial matches wait for the same and for different ones. */
export const joinScenario: fc.Arbitrary<Scenario> = fc
  .record({
    pattern: fc.oneof({ weight: 1, arbitrary: wholePattern }, { weight: 2, arbitrary: chainPattern }),
    skip: fc.constantFrom(0, 0, 1, 2, 3, 4),
    orFail: fc.boolean(),
    target: fc.nat(),
    conditional: fc.constant<number[]>([]),
    conditions: fc.array(drawnCondition, { minLength: 2, maxLength: 4 }),
    having: fc.constantFrom<Scenario['having']>('none', 'none', 'none', 'even'),
    events: fc.array(drawnEvent, { minLength: 6, maxLength: 11 }),
    density: fc.integer({ min: 1, max: 2 }),
  })
  .map((drawn) => scenarioOf(drawn, true))
  .filter(isScenario)
