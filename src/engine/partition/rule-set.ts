import type { Problem, RuleDefinition, RuleStatus } from '../model/index.ts'
import { longestLife } from '../pattern/index.ts'
import { keyValue, type Router, type Routes } from '../route/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import type { DeadlineOwner, DeadlineQueue } from '../time/index.ts'
import {
  type Candidate,
  type Draining,
  decidingVersion,
  type KnownRule,
  newlyKnown,
  type Running,
} from './known-rule.ts'
import type { PartitionParts } from './options.ts'
import { inForce, type PartialMatchesMode, type RuleEntry, type RuleRecord } from './rule-record.ts'
import { RuleRuntime, type RuleSurroundings } from './rule-runtime.ts'
import { addCounts, copyCounts, type PartialMatchesChange } from './statistics.ts'

/** A rule id as its stored row says it. */
export interface StoredRule {
  readonly version: number
  readonly record?: RuleRecord | undefined
  /** Names of stored rows, where they are not the rule's id. */
  readonly name?: string
  readonly candidate?: string
  readonly draining?: ReadonlyArray<StoredDraining>
  readonly change?: PartialMatchesChange
}

type StoredDraining = Omit<Draining, 'running' | 'deadline' | 'isOver'> & { readonly isFinished: boolean }

/** Room between the ranks of rules that come one after the other, so that one more moves none of them. */
const RANK_GAP = 1024
const RANK_MAX = 2 ** 30

/** The rules of one partition and how they change. */
export class RuleSet {
  readonly #known = new Map<string, KnownRule>()
  /** Running versions in order of id, of one id in order of age; so are their ranks. */
  #ranked: RuleRuntime[] = []
  /** By the name of their stored rows. */
  readonly #named = new Map<string, Running>()
  readonly #router: Router
  readonly #deadlines: DeadlineQueue
  readonly #around: RuleSurroundings
  readonly #parts: PartitionParts
  /** Versions that drain and have nothing left, or no time. */
  readonly #finished = new Set<RuleRuntime>()
  readonly #over = new Set<KnownRule>()
  /** Ids whose stored record changed. */
  readonly changed = new Set<string>()
  /** Runtimes that were stopped and whose stored rows must go. */
  readonly stopped: RuleRuntime[] = []
  /** Ids of stored rows that nothing took when they were restored. */
  readonly orphans: string[] = []

  constructor(options: {
    readonly router: Router
    readonly deadlines: DeadlineQueue
    readonly around: RuleSurroundings
    readonly parts: PartitionParts
  }) {
    this.#router = options.router
    this.#deadlines = options.deadlines
    this.#around = options.around
    this.#parts = options.parts
  }

  get(id: string): KnownRule | undefined {
    return this.#known.get(id)
  }

  get size(): number {
    return this.#known.size
  }

  /** The version whose stored rows have the name. */
  named(name: string): Running | undefined {
    return this.#named.get(name)
  }

  all(): IterableIterator<KnownRule> {
    return this.#known.values()
  }

  /** Every version that runs, in order of id. */
  get running(): readonly RuleRuntime[] {
    return this.#ranked
  }

  /** Starts a rule that is not one of the log's. */
  addProgram(program: RuleProgram, status: RuleStatus): void {
    const { id } = program.definition
    const running = this.#start(program, status, id)
    this.#known.set(id, { ...newlyKnown(id), version: program.version, running })
  }

  /** Puts a stored rule back. A version that no longer compiles is known and does not run. */
  restore(id: string, stored: StoredRule): void {
    const { version, record, change } = stored
    const known: KnownRule = { ...newlyKnown(id), version, record, change }
    this.#known.set(id, known)
    if (record === undefined || !runs(record.status)) return
    const program = this.#compile(known, inForce(record))
    if (program !== undefined) known.running = this.#start(program, record.status, stored.name ?? id)
    if (record.candidate !== undefined) this.#restoreCandidate(known, record, stored.candidate)
    for (const draining of stored.draining ?? []) this.#restoreDraining(known, draining)
    this.#share(known)
  }

