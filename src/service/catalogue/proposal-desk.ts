import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { ApprovalsConfig } from '../config/index.ts'
import type { Bucket, BucketEntry } from './bucket.ts'
import { livePartOf } from './live-part.ts'
import {
  hashOfChange,
  isSamePerson,
  type Proposal,
  type ProposalState,
  readProposal,
  type Settlement,
  stateOf,
} from './proposal.ts'
import type { RuleRecord } from './record.ts'
import type { WriteBy, WriteForbidden } from './write-by.ts'

export interface StoredProposal {
  readonly proposal: Proposal
  readonly state: ProposalState
  readonly revision: number
}

/** A version that would be stored, and what it takes the place of. */
export interface Change {
  readonly before: RuleRecord | undefined
  /** 0: nothing was there. */
  readonly revision: number
  readonly record: RuleRecord
}

export type Gated =
  | { readonly kind: 'proposed'; readonly proposal: StoredProposal }
  | { readonly kind: 'proposals-too-many' }
  /** An operator wanted to do without, which is switched off or was given no reason. */
  | { readonly kind: 'break-glass-refused'; readonly why: 'off' | 'reason' | 'role' }
  | WriteForbidden

export interface DecidedBy {
  readonly who: string | undefined
  readonly comment?: string
}

export type Decided =
  | { readonly kind: 'decided'; readonly proposal: StoredProposal }
  | { readonly kind: 'not-found' }
  /** Of the author by somebody else, of others by the author, or by nobody in particular. */
  | { readonly kind: 'not-theirs' }
  | { readonly kind: 'approved-already' }
  /** It waits no longer; `stale` means that its rule changed meanwhile. */
  | { readonly kind: 'closed'; readonly proposal: StoredProposal }
  | { readonly kind: 'conflict' }

export interface ProposalDeskOptions {
  readonly bucket: Bucket
  /** The rules in force: a proposal is stale when its rule is no longer at the revision that it changes. */
  readonly rules: Bucket
  readonly policy: ApprovalsConfig
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export const PENDING_PROPOSALS_MAX = 1_000
const ATTEMPTS_MAX = 5

/** Changes of rules that wait for others, and who said what of them. Whether a change must wait is decided here; it is carried out by the catalogue. */
export class ProposalDesk {
  readonly #options: ProposalDeskOptions

  constructor(options: ProposalDeskOptions) {
    this.#options = options
  }

  /** Newest first. */
  async list(): Promise<readonly StoredProposal[]> {
    const [entries, rules] = await Promise.all([
      this.#options.bucket.entries(),
      this.#options.rules.entries(),
    ])
    const revisions = new Map(rules.map(({ key, revision }) => [key, revision]))
    return entries
      .map((entry) => this.#storedOf(entry, (rule) => revisions.get(rule) ?? 0))
      .filter((proposal) => proposal !== undefined)
      .sort((left, right) => (left.proposal.record.at > right.proposal.record.at ? -1 : 1))
  }

  /** How many wait for others. */
  async pending(): Promise<number> {
    return (await this.list()).filter(({ state }) => state === 'pending').length
  }

  async get(id: string): Promise<StoredProposal | undefined> {
    const entry = await this.#options.bucket.get(id)
    const proposal = readProposal(entry?.value)
    if (proposal === undefined) return undefined
    const rule = await this.#options.rules.get(proposal.record.id)
    return this.#storedOf(entry, () => rule?.revision ?? 0)
  }

  /**
   * How many others must approve the change: none where it leaves what is live as it is. A kind of record, or a part of one, that is
   * not known here needs them.
   */
  neededFor({ before, record }: Pick<Change, 'before' | 'record'>): number {
    const { needed, namespaces } = this.#options.policy
    if (isDeepStrictEqual(livePartOf(before), livePartOf(record))) return 0
    const concerned = namespacesOf(before, record)
    const isExempt =
      !namespaces.includes('*') &&
      concerned.length > 0 &&
      concerned.every((name) => name !== '*' && !namespaces.includes(name))
    return isExempt ? 0 : needed
  }

  /** Undefined: the change may be carried out. */
  async gate(change: Change, by: WriteBy): Promise<Gated | undefined> {
    const needed = this.neededFor(change)
    if (needed === 0) return undefined
    return by.mayBreakGlass === undefined
      ? this.#propose(change, needed)
      : this.#breakGlass(change, by.reason, by.mayBreakGlass)
  }

  /** One more approval; with the last one needed its state is `approved`, and the catalogue carries it out. */
  async approve(id: string, { who, comment }: DecidedBy): Promise<Decided> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const stored = await this.get(id)
      if (stored === undefined) return { kind: 'not-found' }
      const { proposal, state } = stored
      if (who === undefined || isSamePerson(who, proposal.record.author)) return { kind: 'not-theirs' }
      // Whoever approved it last was interrupted.
      if (state === 'approved') return { kind: 'decided', proposal: stored }
      if (state !== 'pending') return { kind: 'closed', proposal: stored }
      if (proposal.approvals.some(({ by }) => isSamePerson(by, who))) return { kind: 'approved-already' }
      const at = this.#now()
      const { hash } = proposal
      const approval = { by: who, at, ...(comment === undefined ? {} : { comment }), hash }
      const approvals = [...proposal.approvals, approval]
      // Asked for more since: then so many are needed for what is still open, too.
      const isEnough = approvals.length >= Math.max(proposal.needed, this.#options.policy.needed)
      const changed: Proposal = {
        ...proposal,
        approvals,
        ...(isEnough ? { settlement: { kind: 'approved', at } } : {}),
      }
      const written = await this.#write(changed, stored.revision)
      if (written !== undefined) return { kind: 'decided', proposal: written }
    }
    return { kind: 'conflict' }
  }

