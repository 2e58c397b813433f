import type { CreateKeyedMatcher } from '../matcher/contract.ts'
import type { RuleStatus } from '../model/index.ts'
import { keyValue, type Router, type Routes } from '../route/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import type { DeadlineQueue } from '../time/index.ts'
import type { Running } from './known-rule.ts'
import { RuleRanks } from './rule-ranks.ts'
import { RuleRuntime, type RuleSurroundings } from './rule-runtime.ts'

/** The versions that run, whatever their part in their rule: events and deadlines come to them. */
export class RunningRules {
  /** By the name of their stored rows. */
  readonly #named = new Map<string, Running>()
  readonly #ranks = new RuleRanks()
  readonly #router: Router
  readonly #deadlines: DeadlineQueue
  readonly #around: RuleSurroundings
  readonly #createMatcher: CreateKeyedMatcher
  /** Those that were stopped and whose stored rows must go. */
  readonly stopped: RuleRuntime[] = []

  constructor(parts: {
    readonly router: Router
    readonly deadlines: DeadlineQueue
    readonly around: RuleSurroundings
    readonly createMatcher: CreateKeyedMatcher
  }) {
    this.#router = parts.router
    this.#deadlines = parts.deadlines
    this.#around = parts.around
    this.#createMatcher = parts.createMatcher
  }

  /** In order of id, of one id in order of age. */
  get all(): readonly RuleRuntime[] {
    return this.#ranks.all
  }

  /** The version whose stored rows have the name. */
  named(name: string): Running | undefined {
    return this.#named.get(name)
  }

  /** Whether it is one of them, or suspended. */
  has(runtime: RuleRuntime): boolean {
    return this.#named.get(runtime.name)?.runtime === runtime
  }

  routesOf(runtime: RuleRuntime): Routes | undefined {
    return this.#named.get(runtime.name)?.routes
  }

  /** Starts a version beside those of its rule that run. */
  startBeside(program: RuleProgram, status: RuleStatus, version: number): Running {
    const { id } = program.definition
    return this.start(program, status, this.#named.has(id) ? `${id}@${version}` : id)
  }

  start(program: RuleProgram, status: RuleStatus, name: string): Running {
    const running: Running = { runtime: this.#runtime(program, status, name), routes: undefined }
    this.#named.set(name, running)
    this.connect(running)
    return running
  }

  /** Events and deadlines come to it from here on. */
  connect(running: Running): void {
    const { runtime } = running
    this.#ranks.insert(runtime)
    runtime.deadline = this.#deadlines.add(runtime)
    running.routes = this.#router.add(runtime, routesOf(runtime.program))
  }

  /** No event and no deadline comes to it any more; what it has stays. */
  disconnect(running: Running): void {
    const { runtime, routes } = running
    if (routes === undefined) return
    running.routes = undefined
    this.#router.remove(routes)
    if (runtime.deadline !== undefined) this.#deadlines.remove(runtime.deadline)
    runtime.deadline = undefined
    this.#ranks.remove(runtime)
  }

  /** Another text of the same events and keys takes its place; what it has stays. */
  replace({ runtime, routes }: Running, program: RuleProgram, status: RuleStatus): void {
    runtime.replaceProgram(program, status)
    if (routes !== undefined) this.#router.settleGuest(routes)
  }

  /** Drops all that it has begun and kept back, goes on with its counts, and stays disconnected; gives the number of partial matches that are lost. */
  empty(running: Running): number {
    const { runtime } = running
    const dropped = this.#end(running)
    running.runtime = this.#runtime(runtime.program, runtime.status, runtime.name)
    running.runtime.continueCounts(runtime.extras)
    return dropped
  }

  /** @param why undefined: nothing is lost by it. */
  stop(running: Running, why: string | undefined): void {
    const { runtime } = running
    this.#named.delete(runtime.name)
    const dropped = this.#end(running)
    if (dropped === 0 || why === undefined) return
    runtime.extras.counts.dropped += dropped
    this.#around.output.notice('partial-matches-dropped', {
      rule: runtime.id,
      version: runtime.program.version,
      count: dropped,
      why,
    })
  }

  /** Its stored rows go; gives the number of partial matches that go with it. */
  #end(running: Running): number {
    const { runtime } = running
    this.disconnect(running)
    this.stopped.push(runtime)
    return runtime.stop()
  }

  #runtime(program: RuleProgram, status: RuleStatus, name: string): RuleRuntime {
    return new RuleRuntime(program, status, {
      around: this.#around,
      createMatcher: this.#createMatcher,
      name,
    })
  }
}

const routesOf = (program: RuleProgram): Parameters<Router['add']>[1] => ({
  slots: program.events,
  startMask: program.automaton.startMask,
  needsEveryEvent: program.automaton.needsEveryEvent,
  keyValue: (key) => keyValue(key, program.keyNames),
})
