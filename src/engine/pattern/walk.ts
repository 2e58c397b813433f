import type { EventName, Pattern, PatternStep } from '../model/index.ts'

/** The patterns directly inside a step, with their JSON Pointers below the step. */
export function innerPatterns(
  step: PatternStep,
): ReadonlyArray<{ readonly pattern: Pattern; readonly pointer: string }> {
  if (step.kind === 'group') return [{ pattern: step, pointer: '' }]
  if (step.kind === 'choice')
    return step.branches.map((pattern, index) => ({ pattern, pointer: `/branches/${index}` }))
  return []
}

/** The events that a step itself can take (not what is nested in it). */
export function ownEvents(step: PatternStep): readonly EventName[] {
  if (step.kind === 'event') return step.events
  if (step.kind === 'any-order') return step.members
  return []
}

/** Every step of a pattern, outer before inner, with its JSON Pointer. */
export function* allSteps(
  pattern: Pattern,
  pointer = '',
): Generator<{ readonly step: PatternStep; readonly pointer: string }> {
  for (const [index, step] of pattern.steps.entries()) {
    const at = `${pointer}/steps/${index}`
    yield { step, pointer: at }
    for (const inner of innerPatterns(step)) yield* allSteps(inner.pattern, at + inner.pointer)
  }
}

/** Names that a match can hold events of, in the order of the pattern. */
export function positiveNames(pattern: Pattern): readonly EventName[] {
  return [...allSteps(pattern)].flatMap(({ step }) => ownEvents(step))
}

/** Every name that a pattern mentions: taken, absent, forbidden, ending a repetition. */
export function mentionedNames(pattern: Pattern): ReadonlySet<EventName> {
  const names = new Set<EventName>(pattern.without)
  for (const { step } of allSteps(pattern)) {
    const said = step.kind === 'absence' ? step.events : ownEvents(step)
    for (const name of said) names.add(name)
    if (step.kind === 'absence') continue
    if (step.quantifier?.until !== undefined) names.add(step.quantifier.until)
    for (const inner of innerPatterns(step)) for (const name of inner.pattern.without ?? []) names.add(name)
  }
  return names
}

/** Whether a step can be passed without taking an event. */
export function canBeEmpty(step: PatternStep): boolean {
  if (step.kind === 'absence') return true
  if (step.quantifier?.optional === true) return true
  if (step.kind === 'group') return step.steps.every(canBeEmpty)
  if (step.kind === 'choice') return step.branches.some((branch) => branch.steps.every(canBeEmpty))
  return false
}

/** Whether a step can take more than one event (or go more than one round). */
export function repeats(step: PatternStep): boolean {
  if (step.kind === 'absence' || !step.quantifier) return false
  return step.quantifier.max === undefined || step.quantifier.max > 1
}

/** How long a partial match lives at most, from its first event; undefined when nothing bounds it. */
export function longestLife(pattern: Pattern): number | undefined {
  if (pattern.withinMs === undefined) return undefined
  let life: number = pattern.withinMs
  // An absence for a time may go on behind the last event.
  for (const { step } of allSteps(pattern)) if (step.kind === 'absence') life += step.forMs ?? 0
  return life
}

/** The longest time limit said anywhere in a pattern, or undefined when there is none. */
export function longestLimit(pattern: Pattern): number | undefined {
  const limits: number[] = pattern.withinMs === undefined ? [] : [pattern.withinMs]
  for (const { step } of allSteps(pattern)) {
    if (step.kind === 'absence') {
      if (step.forMs !== undefined) limits.push(step.forMs)
      continue
    }
    if (step.hopMs !== undefined) limits.push(step.hopMs)
    if (step.quantifier?.gapMs !== undefined) limits.push(step.quantifier.gapMs)
    for (const { pattern: inner } of innerPatterns(step))
      if (inner.withinMs !== undefined) limits.push(inner.withinMs)
  }
  return limits.length === 0 ? undefined : Math.max(...limits)
}
