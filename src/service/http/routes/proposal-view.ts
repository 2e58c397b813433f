import {
  type RulePut,
  type RuleRecord,
  type StoredProposal,
  unifiedDiff,
  versionInForce,
} from '../../catalogue/index.ts'
import { candidateOf } from './rule-view.ts'

export const LOCATION = {
  location: { description: 'Of the proposal.', schema: { type: 'string' } },
} as const

export const locationOf = ({ proposal }: StoredProposal): { readonly location: string } => ({
  location: `/v1/proposals/${proposal.id}`,
})

/** From the text in force to the one that would be, and from that to a candidate that would decide keys. */
export function proposalDiffOf(before: RuleRecord | undefined, after: RuleRecord): string {
  const now = textOf(after)
  const texts = unifiedDiff(before === undefined ? { name: `${after.id}@0`, text: '' } : textOf(before), now)
  const candidate = after.kind === 'put' ? after.candidate : undefined
  if (candidate === undefined || candidate.share === 0) return texts
  const name = `${after.id}@${candidate.version} (${candidate.share} % of the keys)`
  return texts + unifiedDiff(now, { name, text: candidate.source })
}

const textOf = (record: RuleRecord): { readonly name: string; readonly text: string } =>
  record.kind === 'put'
    ? { name: `${record.id}@${versionInForce(record)}`, text: record.source }
    : { name: `${record.id}@${record.version}`, text: '' }

/** What is proposed, besides a text. */
const stepOf = (record: RulePut): Record<string, unknown> => ({
  status: record.status,
  did: record.did,
  candidate: candidateOf(record),
  partialMatchesMode: record.partialMatches,
  managedBy: record.managedBy,
})

/** A proposal without its text, as the API shows it. */
export function proposalHeadOf({ proposal, state }: StoredProposal): Record<string, unknown> {
  const { id, record, base, namespaces, expiresAt, needed, approvals, settlement, hash } = proposal
  return {
    id,
    rule: record.id,
    change: record.kind === 'remove' ? 'removed' : base.status === undefined ? 'created' : 'updated',
    state,
    ...(record.kind === 'put' ? stepOf(record) : {}),
    base,
    namespaces,
    author: record.author,
    reason: record.reason,
    at: record.at,
    expiresAt,
    needed,
    approvals: approvals.map(({ by, at, comment }) => ({ by, at, comment })),
    ...(settlement === undefined
      ? {}
      : { settlement: { by: settlement.by, at: settlement.at, comment: settlement.comment } }),
    ...(state === 'applied' ? { version: record.version } : {}),
    hash,
  }
}
