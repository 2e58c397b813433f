import type { Pattern, PatternStep, Quantifier } from '../model/index.ts'

/**
 * The same pattern with defaults left out and one spelling for each thing: what is ignored (the contiguity and hop of the very first step) is
 * relaxed and absent, `optional: false`, `greedy: false`, `inner: relaxed` and empty `without` are absent, a quantifier of exactly one is
 * none, `atLeast` of all members is absent.
 */
export function canonicalPattern(pattern: Pattern): Pattern {
  return canonical(pattern, true)
}

function canonical(pattern: Pattern, top: boolean): Pattern {
  return {
    steps: pattern.steps.map((step, index) => canonicalStep(step, top && index === 0)),
    ...(pattern.withinMs === undefined ? {} : { withinMs: pattern.withinMs }),
    ...(pattern.without === undefined || pattern.without.length === 0 ? {} : { without: pattern.without }),
  }
}

/** Whether two patterns mean the same by their form. */
export function samePattern(left: Pattern, right: Pattern): boolean {
  return textOf(canonicalPattern(left)) === textOf(canonicalPattern(right))
}

function canonicalStep(step: PatternStep, first: boolean): PatternStep {
  if (step.kind === 'absence') {
    const { events, contiguity, forMs } = step
    return { kind: 'absence', events, contiguity, ...(forMs === undefined ? {} : { forMs }) }
  }
  const quantifier = step.quantifier ? canonicalQuantifier(step.quantifier) : undefined
  const positive = {
    contiguity: first ? ('relaxed' as const) : step.contiguity,
    ...(quantifier ? { quantifier } : {}),
    ...(step.hopMs === undefined || first ? {} : { hopMs: step.hopMs }),
  }
  switch (step.kind) {
    case 'event':
      return { kind: 'event', ...positive, events: step.events }
    case 'group':
      return { kind: 'group', ...positive, ...canonical(step, false) }
    case 'any-order': {
      const some = step.atLeast === undefined || step.atLeast === step.members.length
      return {
        kind: 'any-order',
        ...positive,
        members: step.members,
        ...(some ? {} : { atLeast: step.atLeast }),
      }
    }
    case 'choice':
      return {
        kind: 'choice',
        ...positive,
        branches: step.branches.map((branch) => canonical(branch, false)),
      }
    default:
      return step satisfies never
  }
}

function canonicalQuantifier(quantifier: Quantifier): Quantifier | undefined {
  const { min, max, optional, greedy, inner, gapMs, until } = quantifier
  const lean: Quantifier = {
    min,
    ...(max === undefined ? {} : { max }),
    ...(optional === true ? { optional } : {}),
    ...(greedy === true ? { greedy } : {}),
    ...(inner === undefined || inner === 'relaxed' ? {} : { inner }),
    ...(gapMs === undefined ? {} : { gapMs }),
    ...(until === undefined ? {} : { until }),
  }
  const once = min === 1 && max === 1
  // Greediness and inner contiguity of a step that takes one event at most say nothing.
  if (once && gapMs === undefined && until === undefined)
    return optional === true ? { min, max, optional } : undefined
  return lean
}

/** JSON with sorted keys, so that the order of writing does not matter. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
