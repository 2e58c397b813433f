import { type Problem, type RuleStatus, unknownLists } from '../../engine/index.ts'
import type { Bucket, BucketEntry } from './bucket.ts'
import { changeProblems, runs } from './change-problems.ts'
import type { Compiled, CompiledRule, RuleCompiler, RuleText } from './compiler.ts'
import { unfedSubjects } from './feeds.ts'
import type { Decided, DecidedBy, Gated, ProposalDesk, StoredProposal } from './proposal-desk.ts'
import { type RuleFormat, type RulePut, type RuleRecord, readRecord, writtenText } from './record.ts'
import type { ManagedElsewhere, WriteBy, WriteForbidden } from './write-by.ts'

/** A rule in force with the revision that changes to it must name. */
export interface StoredRule {
  readonly record: RulePut
  readonly revision: number
}

/** What a writer knows of the rule that is there. */
export type Expectation =
  | { readonly kind: 'revision'; readonly revision: number }
  /** There must be none. */
  | { readonly kind: 'absent' }
  /** Whatever is there is replaced. */
  | { readonly kind: 'any' }
  /** Nothing was said: enough to create a rule, not to change one. */
  | { readonly kind: 'unstated' }

export type WriteOutcome =
  | {
      readonly kind: 'stored'
      readonly change: 'created' | 'updated' | 'unchanged'
      readonly rule: StoredRule
      readonly problems: readonly Problem[]
      /** Of a dry run: how many others would have to approve it. */
      readonly approvalsNeeded?: number
    }
  | {
      readonly kind: 'removed'
      readonly version: number
      readonly revision: number
      readonly breakGlass?: true
      readonly approvalsNeeded?: number
    }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
  | { readonly kind: 'conflict'; readonly current: StoredRule | undefined }
  | { readonly kind: 'expectation-needed'; readonly current: StoredRule }
  | ManagedElsewhere
  /** Nothing changed yet: `proposed` means that others must approve it. */
  | (Extract<Gated, { kind: 'proposed' }> & { readonly problems?: readonly Problem[] })
  | Exclude<Gated, { kind: 'proposed' }>
  | { readonly kind: 'not-found' }
  | { readonly kind: 'busy' }

export interface RuleVersion {
  readonly record: RuleRecord
  readonly current: boolean
}

/** The next record of a rule, without who, when and why; undefined: it is so already. */
export interface Revision {
  readonly kind: 'revision'
  readonly record: Omit<RulePut, 'kind' | 'id' | 'version' | 'at' | 'author' | 'reason'> | undefined
  readonly problems: readonly Problem[]
}

export type ApplyOutcome =
  | {
      readonly kind: 'applied'
      readonly rules: ReadonlyArray<{
        readonly id: string
        readonly change: 'created' | 'updated' | 'unchanged' | 'removed' | 'proposed'
        /** Of a proposal: the version that it would be. */
        readonly version: number
        readonly proposal?: string
        readonly breakGlass?: true
      }>
      readonly problems: readonly Problem[]
    }
  | Exclude<Gated, { kind: 'proposed' }>
  | ManagedElsewhere
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
  /** Somebody else changed this rule meanwhile; the ones before it are stored. */
  | { readonly kind: 'conflict'; readonly id: string }
  | { readonly kind: 'busy' }

/** What became of an approval. */
export type ApproveOutcome =
  | Decided
  /** It was the last one needed, and the change is in force. */
  | { readonly kind: 'applied'; readonly proposal: StoredProposal; readonly record: RuleRecord }
  /** The text is not accepted any more. */
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
  | { readonly kind: 'busy' }

export interface CatalogueOptions {
  readonly rules: Bucket
  readonly versions: Bucket
  readonly compiler: RuleCompiler
  /** Absent: no change waits for anybody. */
  readonly proposals?: ProposalDesk
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Subject filters that the input log takes, for warnings. */
  readonly fedSubjects: () => Promise<readonly string[]>
  /** Names of the lists there are, for warnings. */
  readonly knownLists: () => Promise<readonly string[]>
}

