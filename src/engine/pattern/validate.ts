import type {
  AbsenceStep,
  AfterMatch,
  EventName,
  Pattern,
  PatternStep,
  Problem,
  Quantifier,
  RuleLimits,
} from '../model/index.ts'
import { checkLimits } from './check-limits.ts'
import { checkNames, checkUniqueness, checkWithout } from './check-names.ts'
import { checkSkip } from './check-skip.ts'
import { DURATION_MAX_MS, formatDuration } from './duration.ts'
import type { Report } from './report.ts'
import { allSteps, canBeEmpty, innerPatterns, ownEvents, repeats } from './walk.ts'
import { listOf } from './words.ts'

/** Steps of one pattern, nested ones included. */
export const STEPS_MAX = 64
/** Repetitions that a quantifier may count. */
export const COUNT_MAX = 10_000
/** Depth of groups and choices. */
export const NESTING_MAX = 16

export interface PatternContext {
  /** The events that the rule defines; absent: any name will do. */
  readonly names?: readonly EventName[]
  readonly afterMatch?: AfterMatch
  readonly limits?: RuleLimits
}

/**
 * What is wrong with a pattern, all of it, each with its JSON Pointer from the pattern (skip targets: `/afterMatch`, which is beside the
 * pattern). The compiler of automata relies on a pattern without errors here.
 */
export function validatePattern(pattern: Pattern, context: PatternContext = {}): readonly Problem[] {
  const problems: Problem[] = []
  const add =
    (severity: 'error' | 'warning'): Report =>
    (code, pointer, message, hint) => {
      problems.push({ code, severity, message, at: { pointer }, ...(hint === undefined ? {} : { hint }) })
    }
  const error = add('error')
  const warn = add('warning')
  if (isTooLarge(pattern, error)) return problems
  checkPattern({ pattern, pointer: '', top: true, error })
  checkNames(pattern, context.names, error)
  checkUniqueness(pattern, error)
  checkWithout(pattern, '', error)
  if (problems.length === 0) checkLimits(pattern, context.limits ?? {}, error, warn)
  if (problems.every(({ severity }) => severity === 'warning') && pattern.steps.every(canBeEmpty)) {
    const hint = 'leave one step without `optional`'
    warn('optional-pattern', '', 'Every step is optional: any one of them makes a match.', hint)
  }
  if (context.afterMatch) checkSkip(pattern, context.afterMatch, error, warn)
  return problems
}

function isTooLarge(pattern: Pattern, error: Report): boolean {
  let steps = 0
  for (const { pointer } of allSteps(pattern)) {
    steps += 1
    const depth = pointer.split('/steps/').length - 1
    if (steps > STEPS_MAX || depth > NESTING_MAX) {
      const limit = steps > STEPS_MAX ? `${STEPS_MAX} steps` : `${NESTING_MAX} levels of groups`
      error('pattern-too-large', pointer, `A pattern has at most ${limit}.`, 'split the rule')
      return true
    }
  }
  return false
}

interface Scope {
  readonly pattern: Pattern
  readonly pointer: string
  /** The whole pattern, not one inside it. */
  readonly top: boolean
  readonly error: Report
}

function checkPattern(scope: Scope): void {
  const { pattern, pointer, error } = scope
  if (pattern.steps.length === 0) {
    error(
      'empty-pattern',
      `${pointer}/steps`,
      'A pattern has at least one step.',
      'add a step, or remove the empty part',
    )
  }
  if (pattern.withinMs !== undefined) checkDuration(pattern.withinMs, `${pointer}/withinMs`, error)
  for (const [index, step] of pattern.steps.entries()) checkStep(scope, step, index)
}