  /** What its stored row has to say. */
  stored(id: string): StoredRule | undefined {
    const known = this.#known.get(id)
    if (known === undefined) return undefined
    const { version, record, running, candidate, draining, change } = known
    const name = running?.runtime.name ?? id
    const beside = candidate?.running?.runtime.name
    return {
      version,
      record,
      ...(name === id ? {} : { name }),
      ...(beside === undefined ? {} : { candidate: beside }),
      ...(draining.length === 0 ? {} : { draining: draining.map(storedDraining) }),
      ...(change === undefined ? {} : { change }),
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

  routesOf(runtime: RuleRuntime): Routes | undefined {
    return this.#named.get(runtime.name)?.routes
  }

  /** A version that drains has nothing left; it ends behind the entry at hand, when nobody works with it. */
  finished(runtime: RuleRuntime): void {
    this.#finished.add(runtime)
  }

  get hasFinished(): boolean {
    return this.#finished.size > 0 || this.#over.size > 0
  }

  /** Ends what `finished` named, and what has no more time to drain. */
  endFinished(): void {
    for (const runtime of this.#finished) {
      const known = this.#known.get(runtime.id)
      const draining = known?.draining.find(({ running }) => running?.runtime === runtime)
      if (known !== undefined && draining !== undefined && runtime.matcher.partialMatches === 0)
        this.#finish(known, draining)
    }
    this.#finished.clear()
    if (this.#over.size === 0) return
    for (const known of [...this.#over].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      for (const draining of known.draining)
        if (draining.isOver) this.#endDraining(known, draining, 'drain-ended')
      this.#share(known)
    }
    this.#over.clear()
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
      this.#putInForce(known, program, record)
    }
    known.record = record
    known.problems = []
    this.#putCandidate(known, record)
    this.#share(known)
  }

  /** Undefined, and said why, for a text that does not run as this rule. */
  #compile(known: KnownRule, record: RuleRecord): RuleProgram | undefined {
    const compiled = this.#parts.compiler.compile(record)
    if (compiled.ok && compiled.value.definition.id === record.id) return compiled.value
    const problems = compiled.ok ? [] : compiled.problems
    known.problems = problems
    this.#quarantine(record, problems, known.running)
    return undefined
  }

  #quarantine(record: RuleRecord, problems: readonly Problem[], running: Running | undefined): void {
    const first = problems[0]
    this.#around.output.notice('rule-quarantined', {
      rule: record.id,
      version: record.version,
      problem: first === undefined ? 'the text is of another rule' : `${first.code}: ${first.message}`,
      running_version: running?.runtime.program.version ?? null,
    })
  }

  #putInForce(known: KnownRule, program: RuleProgram, record: RuleRecord): void {
    const { running, candidate } = known
    const { status, partialMatches, promoted } = record
    const before = candidate?.running
    const isPromotion = promoted !== undefined && before?.runtime.program.version === promoted
    if (running === undefined) {
      // One whose text no longer runs has nothing to hand over.
      if (isPromotion) known.candidate = undefined
      if (isPromotion) before.runtime.replaceProgram(program, status)
      known.running = isPromotion
        ? before
        : this.#start(program, status, this.#freeName(known.id, record.version))
      return
    }
    const isCompatible = this.#isCompatible(running.runtime.program.definition, program.definition)
    const mode: PartialMatchesMode =
      partialMatches === undefined || (partialMatches === 'keep' && !isCompatible)
        ? isCompatible
          ? 'keep'
          : 'drop'
        : partialMatches
    if (isPromotion) this.#promote(known, { old: running, promoted: before, program, record, mode })
    else this.#replace(known, { running, program, record, mode })
  }

  #replace(
    known: KnownRule,
    change: {
      readonly running: Running
      readonly program: RuleProgram
      readonly record: RuleRecord
      readonly mode: PartialMatchesMode
    },
  ): void {
    const { running, program, record, mode } = change
    const { runtime } = running
    const { version, status } = record
    const count = runtime.matcher.partialMatches
    if (mode === 'keep') {
      // Compatible means that events and keys are the same: the routes hold.
      runtime.replaceProgram(program, status)
      known.change = { version, kept: count, drained: 0, dropped: 0 }
      return
    }
    const { extras } = runtime
    const text = this.#mayDrain(mode) ? known.record : undefined
    const drains = text !== undefined
    if (text !== undefined) this.#drain(known, running, text)
    else this.#stop(running, 'changed')
    known.change = { version, kept: 0, drained: drains ? count : 0, dropped: drains ? 0 : count }
    known.running = this.#start(program, status, this.#freeName(known.id, version))
    known.running.runtime.continueCounts(extras)
  }

  /** The candidate goes on as the version in force, under the number of the promotion. */
  #promote(
    known: KnownRule,
    change: {
      readonly old: Running
      readonly promoted: Running
      readonly program: RuleProgram
      readonly record: RuleRecord
      readonly mode: PartialMatchesMode
    },
  ): void {
    const { old, promoted, program, record, mode } = change
    const { version, status } = record
    const { extras } = old.runtime
    const count = old.runtime.matcher.partialMatches
    addCounts(extras.counts, promoted.runtime.extras.counts)
    delete extras.besides
    if (mode === 'keep') {
      // It was there before the candidate and has all that the candidate has, and more.
      old.runtime.replaceProgram(program, status)
      old.runtime.suppressions.takeOver(promoted.runtime.suppressions)
      old.runtime.continueCounts(extras)
      this.#stop(promoted, undefined)
      known.change = { version, kept: count, drained: 0, dropped: 0 }
    } else {
      const kept = promoted.runtime.matcher.partialMatches
      const text = this.#mayDrain(mode) ? known.record : undefined
      const drains = text !== undefined
      if (text !== undefined) this.#drain(known, old, text)
      else this.#stop(old, 'promoted')
      promoted.runtime.replaceProgram(program, status)
      promoted.runtime.continueCounts(extras)
      known.running = promoted
      known.change = { version, kept, drained: drains ? count : 0, dropped: drains ? 0 : count }
    }
    known.candidate = undefined
    for (const draining of known.draining) draining.isCededForNow = false
  }

  #putCandidate(known: KnownRule, { id, version, status, candidate: wanted }: RuleRecord): void {
    const { candidate } = known
    if (wanted === undefined) {
      if (candidate !== undefined) this.#withdraw(known, candidate, 'candidate-withdrawn')
      return
    }
    if (candidate?.record.version === wanted.version) {
      candidate.record = wanted
      if (candidate.running !== undefined) candidate.running.runtime.status = status
      return
    }
    const compiled = this.#parts.compiler.compile({ ...wanted, id, status })
    const program = compiled.ok && compiled.value.definition.id === id ? compiled.value : undefined
    if (program === undefined)
      this.#quarantine({ ...wanted, id, status }, compiled.ok ? [] : compiled.problems, known.running)
    const before = candidate?.running
    if (program !== undefined && before !== undefined && candidate !== undefined) {
      if (this.#isCompatible(before.runtime.program.definition, program.definition)) {
        before.runtime.replaceProgram(program, status)
        candidate.record = wanted
        known.change = { version, kept: before.runtime.matcher.partialMatches, drained: 0, dropped: 0 }
        return
      }
    }
    if (candidate !== undefined) this.#withdraw(known, candidate, 'candidate-changed')
    const running =
      program === undefined ? undefined : this.#start(program, status, this.#freeName(id, wanted.version))
    known.candidate = { record: wanted, share: 0, running }
    this.#compareFromHere(known)
  }

  /** What both did is counted from the same moment. */
  #compareFromHere({ running, candidate }: KnownRule): void {
    if (running === undefined || candidate?.running === undefined) return
    const { extras } = running.runtime
    running.runtime.continueCounts({ ...extras, besides: copyCounts(extras.counts) })
  }

  #withdraw(known: KnownRule, candidate: Candidate, why: string): void {
    known.candidate = undefined
    const { running } = candidate
    if (running === undefined) return
    const left = running.runtime.matcher.partialMatches
    this.#stop(running, why)
    known.change = { version: known.version, kept: 0, drained: 0, dropped: left }
    const extras = known.running?.runtime.extras
    if (known.running === undefined || extras === undefined) return
    addCounts(extras.counts, running.runtime.extras.counts)
    delete extras.besides
    known.running.runtime.continueCounts(extras)
    for (const draining of known.draining) if (draining.isCededForNow) draining.ceded = 0
  }

  /** Who decides what, after every change of the versions that run. */
  #share(known: KnownRule): void {
    const { running, candidate, draining } = known
    if (candidate !== undefined) {
      const hasSameKeys =
        running !== undefined &&
        candidate.running !== undefined &&
        keysOf(running.runtime.program) === keysOf(candidate.running.runtime.program)
      candidate.share = hasSameKeys ? candidate.record.share : 0
    }
    const isAlone = candidate?.running === undefined && draining.length === 0
    for (const each of [running, candidate?.running, ...draining.map((old) => old.running)]) {
      const runtime = each?.runtime
      if (runtime === undefined) continue
      runtime.decidedBy = isAlone
        ? undefined
        : (key, match) => decidingVersion(known, runtime, key, match.first)
    }
  }

  /** Before the first event nothing has begun. */
  #mayDrain(mode: PartialMatchesMode): boolean {
    return mode === 'drain' && Number.isFinite(this.#around.moment().time)
  }

  /**
   * The version takes no new starts, and finishes what it began. Also where it began nothing in this partition: which version decides
   * what must not depend on that.
   */
  #drain(known: KnownRule, running: Running, record: RuleRecord): void {
    const { runtime } = running
    const { program } = runtime
    const { limits, output } = this.#around
    const last = this.#around.moment()
    const life = longestLife(program.definition.pattern)
    const until = last.time + (life ?? limits.drainMsMax)
    const count = runtime.matcher.partialMatches
    runtime.drain(last)
    runtime.countAnew()
    const { format, source } = record
    const { candidate } = known
    const draining: Draining = {
      record: {
        id: known.id,
        version: program.version,
        status: runtime.status,
        format,
        source,
      },
      name: runtime.name,
      last,
      begun: count,
      until,
      isWhole: life !== undefined,
      ceded: candidate?.share ?? 0,
      isCededForNow: true,
      running,
      alerts: 0,
      deadline: undefined,
      isOver: false,
    }
    this.#await(known, draining)
    known.draining = [...known.draining, draining]
    if (count === 0) this.#finished.add(runtime)
    else
      output.notice('partial-matches-draining', {
        rule: known.id,
        version: program.version,
        count,
        until: new Date(until).toISOString(),
      })
    const [oldest] = known.draining
    if (known.draining.length > limits.drainingVersionsPerRuleMax && oldest !== undefined)
      this.#endDraining(known, oldest, 'too-many-versions')
  }

  #await(known: KnownRule, draining: Draining): void {
    draining.deadline = this.#deadlines.add(
      new DrainEnd(draining.until, (time) => {
        this.#around.reached(time)
        draining.isOver = true
        if (draining.running !== undefined) draining.running.runtime.isOver = true
        this.#over.add(known)
      }),
    )
  }

  /** Nothing is left of it: it stops running, and decides what it has to decide until its time is over. */
  #finish(known: KnownRule, draining: Draining): void {
    const { running } = draining
    if (running === undefined) return
    draining.running = undefined
    draining.alerts = alertsOf(running.runtime)
    this.#stop(running, undefined)
    this.#settle(known, running.runtime)
    this.changed.add(known.id)
  }

  #endDraining(known: KnownRule, draining: Draining, why: string): void {
    const { running, deadline, record } = draining
    known.draining = known.draining.filter((each) => each !== draining)
    this.changed.add(known.id)
    if (deadline !== undefined) this.#deadlines.remove(deadline)
    let { alerts } = draining
    let dropped = 0
    if (running !== undefined) {
      alerts = alertsOf(running.runtime)
      // What is past its limit may not have been cleared away yet.
      if (!draining.isWhole || !draining.isOver) dropped = running.runtime.matcher.partialMatches
      this.#stop(running, undefined)
      running.runtime.extras.counts.dropped += dropped
      this.#settle(known, running.runtime)
    }
    if (draining.begun === 0) return
    this.#around.output.notice('drain-ended', {
      rule: known.id,
      version: record.version,
      alerts,
      dropped,
      why,
    })
  }

  /** What a version did on its own counts for its rule. */
  #settle({ running }: KnownRule, runtime: RuleRuntime): void {
    if (running === undefined) return
    const { extras } = running.runtime
    addCounts(extras.counts, runtime.extras.counts)
    running.runtime.continueCounts(extras)
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
      this.#endDraining(known, draining, why)
    }
    for (const running of [known.candidate?.running, known.running]) {
      if (running === undefined) continue
      dropped += running.runtime.matcher.partialMatches
      this.#stop(running, why)
    }
    known.candidate = undefined
    known.running = undefined
    known.change = { version: known.version, kept: 0, drained: 0, dropped }
  }

  #restoreCandidate(known: KnownRule, { id, status, candidate }: RuleRecord, name: string | undefined): void {
    if (candidate === undefined) return
    const record = { ...candidate, id, status }
    const compiled = name === undefined ? undefined : this.#parts.compiler.compile(record)
    if (compiled?.ok === false) this.#quarantine(record, compiled.problems, known.running)
    const running =
      name === undefined || compiled?.ok !== true ? undefined : this.#start(compiled.value, status, name)
    known.candidate = { record: candidate, share: 0, running }
  }

  #restoreDraining(known: KnownRule, { isFinished, ...stored }: StoredDraining): void {
    const { record, name, last } = stored
    const compiled = isFinished ? undefined : this.#parts.compiler.compile(record)
    if (compiled?.ok === false) this.#quarantine(record, compiled.problems, known.running)
    const running = compiled?.ok === true ? this.#start(compiled.value, record.status, name) : undefined
    running?.runtime.drain(last)
    const draining: Draining = { ...stored, running, deadline: undefined, isOver: false }
    this.#await(known, draining)
    known.draining = [...known.draining, draining]
  }

  #isCompatible(before: RuleDefinition, after: RuleDefinition): boolean {
    return this.#parts.compiler.compare(before, after) === 'compatible'
  }

  #freeName(id: string, version: number): string {
    return this.#named.has(id) ? `${id}@${version}` : id
  }

  #start(program: RuleProgram, status: RuleStatus, name: string): Running {
    const runtime = new RuleRuntime(program, status, {
      around: this.#around,
      createMatcher: this.#parts.createMatcher,
      name,
    })
    this.#insert(runtime)
    runtime.deadline = this.#deadlines.add(runtime)
    const running = { runtime, routes: this.#router.add(runtime, routesOf(program)) }
    this.#named.set(name, running)
    return running
  }

  /** @param why undefined: nothing is lost by it. */
  #stop({ runtime, routes }: Running, why: string | undefined): void {
    this.#named.delete(runtime.name)
    this.#router.remove(routes)
    if (runtime.deadline !== undefined) this.#deadlines.remove(runtime.deadline)
    runtime.deadline = undefined
    this.#ranked.splice(this.#placeOf(runtime), 1)
    this.stopped.push(runtime)
    const dropped = runtime.stop()
    if (dropped === 0 || why === undefined) return
    runtime.extras.counts.dropped += dropped
    this.#around.output.notice('partial-matches-dropped', {
      rule: runtime.id,
      version: runtime.program.version,
      count: dropped,
      why,
    })
  }

  #insert(runtime: RuleRuntime): void {
    const ranked = this.#ranked
    const place = this.#placeOf(runtime)
    const before = ranked[place - 1]?.rank ?? 0
    const after = ranked[place]?.rank ?? before + 2 * RANK_GAP
    ranked.splice(place, 0, runtime)
    runtime.rank = Math.floor((before + after) / 2)
    // No number is left in between, or they are getting large: all are spread anew, once in many changes.
    if (runtime.rank > before && after <= RANK_MAX) return
    ranked.forEach((each, index) => {
      each.rank = (index + 1) * RANK_GAP
      const routes = this.routesOf(each)
      if (routes !== undefined) this.#router.rerank(routes)
    })
  }

  /** Where the version stands among the running ones, or would. */
  #placeOf(runtime: RuleRuntime): number {
    let low = 0
    let high = this.#ranked.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (isBefore(this.#ranked[middle] as RuleRuntime, runtime)) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The end of a version's time to drain, behind everything else that is due at that time. */
