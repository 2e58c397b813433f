import type {
  AfterMatch,
  EventDefinition,
  EventName,
  Pattern,
  PatternStep,
  RuleDefinition,
  SourceText,
} from '../model/index.ts'
import { formatDuration, listOf, longestLimit } from '../pattern/index.ts'
import { type EventProgram, joinedConjunct, type RuleProgram } from './program.ts'

/** How events find one event definition, as the router says it (`describeSlots(program.events)`). */
export interface EventRouting {
  readonly subject: string
  /** What is looked up in an index; empty: every event of the subject is asked. */
  readonly lookups: readonly string[]
  /** Conditions that are evaluated for the events that the lookups leave. */
  readonly evaluated: ReadonlyArray<{ readonly condition: string; readonly sharedBy: number }>
}

export interface ExplainOptions {
  /** By slot. */
  readonly routing?: readonly EventRouting[]
}

/** A rule read back as plain sentences, with what it costs and its automaton. */
export function explainRule(program: RuleProgram, options: ExplainOptions = {}): string {
  const { definition: rule, automaton } = program
  const lines = [
    rule.title === undefined ? rule.id : `${rule.id}: ${rule.title}`,
    '',
    ...explainDefinition(rule),
    '',
    `State: ${automaton.classification.kind}. ${automaton.classification.bound}`,
  ]
  program.events.forEach((event, slot) => {
    lines.push(`  ${event.name}: ${evaluation(event, options.routing?.[slot])}`)
  })
  lines.push('', 'Automaton:', ...indent(automaton.describe().split('\n')))
  return lines.join('\n')
}

function evaluation(event: EventProgram, routing: EventRouting | undefined): string {
  const lookups = routing?.lookups ?? []
  const own = routing?.evaluated.map(sharedCondition) ?? event.unary.map(({ source }) => source)
  const joined = joinedConjunct(event)
  const partial = event.conditional.filter((part) => part !== joined).map(({ source }) => source)
  const parts =
    lookups.length > 0
      ? [`looked up on ${event.subject} by ${lookups.join(', then ')}`]
      : [`events on ${event.subject}`]
  if (own.length > 0) parts.push(`${own.join(' and ')} on each${lookups.length > 0 ? ' found' : ''}`)
  if (joined !== undefined) parts.push(`partial matches found by the value of ${joined.source}`)
  if (partial.length > 0)
    parts.push(`${partial.join(' and ')} for each ${joined === undefined ? 'partial match' : 'found'}`)
  return parts.join('; ')
}

function sharedCondition({ condition, sharedBy }: EventRouting['evaluated'][number]): string {
  return sharedBy > 1 ? `${condition} (once for ${sharedBy} rules)` : condition
}

/** The sentences about what the rule says, without what it costs. Needs no compiled program. */
export function explainDefinition(rule: RuleDefinition): readonly string[] {
  const events = new Map(rule.events.map((event) => [event.name, event]))
  const key = rule.by.map(oneLine).join(' and ')
  const limit =
    rule.pattern.withinMs === undefined ? '' : `, in less than ${formatDuration(rule.pattern.withinMs)}`
  const lines = [`For each ${key}, alert (${rule.severity}) when${limit}:`]
  lines.push(...indent(stepLines(rule.pattern, events)))
  if (rule.pattern.without) lines.push(`and no ${named(rule.pattern.without, events)} comes in between.`)
  if (rule.having) lines.push(`The match counts only if ${oneLine(rule.having)}.`)
  for (const { name, when, why, until } of rule.except) {
    const end = until === undefined ? '' : `, until ${until}`
    lines.push(`No alert when ${oneLine(when)} (${name}${why === undefined ? '' : `: ${why}`}${end}).`)
  }
  lines.push(suppression(rule, key), skipping(rule.afterMatch))
  if (rule.onTimeout) lines.push('A partial match that runs out of time alerts too.')
  const kept = longestLimit(rule.pattern)
  const reads = [...new Set(rule.events.map(({ from }) => from))].join(', ')
  lines.push(
    `Reads: ${reads}. Keeps ${kept === undefined ? 'partial matches without a time limit' : `up to ${formatDuration(kept)} of state`} per key.`,
  )
  return lines
}

const indent = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => (line === '' ? line : `  ${line}`))

const oneLine = (source: SourceText): string => source.text.trim().replaceAll(/\s+/g, ' ')

type Events = ReadonlyMap<EventName, EventDefinition>

