import type { Contiguity, Pattern, PatternStep, Quantifier } from '../../src/engine/index.ts'

/** One thing that a reading of the pattern says, in order. */
export type Token =
  | { readonly kind: 'enter'; readonly contiguity: Contiguity; readonly limitMs: number }
  /** One more repetition. `banned`: absences right behind a repeated event step hold during the repetition. */
  | {
      readonly kind: 'again'
      readonly contiguity: Contiguity
      readonly limitMs: number
      readonly until: string | undefined
      readonly banned: readonly string[]
    }
  | { readonly kind: 'take'; readonly events: readonly string[]; readonly until: string | undefined }
  /** A step was left or skipped; `greedy`: what it would have taken, where it goes first. */
  | { readonly kind: 'leave'; readonly greedy: readonly string[]; readonly until: string | undefined }
  | { readonly kind: 'skip'; readonly greedy: readonly string[]; readonly until: string | undefined }
  | {
      readonly kind: 'absence'
      readonly events: readonly string[]
      readonly strict: boolean
      readonly forMs: number | undefined
    }
  | { readonly kind: 'open'; readonly group: Pattern }
  | { readonly kind: 'close'; readonly group: Pattern }
  /** More events than there are: the reading is not followed any further. */
  | { readonly kind: 'cut' }

export type Word = readonly Token[]

const NO_LIMIT = Number.POSITIVE_INFINITY

/**
 * Every way to read a pattern as a sequence of events, cut off behind the first event beyond `most`; in the order that decides between matches with one
 * start: a step is entered before it is skipped and repeated before it is left.
 */
export function wordsOf(pattern: Pattern, most: number): Word[] {
  return sequenceWords(pattern.steps, most).filter((word) => takes(word) > 0)
}

export const takes = (word: Word): number => word.filter((token) => token.kind === 'take').length

const isCut = (word: Word): boolean => word.at(-1)?.kind === 'cut'

function sequenceWords(steps: readonly PatternStep[], most: number): Word[] {
  const [step, ...rest] = steps
  if (step === undefined) return [[]]
  return stepWords(step, bansBehind(rest), most).flatMap((head) =>
    isCut(head) ? [head] : sequenceWords(rest, most - takes(head)).map((tail) => [...head, ...tail]),
  )
}

function bansBehind(steps: readonly PatternStep[]): string[] {
  const banned: string[] = []
  for (const step of steps) {
    if (step.kind !== 'absence') break
    if (step.contiguity === 'relaxed' && step.forMs === undefined) banned.push(...step.events)
  }
  return banned
}

function stepWords(step: PatternStep, behind: readonly string[], most: number): Word[] {
  if (step.kind === 'absence') {
    const strict = step.contiguity === 'strict' && step.forMs === undefined
    return [[{ kind: 'absence', events: step.events, strict, forMs: step.forMs }]]
  }
  const quantifier: Quantifier = step.quantifier ?? { min: 1, max: 1 }
  const min = Math.max(1, quantifier.min)
  const max = quantifier.max ?? NO_LIMIT
  const isGreedy = step.kind === 'event' && quantifier.greedy === true && min < max
  const greedy = isGreedy ? step.events : []
  const once = (left: number): Word[] => roundWords(step, quantifier, left).filter((word) => takes(word) > 0)

  // Repetitions first, so that the longer reading comes before the shorter one with the same beginning.
  const repeated = (done: number, left: number): Word[] => {
    const words: Word[] = []
    if (done < max)
      for (const round of once(left))
        for (const more of isCut(round) ? [[]] : repeated(done + 1, left - takes(round)))
          words.push([
            {
              kind: 'again',
              contiguity: quantifier.inner ?? 'relaxed',
              limitMs: quantifier.gapMs ?? NO_LIMIT,
              until: quantifier.until,
              banned: step.kind === 'event' ? behind : [],
            },
            ...round,
            ...more,
          ])
    if (done >= min) words.push([{ kind: 'leave', greedy, until: quantifier.until }])
    return words
  }

  const words: Word[] = []
  for (const round of once(most))
    for (const more of isCut(round) ? [[]] : repeated(1, most - takes(round)))
      words.push([
        { kind: 'enter', contiguity: step.contiguity, limitMs: step.hopMs ?? NO_LIMIT },
        ...round,
        ...more,
      ])
  if (
    quantifier.optional === true ||
    quantifier.min === 0 ||
    roundWords(step, quantifier, 0).some((word) => takes(word) === 0)
  )
    words.push([{ kind: 'skip', greedy, until: quantifier.until }])
  return words
}

function roundWords(
  step: Exclude<PatternStep, { kind: 'absence' }>,
  quantifier: Quantifier,
  most: number,
): Word[] {
  switch (step.kind) {
    case 'event':
      return [cutBehind({ kind: 'take', events: step.events, until: quantifier.until }, most)]
    case 'group':
      return groupWords(step, most)
    case 'choice':
      return step.branches.flatMap((branch) => groupWords(branch, most))
    case 'any-order':
      return memberWords(step.members, [], step.atLeast ?? step.members.length, quantifier.until, most)
  }
}

const groupWords = (group: Pattern, most: number): Word[] =>
  sequenceWords(group.steps, most).map((word) => [
    { kind: 'open', group },
    ...word,
    ...(isCut(word) ? [] : [{ kind: 'close', group } as const]),
  ])

const cutBehind = (take: Token, most: number): Word => (most < 1 ? [take, { kind: 'cut' }] : [take])

function memberWords(
  members: readonly string[],
  taken: readonly string[],
  atLeast: number,
  until: string | undefined,
  most: number,
): Word[] {
  const words: Word[] = []
  const between: Token[] =
    taken.length === 0 ? [] : [{ kind: 'enter', contiguity: 'relaxed', limitMs: NO_LIMIT }]
  for (const member of members.filter((each) => !taken.includes(each))) {
    const take = cutBehind({ kind: 'take', events: [member], until }, most)
    if (isCut(take)) words.push([...between, ...take])
    else
      for (const more of memberWords(members, [...taken, member], atLeast, until, most - 1))
        words.push([...between, ...take, ...more])
  }
  if (taken.length >= atLeast) words.push([])
  return words
}
