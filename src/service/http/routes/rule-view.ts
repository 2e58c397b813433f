import type { StoredRule } from '../../catalogue/index.ts'
import { type Answer, problem } from '../route.ts'

/** A rule without its text, as the API shows it. */
export function headOf({ record, revision }: StoredRule): Record<string, unknown> {
  const { id, version, textVersion, status, format, summary, author, reason, at, managedBy } = record
  const { candidate } = record
  const beside = candidate && { version: candidate.version, share: candidate.share, at: candidate.at }
  return {
    ...{ id, version, textVersion, revision, status, format, ...summary, author, reason, at, managedBy },
    candidate: beside,
  }
}

export const ruleOf = (rule: StoredRule): Record<string, unknown> => ({
  ...headOf(rule),
  source: rule.record.source,
})

export const etagOf = ({ revision }: { readonly revision: number }): { readonly etag: string } => ({
  etag: `"${revision}"`,
})

export const noRule = (id: string): Answer => problem(404, 'rule-not-found', `there is no rule ${id}`)
