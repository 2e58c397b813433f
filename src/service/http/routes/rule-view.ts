import type { RulePut, RuleRecord, StoredRule } from '../../catalogue/index.ts'
import { type Answer, problem } from '../route.ts'

/** A rule without its text, as the API shows it. */
export function headOf({ record, revision }: StoredRule): Record<string, unknown> {
  const { id, version, textVersion, status, format, summary, author, reason, at, managedBy } = record
  return {
    ...{ id, version, textVersion, revision, status, format, ...summary, author, reason, at, managedBy },
    candidate: candidateOf(record),
    ...approvalOf(record),
  }
}

/** The version beside the one in force, without its text. */
export const candidateOf = ({ candidate }: RulePut): Record<string, unknown> | undefined =>
  candidate && { version: candidate.version, share: candidate.share, at: candidate.at }

/** How a version came past those who must approve changes. */
export const approvalOf = ({ proposal, approvers, breakGlass }: RuleRecord): Record<string, unknown> => ({
  proposal,
  approvers,
  breakGlass,
})

export const ruleOf = (rule: StoredRule): Record<string, unknown> => ({
  ...headOf(rule),
  source: rule.record.source,
})

export const etagOf = ({ revision }: { readonly revision: number }): { readonly etag: string } => ({
  etag: `"${revision}"`,
})

export const noRule = (id: string): Answer => problem(404, 'rule-not-found', `there is no rule ${id}`)