const ATTEMPTS_MAX = 5

/** The rules and all their versions. Every write is a version with author, reason and time; conflicts are found by revision. */
export class Catalogue {
  readonly #options: CatalogueOptions

  constructor(options: CatalogueOptions) {
    this.#options = options
  }

  /** ISO 8601. */
  now(): string {
    return new Date(this.#options.now()).toISOString()
  }

  /** All rules in force, by id. */
  async list(): Promise<readonly StoredRule[]> {
    const entries = await this.#options.rules.entries()
    return entries
      .map(storedOf)
      .filter((rule) => rule !== undefined)
      .sort((left, right) => (left.record.id < right.record.id ? -1 : 1))
  }

  async get(id: string): Promise<StoredRule | undefined> {
    return storedOf(await this.#options.rules.get(id))
  }

  /** Every version of a rule, newest first; also of a deleted one. Undefined when there never was one. */
  async versions(id: string): Promise<readonly RuleVersion[] | undefined> {
    const [entry, kept] = await Promise.all([
      this.#options.rules.get(id),
      this.#options.versions.entries(`${id}.*`),
    ])
    const current = recordOf(entry)
    const records = new Map<number, RuleRecord>()
    for (const version of kept) {
      const record = recordOf(version)
      if (record !== undefined) records.set(record.version, record)
    }
    // The current version is kept here too, unless a crash came between its two writes.
    if (current !== undefined) records.set(current.version, current)
    if (records.size === 0) return undefined
    return [...records.values()]
      .sort((left, right) => right.version - left.version)
      .map((record) => ({ record, current: record.version === current?.version }))
  }

  async version(id: string, version: number): Promise<RuleRecord | undefined> {
    const kept = recordOf(await this.#options.versions.get(`${id}.${version}`))
    if (kept !== undefined) return kept
    const current = recordOf(await this.#options.rules.get(id))
    return current?.version === version ? current : undefined
  }

  /** Reads and compiles one rule, with warnings for subjects that nothing feeds and lists that nobody made. */
  async check(texts: readonly RuleText[]): Promise<Compiled<readonly CompiledRule[]>> {
    const compiled = await this.#options.compiler.compile(texts)
    if (compiled.kind !== 'done') return compiled
    const fed = await this.#options.fedSubjects()
    const warnings = compiled.value.flatMap((rule, index) =>
      unfedSubjects({ id: rule.id, subjects: rule.summary.subjects }, fed, texts[index]?.file),
    )
    const reads = compiled.value.flatMap(({ lists }) => lists)
    const lists = reads.length === 0 ? [] : unknownLists(reads, await this.#options.knownLists())
    return { ...compiled, problems: [...compiled.problems, ...warnings, ...lists] }
  }

  async put(id: string, text: RuleText, expected: Expectation, by: WriteBy): Promise<WriteOutcome> {
    const entry = await this.#options.rules.get(id)
    const refusal = refusalOf(storedOf(entry), expected)
    if (refusal !== undefined) return refusal
    const checked = await this.check([text])
    if (checked.kind === 'busy') return checked
    if (checked.kind === 'refused') return { kind: 'invalid', problems: checked.problems }
    const [rule] = checked.value
    if (rule === undefined || rule.id !== id)
      return { kind: 'invalid', problems: [...checked.problems, idDiffers(id, rule?.id, text)] }
    return this.#write(entry, { rule, text, by, problems: checked.problems })
  }

  async remove(id: string, expected: Expectation, by: WriteBy): Promise<WriteOutcome> {
    const entry = await this.#options.rules.get(id)
    const current = storedOf(entry)
    if (entry === undefined || current === undefined) return { kind: 'not-found' }
    const refusal = refusalOf(current, expected)
    if (refusal !== undefined) return refusal
    const barred = forbiddenOf(by, current.record, undefined) ?? managedElsewhere(by, current.record)
    if (barred !== undefined) return barred
    const record: RuleRecord = { kind: 'remove', ...this.#written(id, current.record.version + 1, by) }
    const { version } = record
    if (by.dryRun)
      return { kind: 'removed', version, revision: current.revision, ...this.#wouldNeed(entry, record) }
    const stored = await this.#store(entry, record, by)
    if (stored.kind !== 'written') return stored
    const { revision } = stored
    return { kind: 'removed', version, revision, ...markOf(stored.record) }
  }

  /** The same text with another status, as a new version. */
  async setStatus(id: string, status: RuleStatus, expected: Expectation, by: WriteBy): Promise<WriteOutcome> {
    return this.#rewrite(id, expected, by, async (record) =>
      this.#options.compiler.withStatus({ text: record.source, format: record.format }, status),
    )
  }

  /** The text of an earlier version, as a new version. Its status comes with it. */
  async restore(
    id: string,
    version: number,
    expected: Expectation,
    by: WriteBy,
    did?: RulePut['did'],
  ): Promise<WriteOutcome> {
    const wanted = await this.version(id, version)
    if (wanted?.kind !== 'put') return { kind: 'not-found' }
    const entry = await this.#options.rules.get(id)
    const current = storedOf(entry)
    const { text, format } = writtenText(wanted)
    if (current === undefined) return this.put(id, { text, format }, { kind: 'any' }, by)
    const change = async () => ({ kind: 'done', value: text, problems: [], format }) as const
    return this.#rewrite(id, expected, by, change, did)
  }

  /**
   * Stores many rules: all are checked before the first is written. With `prune`, rules that are not among them are removed (when
   * `by.managedBy` is given, only those that are managed by it).
   */
  async apply(texts: readonly RuleText[], by: WriteBy & { readonly prune?: boolean }): Promise<ApplyOutcome> {
    const checked = await this.check(texts)
    if (checked.kind === 'busy') return checked
    if (checked.kind === 'refused') return { kind: 'invalid', problems: checked.problems }
    const twice = checked.value.find(
      (rule, index) => checked.value.findIndex(({ id }) => id === rule.id) < index,
    )
    if (twice !== undefined) return { kind: 'invalid', problems: [...checked.problems, duplicate(twice.id)] }

    const entries = new Map((await this.#options.rules.entries()).map((entry) => [entry.key, entry]))
    for (const [index, rule] of checked.value.entries()) {
      const barred = await this.#barred(entries.get(rule.id), { rule, text: texts[index], by })
      if (barred !== undefined) return barred
    }
    const rules: Array<Extract<ApplyOutcome, { kind: 'applied' }>['rules'][number]> = []
    for (const [index, rule] of checked.value.entries()) {
      const text = texts[index]
      if (text === undefined) continue
      const outcome = await this.#write(entries.get(rule.id), { rule, text, by, problems: [] })
      const applied = appliedOf(rule.id, outcome)
      if (applied.kind !== 'rule') return applied
      rules.push(applied.rule)
    }
    if (by.prune) {
      const kept = new Set(checked.value.map(({ id }) => id))
      for (const entry of entries.values()) {
        const stored = storedOf(entry)
        if (stored === undefined || kept.has(stored.record.id)) continue
        if (by.managedBy !== undefined && !sameOwner(stored.record.managedBy, by.managedBy)) continue
        // What the writer may not touch is none of their rules.
        if ((forbiddenOf(by, stored.record, undefined) ?? managedElsewhere(by, stored.record)) !== undefined)
          continue
        const { id } = stored.record
        const outcome = await this.remove(id, { kind: 'revision', revision: stored.revision }, by)
        const applied = appliedOf(id, outcome)
        if (applied.kind !== 'rule') return applied
        rules.push(applied.rule)
      }
    }
    return { kind: 'applied', rules, problems: checked.problems }
  }

  /** Approves a proposal; the last approval that it needs carries it out. Its texts are read again first. */
  async approve(id: string, by: DecidedBy): Promise<ApproveOutcome> {
    const desk = this.#options.proposals
    const found = await desk?.get(id)
    if (desk === undefined || found === undefined) return { kind: 'not-found' }
    const { record } = found.proposal
    if (record.kind === 'put' && found.state === 'pending') {
      const texts = [record, ...(record.candidate === undefined ? [] : [record.candidate])]
      const checked = await this.check(texts.map(({ source, format }) => ({ text: source, format })))
      if (checked.kind === 'busy') return checked
      if (checked.kind === 'refused') return { kind: 'invalid', problems: checked.problems }
    }
    const decided = await desk.approve(id, by)
    if (decided.kind !== 'decided' || decided.proposal.state !== 'approved') return decided
    return this.#carryOut(desk, decided.proposal)
  }

  /** Carries out what was approved when a process ended in between. */
  async resume(): Promise<void> {
    const desk = this.#options.proposals
    if (desk === undefined) return
    for (const stored of await desk.list())
      if (stored.state === 'approved') await this.#carryOut(desk, stored)
  }

  /** By compare-and-set on the revision that was approved, so that it happens once, however many try. */
  async #carryOut(desk: ProposalDesk, stored: StoredProposal): Promise<ApproveOutcome> {
    const { id, record: approved, base, approvals } = stored.proposal
    const record: RuleRecord = {
      ...broughtAt(approved, this.now()),
      proposal: id,
      approvers: approvals.map(({ by }) => by),
    }
    const entry = await this.#options.rules.get(record.id)
    const isFresh = (entry?.revision ?? 0) === base.revision
    const revision = isFresh ? await this.#commit(entry, record) : undefined
    const isApplied =
      revision !== undefined || (await this.version(record.id, record.version))?.proposal === id
    const settled = await desk.settle(stored, isApplied ? 'applied' : 'stale')
    return isApplied ? { kind: 'applied', proposal: settled, record } : { kind: 'closed', proposal: settled }
  }

  /** Changes the text of the rule in force; tries again when somebody else was faster and the caller named no revision. */
  async #rewrite(
    id: string,
    expected: Expectation,
    by: WriteBy,
    change: (record: RulePut) => Promise<Compiled<string> & { readonly format?: RuleFormat }>,
    did?: RulePut['did'],
  ): Promise<WriteOutcome> {
    for (let attempt = 1; ; attempt += 1) {
      const entry = await this.#options.rules.get(id)
      const current = storedOf(entry)
      if (current === undefined) return { kind: 'not-found' }
      if (
        expected.kind === 'absent' ||
        (expected.kind === 'revision' && expected.revision !== current.revision)
      )
        return { kind: 'conflict', current }
      const changed = await change(current.record)
      if (changed.kind === 'busy') return changed
      if (changed.kind === 'refused') return { kind: 'invalid', problems: changed.problems }
      const text = { text: changed.value, format: changed.format ?? current.record.format }
      const checked = await this.check([text])
      if (checked.kind === 'busy') return checked
      const rule = checked.kind === 'done' ? checked.value[0] : undefined
      if (rule === undefined || rule.id !== id) return { kind: 'invalid', problems: checked.problems }
      const outcome = await this.#write(entry, { rule, text, by, problems: checked.problems, did })
      if (outcome.kind !== 'conflict' || expected.kind === 'revision' || attempt >= ATTEMPTS_MAX)
        return outcome
    }
  }

  async #write(
    entry: BucketEntry | undefined,
    change: {
      readonly rule: CompiledRule
      readonly text: RuleText
      readonly by: WriteBy
      readonly problems: readonly Problem[]
      readonly did?: RulePut['did']
    },
  ): Promise<WriteOutcome> {
    const { rule, text, by, problems, did } = change
    const before = recordOf(entry)
    const barred = await this.#barred(entry, change)
    if (barred !== undefined) return barred
    const last = before?.version ?? (await this.#lastVersion(rule.id))
    if (
      entry !== undefined &&
      before?.kind === 'put' &&
      before.source === text.text &&
      before.format === text.format &&
      before.status === rule.status
    )
      return {
        kind: 'stored',
        change: 'unchanged',
        rule: { record: before, revision: entry.revision },
        problems,
      }
    const record: RulePut = {
      kind: 'put',
      ...this.#written(rule.id, last + 1, by),
      status: rule.status,
      format: text.format,
      source: text.text,
      summary: rule.summary,
      ...managed(by, before),
      ...(did === undefined ? {} : { did }),
      ...(by.partialMatches === undefined ? {} : { partialMatches: by.partialMatches }),
      ...(before?.kind === 'put' && before.candidate !== undefined && runs(rule)
        ? { candidate: before.candidate }
        : {}),
    }
    const made = before?.kind === 'put' ? 'updated' : 'created'
    return this.#putRecord(entry, record, { by, change: made, problems })
  }

  /**
   * Writes what `change` makes of the record in force, as its next version; undefined: it is so already. Tries again when somebody else
   * was faster and the caller named no revision.
   */
  async revise(
    id: string,
    expected: Expectation,
    by: WriteBy,
    change: (record: RulePut) => Promise<Revision | WriteOutcome>,
  ): Promise<WriteOutcome> {
    for (let attempt = 1; ; attempt += 1) {
      const entry = await this.#options.rules.get(id)
      const current = storedOf(entry)
      if (entry === undefined || current === undefined) return { kind: 'not-found' }
      if (
        expected.kind === 'absent' ||
        (expected.kind === 'revision' && expected.revision !== current.revision)
      )
        return { kind: 'conflict', current }
      const barred = forbiddenOf(by, current.record, undefined) ?? managedElsewhere(by, current.record)
      if (barred !== undefined) return barred
      const revised = await change(current.record)
      if (revised.kind !== 'revision') return revised
      const { problems, record: body } = revised
      if (body === undefined) return { kind: 'stored', change: 'unchanged', rule: current, problems }
      const written = this.#written(id, current.record.version + 1, by)
      const record: RulePut = { kind: 'put', ...written, ...managed(by, current.record), ...body }
      const outcome = await this.#putRecord(entry, record, { by, change: 'updated', problems })
      if (outcome.kind !== 'conflict' || expected.kind === 'revision' || attempt >= ATTEMPTS_MAX)
        return outcome
    }
  }

  async #putRecord(
    entry: BucketEntry | undefined,
    record: RulePut,
    written: {
      readonly by: WriteBy
      readonly change: 'created' | 'updated'
      readonly problems: readonly Problem[]
    },
  ): Promise<WriteOutcome> {
    const { by, change, problems } = written
    if (by.dryRun)
      return {
        kind: 'stored',
        change,
        rule: { record, revision: entry?.revision ?? 0 },
        problems,
        ...this.#wouldNeed(entry, record),
      }
    const stored = await this.#store(entry, record, by)
    if (stored.kind !== 'written') return stored.kind === 'proposed' ? { ...stored, problems } : stored
    return {
      kind: 'stored',
      change,
      rule: { record: stored.record, revision: stored.revision },
      problems,
    }
  }

  /** Why the text may not come into force: who writes it, and what it would do to what runs. */
  async #barred(
    entry: BucketEntry | undefined,
    {
      rule,
      text,
      by,
    }: { readonly rule: CompiledRule; readonly text: RuleText | undefined; readonly by: WriteBy },
  ): Promise<
    WriteForbidden | ManagedElsewhere | Extract<WriteOutcome, { kind: 'invalid' | 'busy' }> | undefined
  > {
    const before = recordOf(entry)
    const isTheSame = before?.kind === 'put' && before.source === text?.text && before.format === text.format
    const barred = forbiddenOf(by, before, rule) ?? (isTheSame ? undefined : managedElsewhere(by, before))
    if (barred !== undefined) return barred
    if (before?.kind !== 'put' || text === undefined || isTheSame) return undefined
    const problems = await changeProblems(before, { rule, text, mode: by.partialMatches }, (left, right) =>
      this.#options.compiler.compare(left, right),
    )
    if (problems === 'busy') return { kind: 'busy' }
    return problems.length === 0 ? undefined : { kind: 'invalid', problems }
  }

  /** The one way of every write: past the gate, where a change of what is live waits for others. */
  async #store<Kind extends RuleRecord>(
    entry: BucketEntry | undefined,
    record: Kind,
    by: WriteBy,
  ): Promise<Stored<Kind>> {
    const gate = this.#options.proposals
    const change = { before: recordOf(entry), revision: entry?.revision ?? 0, record }
    const gated = await gate?.gate(change, by)
    if (gated !== undefined) return gated
    const isForced = by.mayBreakGlass !== undefined && (gate?.neededFor(change) ?? 0) > 0
    const marked: Kind = isForced ? { ...record, breakGlass: true } : record
    const revision = await this.#commit(entry, marked)
    return revision === undefined
      ? { kind: 'conflict', current: await this.get(record.id) }
      : { kind: 'written', record: marked, revision }
  }

  #wouldNeed(entry: BucketEntry | undefined, record: RuleRecord): { readonly approvalsNeeded?: number } {
    const needed = this.#options.proposals?.neededFor({ before: recordOf(entry), record }) ?? 0
    return needed === 0 ? {} : { approvalsNeeded: needed }
  }

  /**
   * The new record becomes the current one by compare-and-set; before that its predecessor is made sure of in the history (a crash
   * may have come between the two writes of its time), so that no version is ever lost and none appears that never was in force.
   */
  async #commit(entry: BucketEntry | undefined, record: RuleRecord): Promise<number | undefined> {
    const before = recordOf(entry)
    if (before !== undefined) await this.#keep(before)
    const revision = await this.#options.rules.put(record.id, JSON.stringify(record), entry?.revision ?? 0)
    if (revision !== undefined) await this.#keep(record)
    return revision
  }

  /** The history knows it when the record itself was deleted by another tool. */
  async #lastVersion(id: string): Promise<number> {
    const kept = await this.#options.versions.entries(`${id}.*`)
    return Math.max(0, ...kept.map((entry) => recordOf(entry)?.version ?? 0))
  }