function checkStep(scope: Scope, step: PatternStep, index: number): void {
  const { error } = scope
  const at = `${scope.pointer}/steps/${index}`
  if (step.kind === 'absence') {
    checkAbsence(scope, step, index)
    return
  }
  const names = ownEvents(step)
  if ((step.kind === 'event' || step.kind === 'any-order') && names.length === 0) {
    error('empty-pattern', at, 'A step names at least one event.', 'name the event, or remove the step')
  }
  if (step.kind === 'any-order' && step.atLeast !== undefined) {
    if (!isCount(step.atLeast) || step.atLeast > step.members.length) {
      const hint = `write a number from 1 to ${step.members.length}`
      error('bad-count', `${at}/atLeast`, `${step.atLeast} of ${step.members.length} events cannot be.`, hint)
    }
  }
  if (step.kind === 'choice' && step.branches.length === 0) {
    error(
      'empty-pattern',
      `${at}/branches`,
      'A choice has at least one branch.',
      'add branches, or remove the step',
    )
  }
  if (step.hopMs !== undefined) {
    checkDuration(step.hopMs, `${at}/hopMs`, error)
    checkInside(scope, step.hopMs, `${at}/hopMs`, 'The limit of this hop')
  }
  if (step.quantifier) checkQuantifier(scope, step, step.quantifier, `${at}/quantifier`)
  for (const inner of innerPatterns(step)) {
    const pointer = at + inner.pointer
    if (inner.pattern.withinMs !== undefined) {
      checkInside(scope, inner.pattern.withinMs, `${pointer}/withinMs`, 'The limit of this part')
    }
    checkPattern({ pattern: inner.pattern, pointer, top: false, error })
  }
}

/** A limit inside another one that is longer than it says nothing; it is a slip of the pen. */
function checkInside(scope: Scope, limit: number, pointer: string, what: string): void {
  const whole = scope.pattern.withinMs
  if (whole === undefined || limit <= whole) return
  const message = `${what} (${formatDuration(limit)}) is longer than the limit around it (${formatDuration(whole)}).`
  scope.error(
    'limit-longer-than-whole',
    pointer,
    message,
    `write at most ${formatDuration(whole)}, or lengthen the limit around it`,
  )
}

