import type { EventName, Pattern, PatternStep, Quantifier } from '../model/index.ts'
import { canonicalPattern, samePattern } from './canonical.ts'
import { formatDuration } from './duration.ts'
import { parseSentence } from './parse-sentence.ts'

/**
 * The pattern as a sentence that reads back as the same pattern (up to what `canonicalPattern` calls the same), or undefined when a
 * sentence cannot say it.
 */
export function printSentence(pattern: Pattern): string | undefined {
  const canonical = canonicalPattern(pattern)
  const text = patternText(canonical)
  if (text === undefined) return undefined
  // The parser is the judge: whatever the printer does not know about a structure shows as a difference here.
  const back = parseSentence(text)
  return back.ok && samePattern(back.value, canonical) ? text : undefined
}

function patternText(pattern: Pattern): string | undefined {
  const parts: string[] = []
  for (const [index, step] of pattern.steps.entries()) {
    const last = index === pattern.steps.length - 1
    const text = index === 0 ? stepText(step) : followText(step, last)
    if (text === undefined) return undefined
    parts.push(text)
  }
  if (pattern.without) parts.push(`without ${pattern.without.join(' or ')}`)
  if (pattern.withinMs !== undefined) parts.push(`within ${formatDuration(pattern.withinMs)}`)
  return parts.length === 0 ? undefined : parts.join(' ')
}

function followText(step: PatternStep, last: boolean): string | undefined {
  if (step.kind === 'absence') {
    const names = step.events.join(' or ')
    if (step.forMs !== undefined && !last) return `followed by no ${names} for ${formatDuration(step.forMs)}`
    const limit = step.forMs === undefined ? '' : `within ${formatDuration(step.forMs)} `
    return last ? `not followed ${limit}by ${names}` : undefined
  }
  const text = stepText(step)
  if (text === undefined) return undefined
  const limit = step.hopMs === undefined ? '' : `within ${formatDuration(step.hopMs)} `
  const any = step.contiguity === 'non-deterministic-relaxed' ? 'any ' : ''
  return `${step.contiguity === 'strict' ? 'immediately ' : ''}followed ${limit}by ${any}${text}`
}

function stepText(step: PatternStep): string | undefined {
  switch (step.kind) {
    case 'absence':
      return undefined
    case 'any-order': {
      const optional = step.quantifier?.optional === true ? 'optional ' : ''
      const many = step.atLeast === undefined ? 'all' : `at least ${step.atLeast}`
      return `${optional}${many} of ${step.members.join(', ')}`
    }
    case 'event':
      return counted(step.quantifier, step.events.join(' or '))
    case 'group': {
      const inner = patternText(step)
      return inner === undefined ? undefined : counted(step.quantifier, `(${inner})`)
    }
    case 'choice': {
      const branches = step.branches.map(branchText)
      if (branches.includes(undefined)) return undefined
      return counted(step.quantifier, branches.join(' or '))
    }
    default:
      step satisfies never
      return undefined
  }
}

function branchText(branch: Pattern): string | undefined {
  const bare = bareName(branch)
  if (bare !== undefined) return bare
  const inner = patternText(branch)
  return inner === undefined ? undefined : `(${inner})`
}

/** A branch that is one event and nothing else stands without parentheses. */
function bareName(branch: Pattern): EventName | undefined {
  const [step] = branch.steps
  const plain = branch.steps.length === 1 && branch.withinMs === undefined && branch.without === undefined
  if (!plain || step?.kind !== 'event' || step.quantifier || step.events.length !== 1) return undefined
  return step.events[0]
}

function counted(quantifier: Quantifier | undefined, text: string): string {
  if (!quantifier) return text
  const { min, max, optional, until } = quantifier
  // `exactly 1` differs from a plain step in being greedy only, which the check by the parser settles.
  const plain = min === 1 && max === 1 && optional === true && quantifier.greedy !== true
  const count = plain
    ? ''
    : max === undefined
      ? min === 1
        ? 'one or more '
        : `at least ${min} `
      : max === min
        ? `exactly ${min} `
        : `between ${min} and ${max} `
  return `${optional === true ? 'optional ' : ''}${count}${text}${until === undefined ? '' : ` until ${until}`}`
}
