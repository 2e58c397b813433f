import type { PartialMatchesChange, PartialMatchesMode, RuleDifference } from '../../engine/index.ts'
import { type RulePut, runs, type StoredRule } from '../catalogue/index.ts'
import { askAll } from './inspector.ts'
import type { Services } from './services.ts'

export interface ChangeEffect {
  /** What becomes of the partial matches that a rule has now. */
  readonly partialMatches: Omit<PartialMatchesChange, 'version'>
  readonly differences: ReadonlyArray<
    Pick<RuleDifference, 'field' | 'before' | 'after' | 'keepsPartialMatches'>
  >
}

/** What a change would do, by what the workers have now. `after` undefined: the rule is removed. */
export async function effectOfChange(
  { inspector, compiler }: Pick<Services, 'inspector' | 'compiler'>,
  id: string,
  change: {
    readonly before: StoredRule
    readonly after: StoredRule | undefined
    readonly mode: PartialMatchesMode | undefined
  },
): Promise<ChangeEffect> {
  const before = change.before.record
  const after = change.after?.record
  const { answers } = runs(before) ? await askAll(inspector, { kind: 'rule', rule: id }) : { answers: [] }
  const versions = answers.flatMap(({ answer }) => answer.reading?.versions ?? [])
  const waiting = (role: (typeof versions)[number]['role']): number =>
    versions.reduce((sum, each) => sum + (each.role === role ? each.partialMatches : 0), 0)
  const compared = after === undefined ? undefined : await compiler.compare(textOf(before), textOf(after))
  const comparison = compared?.kind === 'done' ? compared.value : undefined
  const begun = waiting('in-force')
  // A candidate that comes into force goes on with its own.
  const others = waiting('candidate')
  const goesOn = after !== undefined && runs(after) && after.promoted !== undefined ? others : 0
  // Only a rule that stops takes its candidate, and versions that drain, with it.
  const lost = after === undefined || !runs(after) ? others + waiting('draining') : 0
  const mode = change.mode ?? (comparison?.keepsPartialMatches ? 'keep' : 'drop')
  const differences = comparison?.changes ?? []
  if (after === undefined || !runs(after) || mode === 'drop')
    return { partialMatches: { kept: goesOn, drained: 0, dropped: begun + lost }, differences }
  return mode === 'drain'
    ? { partialMatches: { kept: goesOn, drained: begun, dropped: 0 }, differences }
    : { partialMatches: { kept: begun, drained: 0, dropped: 0 }, differences }
}

const textOf = ({ source, format }: RulePut) => ({ text: source, format })