function checkDuration(value: number, pointer: string, error: Report): void {
  if (Number.isSafeInteger(value) && value > 0 && value <= DURATION_MAX_MS) return
  const hint = 'write whole milliseconds from 1 to ten years, for example 300000 for 5 minutes'
  error('bad-duration', pointer, `${value} is not a length of time.`, hint)
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1 && value <= COUNT_MAX

function checkQuantifier(
  scope: Scope,
  step: Exclude<PatternStep, AbsenceStep>,
  quantifier: Quantifier,
  pointer: string,
): void {
  const { error } = scope
  const { min, max, gapMs } = quantifier
  const looping = repeats(step)
  if (!isCount(min)) {
    const hint =
      min === 0 ? 'write `min: 1` with `optional: true`' : `write a whole number from 1 to ${COUNT_MAX}`
    error('bad-count', `${pointer}/min`, `A step cannot take at least ${min} events.`, hint)
  }
  if (max !== undefined && (!isCount(max) || max < min)) {
    const hint =
      max < min
        ? `swap them: at least ${max}, at most ${min}`
        : `write a whole number from ${min} to ${COUNT_MAX}`
    error(
      'bad-count',
      `${pointer}/max`,
      `A step cannot take at least ${min} and at most ${max} events.`,
      max < 1 ? 'remove the step' : hint,
    )
  }
  if (quantifier.until !== undefined && max !== undefined) {
    const hint = 'use it with `one or more` or `at least N`, or remove it'
    error(
      'until-without-loop',
      `${pointer}/until`,
      '`until` ends a repetition without an upper end; this step has none.',
      hint,
    )
  }
  if (quantifier.greedy === true && step.kind !== 'event') {
    const hint = 'remove `greedy`, or repeat a single event'
    error('greedy-not-possible', `${pointer}/greedy`, 'Only a step of one event can be greedy.', hint)
  }
  if (quantifier.greedy === true && quantifier.inner === 'non-deterministic-relaxed') {
    const hint = 'remove `greedy`, or make `inner` relaxed or strict'
    error(
      'greedy-not-possible',
      `${pointer}/greedy`,
      'A step that takes every combination cannot be greedy too.',
      hint,
    )
  }
  if (gapMs !== undefined) {
    checkDuration(gapMs, `${pointer}/gapMs`, error)
    checkInside(scope, gapMs, `${pointer}/gapMs`, 'The limit between repetitions')
    if (!looping) {
      error(
        'bad-count',
        `${pointer}/gapMs`,
        'A step that is not repeated has no gap.',
        'remove `gapMs`, or raise `max`',
      )
    }
  }
  const bare = innerPatterns(step)
  if (looping && bare.some(({ pattern }) => pattern.steps.length > 0 && pattern.steps.every(canBeEmpty))) {
    const hint = 'leave one step in the group without `optional`, or do not repeat the group'
    error(
      'empty-loop',
      pointer,
      'A repeated group must take something in every round; all of this one is optional.',
      hint,
    )
  }
}

function checkAbsence(scope: Scope, step: AbsenceStep, index: number): void {
  const { pattern, error } = scope
  const at = `${scope.pointer}/steps/${index}`
  const before = pattern.steps[index - 1]
  const after = pattern.steps[index + 1]
  if (step.events.length === 0)
    error('empty-pattern', at, 'An absence names at least one event.', 'name the event that must not come')
  if (step.forMs !== undefined) {
    checkDuration(step.forMs, `${at}/forMs`, error)
    if (step.contiguity === 'strict') {
      const hint = 'use `contiguity: relaxed`, or remove `forMs`'
      error(
        'contradictory-pattern',
        `${at}/forMs`,
        'A strict absence is decided by the next event, not by a time.',
        hint,
      )
    }
    checkInside(scope, step.forMs, `${at}/forMs`, 'The time of this absence')
  }
  if (!before) {
    const hint =
      'start with an event: `heartbeat not followed by heartbeat within 90 seconds`; for a part of a pattern, put the absence before the group'
    error(
      'negation-first',
      at,
      'An absence needs an event before it: nothing says when its time begins.',
      hint,
    )
  } else if (before.kind !== 'absence' && before.quantifier?.optional === true) {
    const hint = 'make that step required, or write a choice of two patterns'
    error(
      'negation-after-optional',
      at,
      'An absence cannot follow an optional step: nothing may have been taken there.',
      hint,
    )
  }
  if (step.contiguity === 'relaxed' && pattern.withinMs === undefined && !isEnded(pattern.steps, index)) {
    const hint = 'add `within 30 minutes` at the end, or write `not followed within 30 minutes by …`'
    error(
      'absence-needs-limit',
      at,
      'An absence at the end needs a time limit: without one it is never certain.',
      hint,
    )
  }
  if (after) checkAfterAbsence(scope, step, after, at)
}

/** Something says how long the absence lasts: a step behind it, or a time of its own or of an absence beside it. */
function isEnded(steps: readonly PatternStep[], index: number): boolean {
  const rest = steps.slice(index + 1)
  const besides = steps.slice(steps.findLastIndex((step) => step.kind !== 'absence') + 1)
  const atEnd = rest.every((step) => step.kind === 'absence')
  return !atEnd || besides.some((step) => step.kind === 'absence' && step.forMs !== undefined)
}

function checkAfterAbsence(scope: Scope, step: AbsenceStep, after: PatternStep, at: string): void {
  const { error } = scope
  const whole = scope.pattern.withinMs
  if (step.forMs !== undefined && whole !== undefined && step.forMs === whole) {
    const message = `After ${formatDuration(step.forMs)} without these events the limit of ${formatDuration(whole)} is over: what follows cannot come.`
    error('unreachable-step', at, message, 'shorten the absence or lengthen the limit')
  }
  if (step.forMs !== undefined || after.kind !== 'event' || after.quantifier?.optional === true) return
  // What the next step takes ends the absence in the same moment, so a name on both sides can never be taken.
  const both = after.events.filter((name) => step.events.includes(name))
  if (both.length < after.events.length || both.length === 0) return
  const message = `${listOf(both)} must not come, and must come next: this never happens.`
  error(
    'contradictory-pattern',
    at,
    message,
    `remove ${listOf(both)} on one side, or give the absence a time: \`forMs\``,
  )
}
