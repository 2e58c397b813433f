import type { PartialMatchesMode, Problem, RuleComparison, RuleStatus } from '../../engine/index.ts'
import type { Compiled, CompiledRule, RuleText } from './compiler.ts'
import type { RulePut } from './record.ts'

export type Compare = (before: RuleText, after: RuleText) => Promise<Compiled<RuleComparison>>

export const runs = ({ status }: { readonly status: RuleStatus }): boolean =>
  status === 'live' || status === 'shadow'

/** Why a text may not come into force as it is asked: what is asked for partial matches, and the candidate beside it. */
export async function changeProblems(
  before: RulePut,
  change: {
    readonly rule: CompiledRule
    readonly text: RuleText
    readonly mode: PartialMatchesMode | undefined
  },
  compare: Compare,
): Promise<readonly Problem[] | 'busy'> {
  const { rule, text, mode } = change
  if (!runs(before)) return []
  if (!runs(rule)) return mode === undefined || mode === 'drop' ? [] : [stopped(rule.status)]
  const problems: Problem[] = []
  if (mode === 'keep') {
    const compared = await compare(textOf(before), text)
    if (compared.kind === 'busy') return 'busy'
    if (compared.kind === 'done') problems.push(...keepProblems(compared.value))
  }
  const { candidate } = before
  if (candidate === undefined) return problems
  if (candidate.summary?.namespace !== rule.summary.namespace)
    problems.push(namespaceDiffers(rule.summary.namespace))
  if (candidate.share === 0) return problems
  const compared = await compare(text, textOf(candidate))
  if (compared.kind === 'busy') return 'busy'
  return compared.kind === 'done'
    ? [...problems, ...shareProblems(compared.value, candidate.share)]
    : problems
}

const textOf = ({ source, format }: Pick<RulePut, 'source' | 'format'>): RuleText => ({
  text: source,
  format,
})

/** Why partial matches cannot be kept. */
export function keepProblems({ changes, keepsPartialMatches, why }: RuleComparison): readonly Problem[] {
  if (keepsPartialMatches) return []
  const parts = changes.filter((change) => !change.keepsPartialMatches)
  return [
    {
      code: 'partial-matches-not-kept',
      severity: 'error',
      message: `partial matches cannot be kept: ${why}`,
      hint: 'let the old version finish what it began (partialMatches=drain), or give it up (partialMatches=drop)',
      at: { pointer: `/${parts[0]?.field ?? ''}` },
    },
  ]
}

/** Why a candidate cannot decide a share of the keys. */
export const shareProblems = ({ changes }: RuleComparison, share: number): readonly Problem[] =>
  share === 0 || changes.every(({ field }) => field !== 'by')
    ? []
    : [
        {
          code: 'share-needs-same-key',
          severity: 'error',
          message: 'the candidate has another `by` than the version in force: no key is one of both',
          hint: 'run it with share 0, in shadow, and promote it',
          at: { pointer: '/by' },
        },
      ]

export const namespaceDiffers = (namespace: string): Problem => ({
  code: 'candidate-namespace-differs',
  severity: 'error',
  message: `the version in force and the candidate are in one namespace; this one is ${namespace}`,
  hint: 'take the candidate away first, or promote it and then change the namespace',
  at: { pointer: '/namespace' },
})

const stopped = (status: RuleStatus): Problem => ({
  code: 'partial-matches-not-kept',
  severity: 'error',
  message: `a rule that is ${status} finishes nothing`,
  hint: 'leave out partialMatches, or ask for drop',
  at: { pointer: '/status' },
})
