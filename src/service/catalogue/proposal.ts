import { createHash } from 'node:crypto'
import type { RuleStatus } from '../../engine/index.ts'
import { type CandidatePut, type RulePut, type RuleRecord, readRecord } from './record.ts'

/** Proposals: key = id, kept for 400 days. */
export const PROPOSALS_BUCKET = 'SEQUITUR_PROPOSALS'
export const PROPOSALS_KEPT_MS = 400 * 86_400_000

/** One other person's yes to exactly this change. */
export interface Approval {
  readonly by: string
  /** ISO 8601. */
  readonly at: string
  readonly comment?: string
  /** Of the change that was approved. */
  readonly hash: string
}

/** What became of a proposal that waits no longer. */
export interface Settlement {
  readonly kind: 'approved' | 'applied' | 'rejected' | 'withdrawn' | 'stale'
  readonly by?: string
  readonly at: string
  readonly comment?: string
}

/** A change of a rule that others must approve, as its bucket holds it. Nothing in it but approvals and settlement ever changes. */
export interface Proposal {
  readonly id: string
  /** The version that is stored when it is approved, but for its time and those who approved it. */
  readonly record: RuleRecord
  /** What it changes. Revision 0: there was nothing. */
  readonly base: { readonly revision: number; readonly version?: number; readonly status?: RuleStatus }
  /** Of the rule before and after; `*` stands for one that is not known. */
  readonly namespaces: readonly string[]
  /** SHA-256 of the change, hexadecimal: base revision and record, without who wrote it and its candidate, why, when and where it is kept. */
  readonly hash: string
  /** Approvals, when it was made. */
  readonly needed: number
  readonly expiresAt: string
  readonly approvals: readonly Approval[]
  readonly settlement?: Settlement
}

/** `approved`: nobody else is needed, and the change is being carried out. `expired` and `stale` come by themselves. */
export type ProposalState = 'pending' | 'expired' | Settlement['kind']
export const PROPOSAL_STATES = [
  'pending',
  'approved',
  'applied',
  'rejected',
  'withdrawn',
  'expired',
  'stale',
] as const satisfies readonly ProposalState[]

export function hashOfChange(record: RuleRecord, baseRevision: number): string {
  const { managedBy: _managedBy, candidate, ...change } = unsigned(record) as Partial<RulePut>
  const beside = candidate === undefined ? [] : [unsigned(candidate)]
  return createHash('sha256')
    .update(JSON.stringify([baseRevision, change, ...beside]))
    .digest('hex')
}

/** The same, whoever writes it and when. */
const unsigned = ({ author: _author, reason: _reason, at: _at, ...rest }: RuleRecord | CandidatePut) => rest

/** The proposal in `text`; undefined when it is none, or when it or an approval is not of the change that stands in it. */
export function readProposal(text: string | undefined): Proposal | undefined {
  if (text === undefined) return undefined
  try {
    const proposal = JSON.parse(text) as Proposal
    const record = readRecord(JSON.stringify(proposal.record))
    if (typeof proposal.id !== 'string' || record === undefined) return undefined
    const hash = hashOfChange(record, proposal.base.revision)
    const fits = hash === proposal.hash && proposal.approvals.every((approval) => approval.hash === hash)
    return fits ? proposal : undefined
  } catch {
    return undefined
  }
}

/** `ruleRevision`: of the rule now; 0 when there never was one. */
export function stateOf(
  { settlement, expiresAt, base }: Proposal,
  { now, ruleRevision }: { readonly now: number; readonly ruleRevision: number },
): ProposalState {
  if (settlement !== undefined) return settlement.kind
  if (ruleRevision !== base.revision) return 'stale'
  return Date.parse(expiresAt) <= now ? 'expired' : 'pending'
}

/**
 * Whether two ids of callers are those of one person: the same key or token, another one of the same id, or a key and a token of one
 * name. A caller without an id may be anybody.
 */
export const isSamePerson = (left: string | undefined, right: string | undefined): boolean =>
  left === undefined || right === undefined || personOf(left) === personOf(right)

const personOf = (id: string): string => id.replace(/^jwt:/, '').normalize('NFKC').toLowerCase()
