import type { RuleDifference } from '../../engine/index.ts'
import type { StoredRule } from '../catalogue/index.ts'
import { askAll } from './inspector.ts'
import type { Services } from './services.ts'

/** What becomes of the partial matches that a rule has now. */
export interface PartialMatchesAfter {
  readonly kept: number
  /** They go on under the old version until they end; no change does that yet. */
  readonly drained: number
  readonly dropped: number
}

export interface ChangeEffect {
  readonly partialMatches: PartialMatchesAfter
  readonly differences: ReadonlyArray<
    Pick<RuleDifference, 'field' | 'before' | 'after' | 'keepsPartialMatches'>
  >
}

const runs = (rule: StoredRule | undefined): rule is StoredRule =>
  rule !== undefined && (rule.record.status === 'live' || rule.record.status === 'shadow')

/** What a change would do, by what the workers have now. `after` undefined: the rule is removed. */
export async function effectOfChange(
  { inspector, investigation }: Pick<Services, 'inspector' | 'investigation'>,
  id: string,
  change: { readonly before: StoredRule | undefined; readonly after: StoredRule | undefined },
): Promise<ChangeEffect> {
  const { before, after } = change
  const { answers } = runs(before) ? await askAll(inspector, { kind: 'rule', rule: id }) : { answers: [] }
  const waiting = answers.reduce((sum, { answer }) => sum + (answer.reading?.partialMatches ?? 0), 0)
  const compared =
    before === undefined || after === undefined
      ? undefined
      : await investigation.tracer.ask({ kind: 'compare', before: textOf(before), after: textOf(after) })
  const comparison = compared?.kind === 'done' ? compared.value : undefined
  const keeps = runs(after) && (comparison?.keepsPartialMatches ?? false)
  return {
    partialMatches: { kept: keeps ? waiting : 0, drained: 0, dropped: keeps ? 0 : waiting },
    differences: comparison?.changes ?? [],
  }
}

const textOf = ({ record }: StoredRule) => ({
  text: record.source,
  format: record.format,
  version: record.version,
})