  async #keep(record: RuleRecord): Promise<void> {
    await this.#options.versions.put(`${record.id}.${record.version}`, JSON.stringify(record), 0)
  }

  #written(id: string, version: number, by: WriteBy) {
    return {
      id,
      version,
      ...(by.author === undefined ? {} : { author: by.author }),
      ...(by.reason === undefined ? {} : { reason: by.reason }),
      at: this.now(),
    }
  }
}

/** The place stays until another one is named. */
const managed = (by: WriteBy, before: RuleRecord | undefined): { readonly managedBy?: string } => {
  const managedBy = by.managedBy ?? (before?.kind === 'put' ? before.managedBy : undefined)
  return managedBy === undefined ? {} : { managedBy }
}

function managedElsewhere(by: WriteBy, before: RuleRecord | undefined): ManagedElsewhere | undefined {
  if (before?.kind !== 'put' || before.managedBy === undefined || by.force === true) return undefined
  if (by.managedBy !== undefined && sameOwner(before.managedBy, by.managedBy)) return undefined
  return { kind: 'managed-elsewhere', id: before.id, managedBy: before.managedBy }
}

type Stored<Kind extends RuleRecord> =
  | { readonly kind: 'written'; readonly record: Kind; readonly revision: number }
  | { readonly kind: 'conflict'; readonly current: StoredRule | undefined }
  | Gated

