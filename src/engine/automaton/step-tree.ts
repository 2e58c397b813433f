import type { Contiguity, Pattern, PatternStep, Quantifier } from '../model/index.ts'
import { type EdgeContiguity, NON_DETERMINISTIC, RELAXED, STRICT } from './graph.ts'

/** A pattern with names resolved to slots and defaults filled in. */
export interface Sequence {
  readonly steps: readonly Step[]
  readonly withoutMask: number
  readonly withinMs: number
  /** Position in the automaton's list of limited groups; -1 for the whole pattern and for groups without a limit. */
  readonly limitOrdinal: number
}

interface Repeated {
  readonly contiguity: EdgeContiguity
  readonly hopMs: number
  readonly min: number
  readonly max: number
  readonly skippable: boolean
  readonly greedy: boolean
  readonly inner: EdgeContiguity
  readonly gapMs: number
  readonly untilMask: number
}

export type PositiveStep =
  | (Repeated & { readonly kind: 'event'; readonly slots: readonly number[] })
  | (Repeated & { readonly kind: 'group'; readonly sequence: Sequence })
  | (Repeated & { readonly kind: 'choice'; readonly branches: readonly Sequence[] })
  | (Repeated & { readonly kind: 'any-order'; readonly slots: readonly number[]; readonly atLeast: number })

export interface AbsentStep {
  readonly kind: 'absence'
  readonly mask: number
  readonly strict: boolean
  readonly forMs: number | undefined
}

export type Step = PositiveStep | AbsentStep

export const maskOf = (slots: readonly number[]): number =>
  slots.reduce((mask, slot) => mask | (1 << slot), 0)

const CONTIGUITY: Record<Contiguity, EdgeContiguity> = {
  strict: STRICT,
  relaxed: RELAXED,
  'non-deterministic-relaxed': NON_DETERMINISTIC,
}

export interface SequenceTree {
  readonly root: Sequence
  readonly groupLimits: readonly number[]
}

/** Resolves the names of a pattern; `slotOf` answers undefined for an unknown name and is expected to note it. */
export function readPattern(pattern: Pattern, slotOf: (name: string) => number): SequenceTree {
  const groupLimits: number[] = []

  const readSequence = (source: Pattern, isRoot: boolean): Sequence => {
    const limited = !isRoot && source.withinMs !== undefined
    const limitOrdinal = limited ? groupLimits.push(source.withinMs ?? 0) - 1 : -1
    return {
      steps: source.steps.map(readStep),
      withoutMask: maskOf((source.without ?? []).map(slotOf)),
      withinMs: source.withinMs ?? Number.POSITIVE_INFINITY,
      limitOrdinal,
    }
  }

  const readStep = (step: PatternStep): Step => {
    switch (step.kind) {
      case 'absence':
        return {
          kind: 'absence',
          mask: maskOf(step.events.map(slotOf)),
          strict: step.contiguity === 'strict' && step.forMs === undefined,
          forMs: step.forMs,
        }
      case 'event':
        return { ...repeated(step, false), kind: 'event', slots: step.events.map(slotOf) }
      case 'any-order': {
        const slots = step.members.map(slotOf)
        return { ...repeated(step, false), kind: 'any-order', slots, atLeast: step.atLeast ?? slots.length }
      }
      case 'group': {
        const sequence = readSequence(step, false)
        return { ...repeated(step, isNullable(sequence)), kind: 'group', sequence }
      }
      case 'choice': {
        const branches = step.branches.map((branch) => readSequence(branch, false))
        return { ...repeated(step, branches.some(isNullable)), kind: 'choice', branches }
      }
    }
  }

  const repeated = (
    step: { contiguity: Contiguity; quantifier?: Quantifier; hopMs?: number },
    nullable: boolean,
  ): Repeated => {
    const quantifier = step.quantifier
    const min = quantifier?.min ?? 1
    return {
      contiguity: CONTIGUITY[step.contiguity],
      hopMs: step.hopMs ?? Number.POSITIVE_INFINITY,
      min: Math.max(1, min),
      max: quantifier === undefined ? 1 : (quantifier.max ?? Number.POSITIVE_INFINITY),
      skippable: nullable || quantifier?.optional === true || min === 0,
      greedy: quantifier?.greedy === true,
      inner: CONTIGUITY[quantifier?.inner ?? 'relaxed'],
      gapMs: quantifier?.gapMs ?? Number.POSITIVE_INFINITY,
      untilMask: quantifier?.until === undefined ? 0 : 1 << slotOf(quantifier.until),
    }
  }

  return { root: readSequence(pattern, true), groupLimits }
}

const isNullable = (sequence: Sequence): boolean =>
  sequence.steps.every((step) => step.kind === 'absence' || step.skippable)
