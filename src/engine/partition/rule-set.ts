import type { Problem, RuleStatus } from '../model/index.ts'
import type { Router, Routes } from '../route/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import type { DeadlineQueue } from '../time/index.ts'
import { DrainingRules, type StoredDraining, storedDraining } from './draining-rules.ts'
import { BY_NAMESPACE, type GuestSpan } from './guest-budgets.ts'
import { type KnownRule, newlyKnown, type Running, shareOut } from './known-rule.ts'
import type { PartitionParts } from './options.ts'
import { inForce, type RuleEntry, type RuleRecord } from './rule-record.ts'
import type { RuleExtras, RuleRuntime, RuleSurroundings } from './rule-runtime.ts'
import { RuleTexts } from './rule-texts.ts'
import { RunningRules } from './running-rules.ts'
import type { PartialMatchesChange } from './statistics.ts'
import { SuspendedRules } from './suspended-rules.ts'
import { VersionChanges } from './version-changes.ts'

/** A rule id as its stored row says it. */
export interface StoredRule {
  readonly version: number
  readonly record?: RuleRecord | undefined
  /** Names of stored rows, where they are not the rule's id. */
  readonly name?: string
  readonly candidate?: string
  readonly draining?: readonly StoredDraining[]
  readonly change?: PartialMatchesChange
  /** Why the last version does not run. */
  readonly problems?: readonly Problem[]
}

/** The rules of one partition, and what the log's entries do to them. */
export class RuleSet {
  readonly #known = new Map<string, KnownRule>()
  readonly #running: RunningRules
  readonly #draining: DrainingRules
  readonly #suspended: SuspendedRules
  readonly #changes: VersionChanges
  readonly #texts: RuleTexts
  /** Ids whose stored record changed. */
  readonly changed = new Set<string>()
  /** Ids of stored rows that nothing took when they were restored. */
  readonly orphans: string[] = []

  constructor(options: {
    readonly router: Router
    readonly deadlines: DeadlineQueue
    readonly around: RuleSurroundings
    readonly parts: PartitionParts
  }) {
    const { router, deadlines, around, parts } = options
    const { changed } = this
    const texts = new RuleTexts(parts.compiler, around.output)
    const running = new RunningRules({ router, deadlines, around, createMatcher: parts.createMatcher })
    const draining = new DrainingRules({ running, deadlines, around, texts, changed })
    const knownRule = (id: string): KnownRule | undefined => this.#known.get(id)
    const suspended = new SuspendedRules({ running, draining, around, knownRule })
    this.#texts = texts
    this.#running = running
    this.#draining = draining
    this.#suspended = suspended
    this.#changes = new VersionChanges({ running, draining, suspended, texts, around })
  }

  get(id: string): KnownRule | undefined {
    return this.#known.get(id)
  }

  get size(): number {
    return this.#known.size
  }

  /** The version whose stored rows have the name. */
  named(name: string): Running | undefined {
    return this.#running.named(name)
  }

  all(): IterableIterator<KnownRule> {
    return this.#known.values()
  }

  /** Every version that runs, in order of id. */
  get running(): readonly RuleRuntime[] {
    return this.#running.all
  }

