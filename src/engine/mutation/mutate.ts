import {
  type DurationMs,
  durationMs,
  type EventDefinition,
  type Pattern,
  type PatternStep,
  type Quantifier,
  type RuleDefinition,
  type SourceText,
} from '../model/index.ts'
import { formatDuration } from '../pattern/index.ts'
import { mutateExpression } from './mutate-expression.ts'

/** A rule with one deliberate mistake in it; a good set of tests notices every one. */
export interface Mutant {
  /** Stable within a rule: place and kind of the mistake. */
  readonly id: string
  /** What was changed, for people: `within 10 minutes → 5 minutes`. */
  readonly change: string
  readonly definition: RuleDefinition
}

/**
 * Every single-mistake variant of a rule: limits halved and doubled, counts shifted by one, conditions and guards dropped,
 * comparisons moved. Some are equivalent to the rule (no history tells them apart); the caller decides that by search.
 */
export function mutantsOf(definition: RuleDefinition): readonly Mutant[] {
  return [
    ...mutatePattern(definition.pattern).map(([place, change, pattern]) => ({
      id: `pattern${place}`,
      change,
      definition: withPattern(definition, pattern),
    })),
    ...definition.events.flatMap((event, index) => mutateEvent(definition, event, index)),
    ...mutateHaving(definition),
    ...definition.except.map((exception, index) => ({
      id: `except.${index}.drop`,
      change: `exception ${exception.name} dropped`,
      definition: { ...definition, except: definition.except.filter((_, other) => other !== index) },
    })),
    ...mutateSuppression(definition),
  ]
}

type PatternMutation = readonly [place: string, change: string, pattern: Pattern]
type StepMutation = readonly [place: string, change: string, step: PatternStep]

/** The sentence no longer says what the structure does, so it goes. */
function withPattern(definition: RuleDefinition, pattern: Pattern): RuleDefinition {
  const { sentence: _, ...rest } = definition
  return { ...rest, pattern }
}

function mutatePattern(pattern: Pattern): readonly PatternMutation[] {
  const limits = scaled(pattern.withinMs).map(
    ([change, withinMs]): PatternMutation => [
      `.within.${withinMs}`,
      `within ${change}`,
      { ...pattern, withinMs },
    ],
  )
  const absences = (pattern.without ?? []).map((name): PatternMutation => {
    const { without = [], ...rest } = pattern
    const kept = without.filter((other) => other !== name)
    return [
      `.without.${name}`,
      `without ${name} dropped`,
      kept.length > 0 ? { ...rest, without: kept } : rest,
    ]
  })
  const steps = pattern.steps.flatMap((step, index) =>
    mutateStep(step).map(([place, change, mutated]): PatternMutation => {
      const replaced = pattern.steps.map((other, position) => (position === index ? mutated : other))
      return [`.${index}${place}`, change, { ...pattern, steps: replaced }]
    }),
  )
  const dropped = pattern.steps.flatMap((step, index): readonly PatternMutation[] => {
    const last = index === pattern.steps.length - 1
    if (step.kind !== 'absence' || last) return []
    const kept = pattern.steps.filter((_, position) => position !== index)
    return [[`.${index}.drop`, `no ${step.events.join(' or ')} dropped`, { ...pattern, steps: kept }]]
  })
  return [...limits, ...absences, ...steps, ...dropped]
}

function mutateStep(step: PatternStep): readonly StepMutation[] {
  if (step.kind === 'absence') {
    const limits = scaled(step.forMs).map(
      ([change, forMs]): StepMutation => [
        `.for.${forMs}`,
        `no ${step.events.join(' or ')} for ${change}`,
        { ...step, forMs },
      ],
    )
    const fewer = step.events.length < 2 ? [] : step.events
    return [
      ...limits,
      ...fewer.map((name): StepMutation => {
        const kept = step.events.filter((other) => other !== name)
        return [`.absence.${name}`, `${name} no longer forbidden`, { ...step, events: kept }]
      }),
    ]
  }
  const hops = scaled(step.hopMs).map(
    ([change, hopMs]): StepMutation => [`.hop.${hopMs}`, `followed within ${change}`, { ...step, hopMs }],
  )
  const counts = mutateQuantifier(step.quantifier).map(
    ([place, change, quantifier]): StepMutation => [place, change, { ...step, quantifier }],
  )
  return [...hops, ...counts, ...mutateInside(step)]
}

