import {
  type DurationMs,
  durationMs,
  type Pattern,
  type PatternStep,
  type Quantifier,
} from '../model/index.ts'
import { formatDuration } from '../pattern/index.ts'

/** A number in a pattern that can be made another. */
export interface PatternNumber {
  readonly kind: 'limit' | 'count'
  readonly current: number
  /** How the rule would read. */
  phrase(value: number): string
  set(value: number): Pattern
}

const limit = (
  current: DurationMs | undefined,
  phrase: (text: string) => string,
  set: (value: DurationMs) => Pattern,
): readonly PatternNumber[] =>
  current === undefined
    ? []
    : [
        {
          kind: 'limit',
          current,
          phrase: (value) => phrase(formatDuration(durationMs(value))),
          set: (value) => set(durationMs(value)),
        },
      ]

/** Every limit and count of a pattern. */
export function patternNumbers(pattern: Pattern): readonly PatternNumber[] {
  return [
    ...limit(
      pattern.withinMs,
      (text) => `within ${text}`,
      (withinMs) => ({ ...pattern, withinMs }),
    ),
    ...pattern.steps.flatMap((step, index) =>
      stepNumbers(step, (changed) => ({
        ...pattern,
        steps: pattern.steps.map((other, position) => (position === index ? changed : other)),
      })),
    ),
  ]
}

function stepNumbers(step: PatternStep, put: (step: PatternStep) => Pattern): readonly PatternNumber[] {
  if (step.kind === 'absence') {
    const names = step.events.join(' or ')
    return limit(
      step.forMs,
      (text) => `no ${names} for ${text}`,
      (forMs) => put({ ...step, forMs }),
    )
  }
  const name =
    step.kind === 'event'
      ? step.events.join(' or ')
      : step.kind === 'any-order'
        ? step.members.join(', ')
        : 'the group'
  return [
    ...limit(
      step.hopMs,
      (text) => `followed within ${text} by ${name}`,
      (hopMs) => put({ ...step, hopMs }),
    ),
    ...(step.quantifier === undefined
      ? []
      : quantifierNumbers(step.quantifier, name, (quantifier) => put({ ...step, quantifier }))),
    ...insideNumbers(step, put),
  ]
}

function quantifierNumbers(
  quantifier: Quantifier,
  name: string,
  put: (quantifier: Quantifier) => Pattern,
): readonly PatternNumber[] {
  const { min, max } = quantifier
  const exactly = max === min
  const count: PatternNumber = {
    kind: 'count',
    current: min,
    phrase: (value) => `${exactly ? 'exactly' : 'at least'} ${value} ${name}`,
    set: (value) => put({ ...quantifier, min: value, ...(exactly ? { max: value } : {}) }),
  }
  const gaps = limit(
    quantifier.gapMs,
    (text) => `${text} between ${name}`,
    (gapMs) => put({ ...quantifier, gapMs }),
  )
  return min > 1 ? [count, ...gaps] : gaps
}

function insideNumbers(
  step: Exclude<PatternStep, { kind: 'absence' }>,
  put: (step: PatternStep) => Pattern,
): readonly PatternNumber[] {
  switch (step.kind) {
    case 'event':
      return []
    case 'any-order': {
      const current = step.atLeast ?? step.members.length
      const phrase = (value: number): string => `at least ${value} of ${step.members.join(', ')}`
      return [{ kind: 'count', current, phrase, set: (atLeast) => put({ ...step, atLeast }) }]
    }
    case 'group':
      return patternNumbers(step).map((number) => ({
        ...number,
        set: (value: number) => put({ ...step, ...number.set(value) }),
      }))
    case 'choice':
      return step.branches.flatMap((branch, index) =>
        patternNumbers(branch).map((number) => ({
          ...number,
          set: (value: number) =>
            put({
              ...step,
              branches: step.branches.map((other, position) =>
                position === index ? number.set(value) : other,
              ),
            }),
        })),
      )
    default:
      return step satisfies never
  }
}