function stepLines(pattern: Pattern, events: Events): readonly string[] {
  return pattern.steps.flatMap((step, index) => {
    const next = pattern.steps[index + 1]
    const lines = describeStep(step, events, { first: index === 0, last: next === undefined })
    const ending = next === undefined ? '' : next.kind === 'absence' ? ',' : `, then${following(next)}`
    return lines.map((line, row) => {
      const numbered = row === 0 ? `${index + 1}. ${line}` : `   ${line}`
      return row === lines.length - 1 ? `${numbered}${ending}` : numbered
    })
  })
}

function following(next: PatternStep): string {
  if (next.kind === 'absence' || next.contiguity === 'relaxed') return ''
  return next.contiguity === 'strict' ? ' directly' : ' any later'
}

interface Position {
  readonly first: boolean
  readonly last: boolean
}

function describeStep(step: PatternStep, events: Events, position: Position): readonly string[] {
  if (step.kind === 'absence') return [absence(step, events, position)]
  const hop = step.hopMs === undefined || position.first ? '' : `within ${formatDuration(step.hopMs)}, `
  const many = quantity(step)
  switch (step.kind) {
    case 'event':
      return [`${hop}${many}${named(step.events, events)}${until(step, events)}`]
    case 'any-order': {
      const count = step.atLeast === undefined ? 'all' : `at least ${step.atLeast}`
      return [
        `${hop}${many}${count}, in any order, of:`,
        ...step.members.map((name) => `- ${named([name], events)}`),
      ]
    }
    case 'group':
      return [`${hop}${many}the group${around(step, events)}:`, ...stepLines(step, events)]
    case 'choice':
      return [
        `${hop}${many}one of:`,
        ...step.branches.flatMap((branch) => [
          `- this${around(branch, events)}:`,
          ...indent(stepLines(branch, events)),
        ]),
      ]
    default:
      return step satisfies never
  }
}

function around(pattern: Pattern, events: Events): string {
  const limit = pattern.withinMs === undefined ? '' : `, in less than ${formatDuration(pattern.withinMs)}`
  const without =
    pattern.without === undefined ? '' : `, with no ${named(pattern.without, events)} in between`
  return limit + without
}

function absence(
  step: Extract<PatternStep, { kind: 'absence' }>,
  events: Events,
  { last }: Position,
): string {
  const names = named(step.events, events)
  if (step.contiguity === 'strict') return `the very next event is no ${names}`
  if (step.forMs !== undefined) return `no ${names} for ${formatDuration(step.forMs)}`
  return last ? `no ${names} until the time is over` : `no ${names} until the next step`
}

function quantity(step: Exclude<PatternStep, { kind: 'absence' }>): string {
  const { quantifier } = step
  if (!quantifier) return ''
  const optional = quantifier.optional === true ? 'optionally ' : ''
  const { min, max } = quantifier
  if (max === 1 && min === 1) return optional
  const count = max === undefined ? `at least ${min}` : max === min ? `exactly ${min}` : `${min} to ${max}`
  const inner = quantifier.inner === 'strict' ? ' in direct succession' : ''
  const gap = quantifier.gapMs === undefined ? '' : ` at most ${formatDuration(quantifier.gapMs)} apart`
  return `${optional}${count} times${inner}${gap}: `
}

function until(step: Exclude<PatternStep, { kind: 'absence' }>, events: Events): string {
  return step.quantifier?.until === undefined ? '' : `, until ${named([step.quantifier.until], events)}`
}

/** `login (auth.login with outcome = "success")`. */
function named(names: readonly EventName[], events: Events): string {
  const texts = names.map((name) => {
    const event = events.get(name)
    if (!event) return name
    const key = event.by ? ` by ${event.by.map(oneLine).join(' and ')}` : ''
    return `${name} (${event.from}${key}${event.where ? ` with ${oneLine(event.where)}` : ''})`
  })
  return listOf(texts)
}

function suppression(rule: RuleDefinition, key: string): string {
  if (rule.suppress === false) return 'Every match alerts.'
  const by = rule.suppress.by?.map(oneLine).join(' and ') ?? key
  return `At most one alert per ${by} in ${formatDuration(rule.suppress.forMs)}; later ones are counted.`
}

function skipping(afterMatch: AfterMatch): string {
  switch (afterMatch.kind) {
    case 'no-skip':
      return 'Matches may overlap in every way.'
    case 'skip-to-next':
      return 'One match per first event.'
    case 'skip-past-last-event':
      return 'After a match, the next one starts behind its last event.'
    case 'skip-to-first':
      return `After a match, the next one starts at its first ${afterMatch.step} or later.`
    case 'skip-to-last':
      return `After a match, the next one starts at its last ${afterMatch.step} or later.`
    default:
      return afterMatch satisfies never
  }
}