/** The record as it is stored now; a candidate that comes with it comes now, too. */
function broughtAt(record: RuleRecord, at: string): RuleRecord {
  if (record.kind !== 'put' || record.candidate?.version !== record.version) return { ...record, at }
  return { ...record, at, candidate: { ...record.candidate, at } }
}

const markOf = ({ breakGlass }: RuleRecord): { readonly breakGlass?: true } =>
  breakGlass === undefined ? {} : { breakGlass }

/** What a write of one rule is to those who apply many. */
function appliedOf(
  id: string,
  outcome: WriteOutcome,
):
  | Exclude<ApplyOutcome, { kind: 'applied' }>
  | {
      readonly kind: 'rule'
      readonly rule: Extract<ApplyOutcome, { kind: 'applied' }>['rules'][number]
    } {
  switch (outcome.kind) {
    case 'stored': {
      const { record } = outcome.rule
      const change = outcome.change
      return { kind: 'rule', rule: { id, change, version: record.version, ...markOf(record) } }
    }
    case 'removed':
      return {
        kind: 'rule',
        rule: {
          id,
          change: 'removed',
          version: outcome.version,
          ...(outcome.breakGlass === undefined ? {} : { breakGlass: true }),
        },
      }
    case 'proposed': {
      const { proposal } = outcome.proposal
      return {
        kind: 'rule',
        rule: { id, change: 'proposed', version: proposal.record.version, proposal: proposal.id },
      }
    }
    case 'forbidden':
    case 'managed-elsewhere':
    case 'invalid':
    case 'busy':
    case 'proposals-too-many':
    case 'break-glass-refused':
      return outcome
    default:
      return { kind: 'conflict', id }
  }
}

