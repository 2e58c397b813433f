import { type EventName, nearest, type Pattern } from '../model/index.ts'
import type { Report } from './report.ts'
import { allSteps, innerPatterns, ownEvents, repeats } from './walk.ts'
import { listOf } from './words.ts'

/** Every name is one of the rule's events. */
export function checkNames(pattern: Pattern, names: readonly EventName[] | undefined, error: Report): void {
  if (!names) return
  const check = (name: EventName, pointer: string) => {
    if (names.includes(name)) return
    const meant = nearest(name, names)
    const known =
      names.length === 0 ? 'the rule defines no events' : `the rule defines ${listOf(names, 'and')}`
    error(
      'unknown-event',
      pointer,
      `There is no event \`${name}\`.`,
      meant === undefined ? known : `did you mean \`${meant}\`?`,
    )
  }
  const checkAll = (said: readonly EventName[] | undefined, pointer: string) =>
    said?.forEach((name, index) => {
      check(name, `${pointer}/${index}`)
    })
  checkAll(pattern.without, '/without')
  for (const { step, pointer } of allSteps(pattern)) {
    if (step.kind === 'event' || step.kind === 'absence') checkAll(step.events, `${pointer}/events`)
    if (step.kind === 'any-order') checkAll(step.members, `${pointer}/members`)
    for (const inner of innerPatterns(step))
      checkAll(inner.pattern.without, `${pointer}${inner.pointer}/without`)
    if (step.kind === 'absence' || step.quantifier?.until === undefined) continue
    check(step.quantifier.until, `${pointer}/quantifier/until`)
  }
}

/** A name stands in one step, because expressions call the step by it. */
export function checkUniqueness(pattern: Pattern, error: Report): void {
  const seen = new Set<EventName>()
  for (const { step, pointer } of allSteps(pattern)) {
    const part = step.kind === 'any-order' ? 'members' : 'events'
    for (const [index, name] of ownEvents(step).entries()) {
      if (seen.has(name)) {
        const hint = `define a second event with the same subject and condition, for example \`${name}_again\``
        error(
          'duplicate-step',
          `${pointer}/${part}/${index}`,
          `\`${name}\` stands twice: \`$${name}\` could not tell which.`,
          hint,
        )
      }
      seen.add(name)
    }
    if (step.kind === 'absence' || step.quantifier?.until === undefined) continue
    if (ownEvents(step).includes(step.quantifier.until)) {
      const hint = 'end the repetition with another event'
      const message = `\`${step.quantifier.until}\` cannot both repeat and end the repetition.`
      error('contradictory-pattern', `${pointer}/quantifier/until`, message, hint)
    }
  }
}

/** `without` a step's own event is fine for the first single step ("no second one"); everywhere else the match would forbid itself. */
export function checkWithout(pattern: Pattern, pointer: string, error: Report): void {
  for (const [index, name] of (pattern.without ?? []).entries()) {
    for (const { step } of allSteps(pattern)) {
      if (!ownEvents(step).includes(name)) continue
      const starts =
        step === pattern.steps[0] && step.kind === 'event' && !repeats(step) && pattern.steps.length > 1
      if (starts) continue
      const hint = `remove \`${name}\` from \`without\`, or define a second event for what must not come`
      error(
        'contradictory-pattern',
        `${pointer}/without/${index}`,
        `The pattern takes \`${name}\` and forbids it.`,
        hint,
      )
    }
  }
  for (const { step, pointer: at } of allSteps(pattern, pointer)) {
    for (const inner of innerPatterns(step)) {
      if (inner.pattern.without)
        checkWithout({ ...inner.pattern, steps: inner.pattern.steps }, at + inner.pointer, error)
    }
  }
}