class DrainEnd implements DeadlineOwner {
  rank = Number.MAX_SAFE_INTEGER
  #at: number
  readonly #end: (time: number) => void

  constructor(at: number, end: (time: number) => void) {
    this.#at = at
    this.#end = end
  }

  nextDeadline(): number {
    return this.#at
  }

  fire(time: number): void {
    this.#at = Number.POSITIVE_INFINITY
    this.#end(time)
  }
}

const runs = (status: RuleStatus): boolean => status === 'live' || status === 'shadow'

const isBefore = (one: RuleRuntime, other: RuleRuntime): boolean =>
  one.id < other.id || (one.id === other.id && ageOf(one) < ageOf(other))

/** The number in the name: the version it was started as. */
const ageOf = ({ id, name }: RuleRuntime): number => (name === id ? 0 : Number(name.slice(id.length + 1)))

const keysOf = ({ definition: { by } }: RuleProgram): string => by.map(({ text }) => text.trim()).join('\n')

const alertsOf = ({ extras: { counts } }: RuleRuntime): number => counts.alerts + counts.shadowAlerts

const storedDraining = ({ running, deadline: _, isOver: __, ...rest }: Draining): StoredDraining => ({
  ...rest,
  isFinished: running === undefined,
})

const routesOf = (program: RuleProgram): Parameters<Router['add']>[1] => ({
  slots: program.events,
  startMask: program.automaton.startMask,
  needsEveryEvent: program.automaton.needsEveryEvent,
  keyValue: (key) => keyValue(key, program.keyNames),
})