/** A rule that moves to another namespace needs both. */
function forbiddenOf(
  { mayWrite }: WriteBy,
  before: RuleRecord | undefined,
  after: CompiledRule | undefined,
): WriteForbidden | undefined {
  if (mayWrite === undefined) return undefined
  if (before?.kind === 'put' && !mayWrite(before.summary?.namespace))
    return { kind: 'forbidden', namespace: before.summary?.namespace }
  if (after !== undefined && !mayWrite(after.summary.namespace))
    return { kind: 'forbidden', namespace: after.summary.namespace }
  return undefined
}

const recordOf = (entry: BucketEntry | undefined): RuleRecord | undefined =>
  entry?.value === undefined ? undefined : readRecord(entry.value)

function storedOf(entry: BucketEntry | undefined): StoredRule | undefined {
  const record = recordOf(entry)
  return entry === undefined || record?.kind !== 'put' ? undefined : { record, revision: entry.revision }
}

function refusalOf(current: StoredRule | undefined, expected: Expectation): WriteOutcome | undefined {
  switch (expected.kind) {
    case 'any':
      return undefined
    case 'absent':
      return current === undefined ? undefined : { kind: 'conflict', current }
    case 'revision':
      return current?.revision === expected.revision ? undefined : { kind: 'conflict', current }
    case 'unstated':
      return current === undefined ? undefined : { kind: 'expectation-needed', current }
    default:
      return expected satisfies never
  }
}

/** `git:repository@commit`: the commit changes, the repository stays. */
const sameOwner = (left: string | undefined, right: string): boolean =>
  left?.replace(/@[^@]*$/, '') === right.replace(/@[^@]*$/, '')

const idDiffers = (wanted: string, found: string | undefined, text: RuleText): Problem => ({
  code: 'rule-id-differs',
  severity: 'error',
  message: `the address names the rule ${wanted}, the text ${found ?? 'none'}`,
  hint: `write rule: ${wanted}, or send it to /v1/rules/${found ?? '…'}`,
  at: { ...(text.file === undefined ? {} : { file: text.file }), pointer: '/rule' },
})

const duplicate = (id: string): Problem => ({
  code: 'duplicate-rule',
  severity: 'error',
  message: `two rules have the id ${id}`,
  hint: 'rename one of them',
  at: { pointer: '/rule' },
})
