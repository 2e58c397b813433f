import type { Case, ExpectedTimeout, Stages } from './corpus.ts'

/** How the product answers a probe of the foreign engine: as it does, refused, or with these matches and timeouts instead. */
export type Answer =
  | 'match'
  | { readonly refused: string }
  | { readonly matches: readonly Stages[]; readonly timeouts?: readonly ExpectedTimeout[] }

const timeout = (stages: Stages, ts: number): ExpectedTimeout => ({ stages, ts, emittedAt: -1 })

/** By the number in the probe's id; docs/spec/semantics.md says why. Probes that are not named match. */
export const QUIRKS: Readonly<Record<string, Answer>> = {
  Q01a: { matches: [{ a: [0] }] },
  Q01b: { matches: [{ a: [0] }] },
  Q02: { matches: [] },
  Q03: {
    matches: [
      { a: [0], b: [1], e: [5] },
      { a: [0], b: [1, 4], e: [5] },
    ],
  },
  Q04: { matches: [] },
  Q05a: { matches: [] },
  Q05b: { matches: [] },
  Q05c: { matches: [] },
  Q05d: { matches: [], timeouts: [timeout({ a: [0] }, 4)] },
  Q05e: { matches: [], timeouts: [timeout({ a: [1] }, 5), timeout({ a: [0, 1] }, 5)] },
  Q05g: { matches: [{ s: [0], a: [1, 2], e: [3] }] },
  Q05h: {
    matches: [
      { a: [0], e: [2] },
      { a: [1], e: [2] },
    ],
  },
  Q07: { matches: [], timeouts: [timeout({ a: [0] }, 5)] },
  Q08: { refused: 'empty-loop' },
  Q09: { matches: [{ a: [0] }, { a: [0], b: [2] }] },
  Q10a: { matches: [], timeouts: [timeout({ a: [0], g1: [1] }, 6)] },
  Q11: { matches: [{ 'a:x': [0], 'a:y': [1] }] },
  Q12: { refused: 'wrong-type' },
  Q13: { matches: [{ a: [0], b: [2] }] },
}

/** The case as the product is expected to answer it. */
export function answered(source: Case): { readonly expected: Case; readonly refused: string | undefined } {
  const number = /\/(Q\d+[a-z]?)-/.exec(source.id)?.[1] ?? ''
  const answer = QUIRKS[number] ?? 'match'
  if (answer === 'match') return { expected: source, refused: undefined }
  if ('refused' in answer)
    return { expected: { ...source, expectError: 'invalidPattern' }, refused: answer.refused }
  return {
    expected: { ...source, engineStages: answer.matches, engineTimeouts: answer.timeouts ?? [] },
    refused: undefined,
  }
}
