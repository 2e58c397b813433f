import { type AfterMatch, nearest, type Pattern } from '../model/index.ts'
import type { Report } from './report.ts'
import { ownEvents, positiveNames, repeats } from './walk.ts'
import { listOf } from './words.ts'

/** The target of `afterMatch` is a step of the pattern that takes events. */
export function checkSkip(pattern: Pattern, afterMatch: AfterMatch, error: Report, warn: Report): void {
  if (afterMatch.kind !== 'skip-to-first' && afterMatch.kind !== 'skip-to-last') return
  const { step: target } = afterMatch
  const names = positiveNames(pattern)
  const pointer = '/afterMatch'
  if (!names.includes(target)) {
    const meant = nearest(target, names)
    const hint =
      meant === undefined
        ? `name one of the steps that take events: ${listOf(names)}`
        : `did you mean \`${meant}\`?`
    error(
      'unknown-skip-target',
      pointer,
      `\`${target}\` is not a step of the pattern that takes events.`,
      hint,
    )
    return
  }
  const [first] = pattern.steps
  if (first && ownEvents(first).includes(target) && !repeats(first) && afterMatch.orFail !== true) {
    const message = `Skipping to \`${target}\`, where every match starts, skips nothing.`
    warn('skip-does-nothing', pointer, message, 'write `afterMatch: no-skip`, or skip to a later step')
  }
  const index = pattern.steps.findIndex((step) => ownEvents(step).includes(target))
  const step = pattern.steps[index]
  if (step && step.kind === 'event' && step.events.length === 1 && step.quantifier?.optional !== true) return
  const message = `\`${target}\` may be missing from a match; then nothing is skipped.`
  if (afterMatch.orFail !== true)
    warn('skip-target-optional', pointer, message, 'skip to a step that is always there')
}
