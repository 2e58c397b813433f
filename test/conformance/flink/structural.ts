import {
  type AfterMatch,
  type Contiguity,
  durationMs,
  type Pattern,
  type PatternStep,
  type Quantifier,
} from '../../../src/engine/index.ts'
import type { CorpusPattern, CorpusQuantifier, Predicate, Stage } from './corpus.ts'

/** An event definition of the case's rule: a stage of the corpus pattern, or what ends its repetition. */
export interface Definition {
  readonly name: string
  /** The corpus' name of the stage; undefined for one that takes nothing. */
  readonly stage: string | undefined
  readonly where: Predicate
  /** May take several events in one match. */
  readonly isCounted: boolean
}

export interface Structural {
  readonly pattern: Pattern
  readonly afterMatch: AfterMatch
  readonly definitions: readonly Definition[]
}

const CONTIGUITY: Record<string, Contiguity> = {
  begin: 'relaxed',
  strict: 'strict',
  relaxed: 'relaxed',
  nonDeterministicRelaxed: 'non-deterministic-relaxed',
}

const repeats = (stage: Stage): boolean => stage.quantifier !== undefined && stage.quantifier.max !== 1

const NO_LIMIT = Number.POSITIVE_INFINITY

/**
 * The corpus' pattern in the structural form. Stage names become `e0`, `e1`, … (the corpus uses names that ours may not have); a
 * second stage of the same name keeps the name, so that the compiler can refuse it.
 */
export function toStructural(source: CorpusPattern): Structural {
  const definitions: Definition[] = []
  const nameByStage = new Map<string, string>()
  let limit = source.within?.ms ?? NO_LIMIT

  const define = (stage: string | undefined, where: Predicate | undefined, isCounted = false): string => {
    const known = stage === undefined ? undefined : nameByStage.get(stage)
    if (known !== undefined) return known
    const name = `e${definitions.length}`
    definitions.push({ name, stage, where: where ?? { op: 'true' }, isCounted })
    if (stage !== undefined) nameByStage.set(stage, name)
    return name
  }

  const toQuantifier = (stage: Stage): { quantifier?: Quantifier } => {
    const source: CorpusQuantifier | undefined = stage.quantifier
    if (source === undefined) return {}
    return {
      quantifier: {
        min: source.min,
        ...(source.max === null ? {} : { max: source.max }),
        ...(source.optional === true ? { optional: true } : {}),
        ...(source.greedy === true ? { greedy: true } : {}),
        inner: CONTIGUITY[source.innerContiguity ?? 'relaxed'] ?? 'relaxed',
        ...(source.within === undefined ? {} : { gapMs: durationMs(source.within.ms) }),
        ...(stage.until === undefined ? {} : { until: define(undefined, stage.until) }),
      },
    }
  }

  const toStep = (stage: Stage, isRepeated: boolean): PatternStep => {
    const isCounted = isRepeated || repeats(stage)
    if (stage.within?.type === 'firstAndLast') limit = Math.min(limit, stage.within.ms)
    const hop = stage.within?.type === 'previousAndCurrent' ? { hopMs: durationMs(stage.within.ms) } : {}
    if (stage.contiguity === 'notNext' || stage.contiguity === 'notFollowedBy')
      return {
        kind: 'absence',
        events: [define(stage.name, stage.where)],
        contiguity: stage.contiguity === 'notNext' ? 'strict' : 'relaxed',
        // The corpus quantifies absences only to see them refused; a validator must see what it refuses.
        ...(stage.quantifier === undefined ? {} : toQuantifier(stage)),
      }
    const contiguity = CONTIGUITY[stage.contiguity] ?? 'relaxed'
    if (stage.group !== undefined)
      return {
        kind: 'group',
        contiguity,
        steps: stage.group.stages.map((each) => toStep(each, isCounted)),
        ...toQuantifier(stage),
        ...hop,
      }
    return {
      kind: 'event',
      events: [define(stage.name, stage.where, isCounted)],
      contiguity,
      ...toQuantifier(stage),
      ...hop,
    }
  }

  const steps = source.stages.map((stage) => toStep(stage, false))
  const skip = source.afterMatchSkip
  const step = skip.target === undefined ? '' : (nameByStage.get(skip.target) ?? skip.target)
  const orFail = skip.throwOnMiss === true ? { orFail: true } : {}
  const afterMatch: AfterMatch = {
    noSkip: { kind: 'no-skip' } as const,
    skipToNext: { kind: 'skip-to-next' } as const,
    skipPastLast: { kind: 'skip-past-last-event' } as const,
    skipToFirst: { kind: 'skip-to-first', step, ...orFail } as const,
    skipToLast: { kind: 'skip-to-last', step, ...orFail } as const,
  }[skip.strategy]
  const within = limit === NO_LIMIT ? {} : { withinMs: durationMs(limit) }
  return { pattern: { steps, ...within }, afterMatch, definitions }
}