  /** Others than the author reject. */
  reject(id: string, by: DecidedBy): Promise<Decided> {
    return this.#close(id, 'rejected', by, ({ record }) => !isSamePerson(by.who, record.author))
  }

  /** The author takes it back. */
  withdraw(id: string, by: DecidedBy): Promise<Decided> {
    return this.#close(
      id,
      'withdrawn',
      by,
      ({ record }) => by.who !== undefined && isSamePerson(by.who, record.author),
    )
  }

  /** Says what came of carrying it out. */
  async settle({ proposal, revision }: StoredProposal, kind: 'applied' | 'stale'): Promise<StoredProposal> {
    const settled = { ...proposal, settlement: { kind, at: this.#now() } }
    // When somebody else was faster, they have said the same.
    return (await this.#write(settled, revision)) ?? { proposal: settled, state: kind, revision }
  }

  async #propose(change: Change, needed: number): Promise<Gated> {
    const { before, revision, record } = change
    const hash = hashOfChange(record, revision)
    const open = (await this.list()).filter(({ state }) => state === 'pending')
    const same = open.find(({ proposal }) => proposal.hash === hash)
    if (same !== undefined) return { kind: 'proposed', proposal: same }
    const replaced = open.filter(
      ({ proposal: { record: earlier } }) => earlier.id === record.id && earlier.author === record.author,
    )
    if (open.length - replaced.length >= PENDING_PROPOSALS_MAX) return { kind: 'proposals-too-many' }
    const proposal: Proposal = {
      id: `p-${randomBytes(8).toString('hex')}`,
      record,
      base: {
        revision,
        ...(before === undefined ? {} : { version: before.version }),
        ...(before?.kind === 'put' ? { status: before.status } : {}),
      },
      namespaces: namespacesOf(before, record),
      hash,
      needed,
      expiresAt: new Date(this.#options.now() + this.#options.policy.expireAfterMs).toISOString(),
      approvals: [],
    }
    const written = await this.#write(proposal, 0)
    if (written === undefined) return this.#propose(change, needed)
    // The author's last word on a rule counts. One that was decided on just now stays as it is.
    for (const { proposal: earlier, revision: seen } of replaced)
      await this.#write(
        {
          ...earlier,
          settlement: this.#settlement('withdrawn', {
            who: record.author,
            comment: `replaced by ${proposal.id}`,
          }),
        },
        seen,
      )
    return { kind: 'proposed', proposal: written }
  }

  #breakGlass(
    { before, record }: Change,
    reason: string | undefined,
    may: (namespace: string | undefined) => boolean,
  ): Gated | undefined {
    for (const name of namespacesOf(before, record)) {
      const namespace = name === '*' ? undefined : name
      if (!may(namespace)) return { kind: 'break-glass-refused', why: 'role' }
    }
    if (!this.#options.policy.breakGlass) return { kind: 'break-glass-refused', why: 'off' }
    if (reason === undefined || reason.trim() === '') return { kind: 'break-glass-refused', why: 'reason' }
    return undefined
  }

  async #close(
    id: string,
    kind: 'rejected' | 'withdrawn',
    by: DecidedBy,
    isTheirs: (proposal: Proposal) => boolean,
  ): Promise<Decided> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const stored = await this.get(id)
      if (stored === undefined) return { kind: 'not-found' }
      if (!isTheirs(stored.proposal)) return { kind: 'not-theirs' }
      if (stored.state !== 'pending') return { kind: 'closed', proposal: stored }
      const closed = { ...stored.proposal, settlement: this.#settlement(kind, by) }
      const written = await this.#write(closed, stored.revision)
      if (written !== undefined) return { kind: 'decided', proposal: written }
    }
    return { kind: 'conflict' }
  }

  #settlement(kind: Settlement['kind'], { who, comment }: DecidedBy): Settlement {
    return {
      kind,
      ...(who === undefined ? {} : { by: who }),
      at: this.#now(),
      ...(comment === undefined ? {} : { comment }),
    }
  }

  async #write(proposal: Proposal, expected: number): Promise<StoredProposal | undefined> {
    const revision = await this.#options.bucket.put(proposal.id, JSON.stringify(proposal), expected)
    if (revision === undefined) return undefined
    return { proposal, state: proposal.settlement?.kind ?? 'pending', revision }
  }

  #storedOf(
    entry: BucketEntry | undefined,
    revisionOf: (rule: string) => number,
  ): StoredProposal | undefined {
    const proposal = readProposal(entry?.value)
    if (entry === undefined || proposal === undefined) return undefined
    const ruleRevision = revisionOf(proposal.record.id)
    return {
      proposal,
      state: stateOf(proposal, { now: this.#options.now(), ruleRevision }),
      revision: entry.revision,
    }
  }

  readonly #now = (): string => new Date(this.#options.now()).toISOString()
}

const namespacesOf = (...records: ReadonlyArray<RuleRecord | undefined>): readonly string[] => [
  ...new Set(records.flatMap((record) => (record?.kind === 'put' ? [record.summary?.namespace ?? '*'] : []))),
]
