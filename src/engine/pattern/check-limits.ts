import type { Pattern, RuleLimits } from '../model/index.ts'
import type { Report } from './report.ts'
import { innerPatterns, longestLimit, repeats } from './walk.ts'

/** A pattern that waits without any limit keeps partial matches for ever. */
export function checkLimits(pattern: Pattern, limits: RuleLimits, error: Report, warn: Report): void {
  const waiting = firstOpenWait(pattern, '')
  if (waiting === undefined) return
  const bounded = limits.partialMatchesMax !== undefined || limits.unbounded === true
  if (longestLimit(pattern) === undefined) {
    const message = 'The pattern has no time limit: it would wait for ever and keep what it has begun.'
    const hint =
      'add `within 1 hour` at the end; or say `limits: { partialMatchesMax: 100 }`; or, if that is meant, `limits: { unbounded: true }`'
    if (limits.unbounded === true) warn('open-ended-wait', waiting, message, 'nothing, if that is meant')
    if (!bounded) error('unbounded-pattern', waiting, message, hint)
  } else if (!bounded) {
    const hint = 'add `within …` at the end, or `limits: { partialMatchesMax: 100 }`'
    warn(
      'open-ended-wait',
      waiting,
      'No limit covers this step: it waits for ever once what stands before it has happened.',
      hint,
    )
  }
}

/** The pointer of a step that can wait without a limit, or undefined when every wait ends. */
function firstOpenWait(pattern: Pattern, pointer: string): string | undefined {
  if (pattern.withinMs !== undefined) return undefined
  for (const [index, step] of pattern.steps.entries()) {
    const at = `${pointer}/steps/${index}`
    // An absence with a time, and one that the next event decides, end by themselves.
    if (step.kind === 'absence') continue
    if (index > 0 && step.contiguity !== 'strict' && step.hopMs === undefined) return at
    const single =
      step.kind === 'event' || (step.kind === 'any-order' && (step.atLeast ?? step.members.length) === 1)
    if (repeats(step) && step.quantifier?.inner !== 'strict' && step.quantifier?.gapMs === undefined) {
      // A first step that may take more has already matched where nothing follows; it still keeps what it took.
      return `${at}/quantifier`
    }
    if (step.kind === 'any-order' && !single) return at
    for (const inner of innerPatterns(step)) {
      const open = firstOpenWait(inner.pattern, at + inner.pointer)
      if (open !== undefined) return open
    }
  }
  return undefined
}
