import type { Pattern, PatternStep } from '../model/index.ts'
import type { PatternInput } from './contract.ts'
import type { Graph } from './graph.ts'
import type { LogPlan, Plan, SuffixPlan } from './plan.ts'
import { maskOf } from './step-tree.ts'

const RUNS: Plan = { kind: 'runs' }

/** Chooses the matcher for a pattern; `docs/spec/semantics.md` holds for each alike. */
export function choosePlan(input: PatternInput, graph: Graph, slotOf: (name: string) => number): Plan {
  if (input.conditional.size > 0 || input.reportsTimeouts) return RUNS
  return suffixPlan(input, slotOf) ?? logPlan(input, graph) ?? RUNS
}

function suffixPlan(input: PatternInput, slotOf: (name: string) => number): SuffixPlan | undefined {
  const { pattern } = input
  const [first, second, third] = pattern.steps
  if (input.hasHaving || input.afterMatch.kind !== 'skip-past-last-event' || third !== undefined)
    return undefined
  const counted = countsOf(first)
  if (counted === undefined || first?.kind !== 'event') return undefined
  const firstSlots = first.events.map(slotOf)
  const isSingle = counted.min === 1 && !counted.takesMore
  const followed = followedBy(pattern, second, isSingle)
  if (followed === undefined) return undefined
  const secondSlots = followed.events.map(slotOf)
  return {
    kind: 'suffixes',
    firstSlots,
    firstMask: maskOf(firstSlots),
    min: counted.min,
    takesMore: counted.takesMore && followed.kind !== 'none',
    isGreedy: counted.isGreedy,
    second: followed.kind,
    secondSlots,
    secondMask: maskOf(secondSlots),
    withoutMask: maskOf((pattern.without ?? []).map(slotOf)),
    limitMs: followed.limitMs,
  }
}

function countsOf(
  step: PatternStep | undefined,
): { readonly min: number; readonly takesMore: boolean; readonly isGreedy: boolean } | undefined {
  if (step?.kind !== 'event') return undefined
  const quantifier = step.quantifier
  if (quantifier === undefined) return { min: 1, takesMore: false, isGreedy: false }
  const { min, max, optional, inner, gapMs, until } = quantifier
  if (min < 1 || optional === true || gapMs !== undefined || until !== undefined) return undefined
  if (max !== undefined && max !== min) return undefined
  if (max !== 1 && inner !== undefined && inner !== 'relaxed') return undefined
  const takesMore = max === undefined
  return { min, takesMore, isGreedy: takesMore && quantifier.greedy === true }
}

function followedBy(
  pattern: Pattern,
  step: PatternStep | undefined,
  isSingle: boolean,
):
  | { readonly kind: SuffixPlan['second']; readonly events: readonly string[]; readonly limitMs: number }
  | undefined {
  const whole = pattern.withinMs ?? Number.POSITIVE_INFINITY
  if (step === undefined) return { kind: 'none', events: [], limitMs: whole }
  if (step.kind === 'event') {
    if (step.quantifier !== undefined || step.contiguity === 'strict') return undefined
    if (step.hopMs !== undefined && !isSingle) return undefined
    return { kind: 'event', events: step.events, limitMs: Math.min(whole, step.hopMs ?? whole) }
  }
  if (step.kind !== 'absence' || step.contiguity === 'strict' || pattern.without !== undefined)
    return undefined
  if (step.forMs !== undefined)
    return isSingle ? { kind: 'absence', events: step.events, limitMs: step.forMs } : undefined
  return pattern.withinMs === undefined
    ? undefined
    : { kind: 'absence', events: step.events, limitMs: pattern.withinMs }
}

function logPlan(input: PatternInput, graph: Graph): LogPlan | undefined {
  const { kind } = input.afterMatch
  if (kind !== 'no-skip' && kind !== 'skip-past-last-event') return undefined
  if (!input.pattern.steps.every(isChainLink)) return undefined
  const isPlain = graph.states.every(
    (state) =>
      state.pending === undefined &&
      state.edges.every(
        (edge) =>
          edge.bannedNext === 0 && edge.timed.length === 0 && edge.greedyUntil === 0 && edge.until === 0,
      ),
  )
  // A match that `having` refused leaves others waiting for it: the end of its limits has to be known to the moment.
  const isTimely = graph.states.every((state) => state.edges.every((edge) => edge.limitMs === Infinity))
  return isPlain && (!input.hasHaving || isTimely) ? { kind: 'logs' } : undefined
}

function isChainLink(step: PatternStep): boolean {
  if (step.kind !== 'event' || step.contiguity === 'strict') return false
  const quantifier = step.quantifier
  if (quantifier === undefined) return true
  const { min, max, optional, inner, until } = quantifier
  return (
    min >= 1 &&
    optional !== true &&
    until === undefined &&
    inner !== 'strict' &&
    (max === undefined || max === min)
  )
}
