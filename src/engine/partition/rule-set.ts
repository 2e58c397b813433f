import type { Problem, RuleStatus } from '../model/index.ts'
import { keyValue, type Router, type Routes } from '../route/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import type { DeadlineQueue } from '../time/index.ts'
import type { PartitionParts } from './options.ts'
import type { RuleEntry, RuleRecord } from './rule-record.ts'
import { RuleRuntime, type RuleSurroundings } from './rule-runtime.ts'

/** What a partition knows of one rule id. */
export interface KnownRule {
  readonly id: string
  /** The version that was last accepted; older ones are ignored. */
  version: number
  /** Undefined for a removed rule and for one that came with the options. */
  record: RuleRecord | undefined
  running: Running | undefined
  /** Why the text of `record` does not run. */
  problems: readonly Problem[]
}

interface Running {
  readonly runtime: RuleRuntime
  readonly routes: Routes
}

/** Room between the ranks of rules that come one after the other, so that one more moves none of them. */
const RANK_GAP = 1024
const RANK_MAX = 2 ** 30

/** The rules of one partition and how they change. */
export class RuleSet {
  readonly #known = new Map<string, KnownRule>()
  /** Running rules in order of id; so are their ranks. */
  #ranked: RuleRuntime[] = []
  readonly #router: Router
  readonly #deadlines: DeadlineQueue
  readonly #around: RuleSurroundings
  readonly #parts: PartitionParts
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

  all(): IterableIterator<KnownRule> {
    return this.#known.values()
  }

  /** In order of id. */
  get running(): readonly RuleRuntime[] {
    return this.#ranked
  }

  /** Starts a rule that is not one of the log's. */
  addProgram(program: RuleProgram, status: RuleStatus): void {
    const { id } = program.definition
    const running = this.#start(program, status)
    this.#known.set(id, { id, version: program.version, record: undefined, running, problems: [] })
  }

  /** Puts a stored rule back. One that no longer compiles is known and does not run. */
  restore(id: string, version: number, record: RuleRecord | undefined): void {
    const known: KnownRule = { id, version, record, running: undefined, problems: [] }
    this.#known.set(id, known)
    if (record === undefined || !runs(record.status)) return
    const compiled = this.#parts.compiler.compile(record)
    if (compiled.ok) known.running = this.#start(compiled.value, record.status)
    else this.#quarantine(known, record, compiled.problems)
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
    return this.#known.get(runtime.id)?.running?.routes
  }

  #meet(id: string): KnownRule {
    const known: KnownRule = { id, version: 0, record: undefined, running: undefined, problems: [] }
    this.#known.set(id, known)
    return known
  }

  #put(known: KnownRule, record: RuleRecord): void {
    known.version = record.version
    this.changed.add(known.id)
    if (!runs(record.status)) {
      known.record = record
      known.problems = []
      this.#stop(known, record.status)
      return
    }
    const compiled = this.#parts.compiler.compile(record)
    if (!compiled.ok) {
      this.#quarantine(known, record, compiled.problems)
      return
    }
    if (compiled.value.definition.id !== record.id) {
      this.#quarantine(known, record, [])
      return
    }
    known.record = record
    known.problems = []
    this.#replace(known, compiled.value, record.status)
  }

  #replace(known: KnownRule, program: RuleProgram, status: RuleStatus): void {
    const { running } = known
    const before = running?.runtime.program.definition
    if (running !== undefined && before !== undefined) {
      if (this.#parts.compiler.compare(before, program.definition) === 'compatible') {
        // Compatible means that events and keys are the same: the routes hold.
        running.runtime.replaceProgram(program, status)
        return
      }
    }
    const counts = running?.runtime.extras
    this.#stop(known, 'changed')
    known.running = this.#start(program, status)
    if (counts !== undefined) known.running.runtime.extras = counts
  }

  #remove(known: KnownRule, version: number): void {
    known.version = version
    known.record = undefined
    known.problems = []
    this.changed.add(known.id)
    this.#stop(known, 'removed')
  }

  #quarantine(known: KnownRule, record: RuleRecord, problems: readonly Problem[]): void {
    known.problems = problems
    const first = problems[0]
    this.#around.output.notice('rule-quarantined', {
      rule: record.id,
      version: record.version,
      problem: first === undefined ? 'the text is of another rule' : `${first.code}: ${first.message}`,
      running_version: known.running?.runtime.program.version ?? null,
    })
  }

  #start(program: RuleProgram, status: RuleStatus): Running {
    const runtime = new RuleRuntime(program, status, {
      around: this.#around,
      createMatcher: this.#parts.createMatcher,
    })
    this.#insert(runtime)
    runtime.deadline = this.#deadlines.add(runtime)
    return { runtime, routes: this.#router.add(runtime, routesOf(program)) }
  }

  #stop(known: KnownRule, why: string): void {
    const { running } = known
    if (running === undefined) return
    known.running = undefined
    const { runtime } = running
    this.#router.remove(running.routes)
    if (runtime.deadline !== undefined) this.#deadlines.remove(runtime.deadline)
    runtime.deadline = undefined
    this.#ranked.splice(this.#placeOf(runtime.id), 1)
    this.stopped.push(runtime)
    const dropped = runtime.stop()
    if (dropped === 0) return
    this.#around.output.notice('partial-matches-dropped', {
      rule: runtime.id,
      version: runtime.program.version,
      count: dropped,
      why,
    })
  }

  #insert(runtime: RuleRuntime): void {
    const ranked = this.#ranked
    const place = this.#placeOf(runtime.id)
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

  /** Where the rule stands among the running ones, or would. */
  #placeOf(id: string): number {
    let low = 0
    let high = this.#ranked.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#ranked[middle] as RuleRuntime).id < id) low = middle + 1
      else high = middle
    }
    return low
  }
}

const runs = (status: RuleStatus): boolean => status === 'live' || status === 'shadow'

const routesOf = (program: RuleProgram): Parameters<Router['add']>[1] => ({
  slots: program.events,
  startMask: program.automaton.startMask,
  needsEveryEvent: program.automaton.needsEveryEvent,
  keyValue: (key) => keyValue(key, program.keyNames),
})