  /** Those, and what is suspended. */
  runtimes(): readonly RuleRuntime[] {
    return [...this.#running.all, ...this.#suspended.runtimes()]
  }

  /** Whether the version is one of them. */
  has(runtime: RuleRuntime): boolean {
    return this.#running.has(runtime)
  }

  /** Runtimes that were stopped and whose stored rows must go. */
  get stopped(): RuleRuntime[] {
    return this.#running.stopped
  }

  routesOf(runtime: RuleRuntime): Routes | undefined {
    return this.#running.routesOf(runtime)
  }

  /** Starts a rule that is not one of the log's. */
  addProgram(program: RuleProgram, status: RuleStatus): void {
    const { id } = program.definition
    const running = this.#running.start(program, status, id)
    this.#known.set(id, { ...newlyKnown(id), version: program.version, running })
  }

  /** Puts a stored rule back. A version that no longer compiles is known and does not run. */
  restore(id: string, stored: StoredRule): void {
    const { version, record, change, problems = [] } = stored
    const known: KnownRule = { ...newlyKnown(id), version, record, change, problems }
    this.#known.set(id, known)
    if (record === undefined || !runs(record.status)) return
    const program = this.#compile(known, inForce(record))
    if (program !== undefined) known.running = this.#running.start(program, record.status, stored.name ?? id)
    if (record.candidate !== undefined) this.#restoreCandidate(known, record, stored.candidate)
    for (const draining of stored.draining ?? []) this.#draining.restore(known, draining)
    shareOut(known)
  }

  /** Puts back what is kept of the version whose stored rows have the name. */
  restoreExtras(name: string, extras: RuleExtras): void {
    const running = this.#running.named(name)
    if (running === undefined) return
    running.runtime.restoreExtras(extras)
    this.#suspended.restore(running)
  }

  /** What its stored row has to say. */
  stored(id: string): StoredRule | undefined {
    const known = this.#known.get(id)
    if (known === undefined) return undefined
    const { version, record, running, candidate, draining, change, problems } = known
    const name = running?.runtime.name ?? id
    const beside = candidate?.running?.runtime.name
    return {
      version,
      record,
      ...(name === id ? {} : { name }),
      ...(beside === undefined ? {} : { candidate: beside }),
      ...(draining.length === 0 ? {} : { draining: draining.map(storedDraining) }),
      ...(change === undefined ? {} : { change }),
      ...(problems.length === 0 ? {} : { problems }),
    }
  }

  /** Carries out an entry of the log. */
  apply(entry: RuleEntry): void {
    const known = this.#known.get(entry.id)
    const isOld = known !== undefined && entry.version <= known.version
    if (entry.kind === 'remove') {
      // A removal names the version it removes.
      if (known !== undefined && entry.version >= known.version) this.#remove(known, entry.version)
      return
    }
    if (isOld) return
    const { kind: _, ...record } = entry
    this.#put(known ?? this.#meet(entry.id), record)
  }

  /** Sequence of the entry before which the next suspension ends, or an earlier one; Infinity when there is none. */
  get resumesAt(): number {
    return this.#suspended.resumesAt
  }

  /** Takes versions that have used too much out for a time; nobody works with them. */
  suspend(overdrawn: readonly RuleRuntime[], sequence: number): void {
    this.#suspended.suspend(overdrawn, sequence)
  }

  /**
   * Of a namespace's versions those that have used most of its budget in the span, until half of what was used has gone with them: one
   * that used half goes alone, and of a hundred that use the same, each time half. Gives how many they are.
   */
  suspendDearest(span: GuestSpan, sequence: number): number {
    const guests = [...this.running].filter((runtime) => runtime.guestFuel(span) > 0)
    const used = guests.reduce((sum, runtime) => sum + runtime.guestFuel(span), 0)
    guests.sort((a, b) => b.guestFuel(span) - a.guestFuel(span) || (a.name < b.name ? -1 : 1))
    const dearest: RuleRuntime[] = []
    let gone = 0
    for (const runtime of guests) {
      if (gone * 2 >= used) break
      gone += runtime.guestFuel(span)
      runtime.overdrawnBy = BY_NAMESPACE
      dearest.push(runtime)
    }
    this.suspend(dearest, sequence)
    return dearest.length
  }

  /** Brings back those whose suspension is over. */
  resume(sequence: number): void {
    this.#suspended.resume(sequence)
  }

  /** A version that drains has nothing left; it ends behind the entry at hand, when nobody works with it. */
  finished(runtime: RuleRuntime): void {
    this.#draining.finished(runtime)
  }

  get hasFinished(): boolean {
    return this.#draining.hasFinished
  }

  /** Ends what `finished` named, and what has no more time to drain. */
  endFinished(): void {
    this.#draining.endFinished((id) => this.#known.get(id))
  }

  #meet(id: string): KnownRule {
    const known = newlyKnown(id)
    this.#known.set(id, known)
    return known
  }

  #put(known: KnownRule, record: RuleRecord): void {
    known.version = record.version
    this.changed.add(known.id)
    if (!runs(record.status)) {
      known.record = record
      known.problems = []
      this.#stopAll(known, record.status)
      return
    }
    const text = inForce(record)
    const isTheSame =
      known.running?.runtime.program.version === text.version &&
      known.running.runtime.status === record.status
    if (!isTheSame) {
      const program = this.#compile(known, text)
      if (program === undefined) return
      this.#changes.putInForce(known, program, record)
    }
    known.record = record
    known.problems = []
    this.#changes.putCandidate(known, record)
    shareOut(known)
  }

  /** Undefined, and kept why, for a text that does not run as this rule. */
  #compile(known: KnownRule, record: RuleRecord): RuleProgram | undefined {
    const compiled = this.#texts.compile(record, known.running)
    if (compiled.ok) return compiled.value
    known.problems = compiled.problems
    return undefined
  }

  #remove(known: KnownRule, version: number): void {
    known.version = version
    known.record = undefined
    known.problems = []
    this.changed.add(known.id)
    this.#stopAll(known, 'removed')
  }

  #stopAll(known: KnownRule, why: string): void {
    let dropped = 0
    for (const draining of known.draining) {
      dropped += draining.running?.runtime.matcher.partialMatches ?? 0
      this.#draining.end(known, draining, why)
    }
    for (const running of [known.candidate?.running, known.running]) {
      if (running === undefined) continue
      dropped += running.runtime.matcher.partialMatches
      this.#running.stop(running, why)
    }
    known.candidate = undefined
    known.running = undefined
    known.change = { version: known.version, kept: 0, drained: 0, dropped }
  }

  #restoreCandidate(known: KnownRule, { id, status, candidate }: RuleRecord, name: string | undefined): void {
    if (candidate === undefined) return
    const compiled =
      name === undefined ? undefined : this.#texts.compile({ ...candidate, id, status }, known.running)
    const running =
      name === undefined || compiled?.ok !== true
        ? undefined
        : this.#running.start(compiled.value, status, name)
    known.candidate = { record: candidate, share: 0, running }
  }
}

const runs = (status: RuleStatus): boolean => status === 'live' || status === 'shadow'