function mutateInside(step: Exclude<PatternStep, { kind: 'absence' }>): readonly StepMutation[] {
  switch (step.kind) {
    case 'event':
      return []
    case 'group':
      return mutatePattern(step).map(([place, change, pattern]) => [place, change, { ...step, ...pattern }])
    case 'any-order': {
      const atLeast = step.atLeast ?? step.members.length
      return atLeast < 2
        ? []
        : [['.at-least', `at least ${atLeast} → ${atLeast - 1}`, { ...step, atLeast: atLeast - 1 }]]
    }
    case 'choice':
      return step.branches.flatMap((branch, index) =>
        mutatePattern(branch).map(([place, change, mutated]): StepMutation => {
          const branches = step.branches.map((other, position) => (position === index ? mutated : other))
          return [`.${index}${place}`, change, { ...step, branches }]
        }),
      )
    default:
      return step satisfies never
  }
}

function mutateQuantifier(
  quantifier: Quantifier | undefined,
): ReadonlyArray<readonly [string, string, Quantifier]> {
  if (quantifier === undefined) return []
  const { min, max } = quantifier
  const shifted = [min - 1, min + 1]
    .filter((count) => count >= 1 && (max === undefined || count <= max))
    .map((count) => [`.min.${count}`, `at least ${min} → ${count}`, { ...quantifier, min: count }] as const)
  const upper =
    max === undefined
      ? []
      : [[`.max.${max + 1}`, `at most ${max} → ${max + 1}`, { ...quantifier, max: max + 1 }] as const]
  const gaps = scaled(quantifier.gapMs).map(
    ([change, gapMs]) => [`.gap.${gapMs}`, `gap ${change}`, { ...quantifier, gapMs }] as const,
  )
  return [...shifted, ...upper, ...gaps]
}

/** Halved and doubled. */
function scaled(limit: DurationMs | undefined): ReadonlyArray<readonly [change: string, limit: DurationMs]> {
  if (limit === undefined) return []
  return [durationMs(Math.floor(limit / 2)), durationMs(limit * 2)].map((value) => [
    `${formatDuration(limit)} → ${formatDuration(value)}`,
    value,
  ])
}

function mutateEvent(definition: RuleDefinition, event: EventDefinition, index: number): readonly Mutant[] {
  const { where } = event
  if (where === undefined) return []
  return mutateExpression(where.text).map(({ place, change, text }) => {
    const { where: _, ...rest } = event
    const mutated = text === undefined ? rest : { ...event, where: { ...where, text } }
    return {
      id: `events.${event.name}.${place}`,
      change: `${event.name}: ${change}`,
      definition: {
        ...definition,
        events: definition.events.map((other, position) => (position === index ? mutated : other)),
      },
    }
  })
}

function mutateHaving(definition: RuleDefinition): readonly Mutant[] {
  const { having, ...rest } = definition
  if (having === undefined) return []
  return mutateExpression(having.text).map(({ place, change, text }) => ({
    id: `having.${place}`,
    change: `having: ${change}`,
    definition: text === undefined ? rest : { ...definition, having: replaceText(having, text) },
  }))
}

const replaceText = (source: SourceText, text: string): SourceText => ({ ...source, text })

function mutateSuppression(definition: RuleDefinition): readonly Mutant[] {
  const { suppress } = definition
  if (suppress === false) return []
  return [
    { id: 'suppress.drop', change: 'suppression dropped', definition: { ...definition, suppress: false } },
    ...scaled(suppress.forMs).map(([change, forMs]) => ({
      id: `suppress.for.${forMs}`,
      change: `suppress for ${change}`,
      definition: { ...definition, suppress: { ...suppress, forMs } },
    })),
  ]
}
