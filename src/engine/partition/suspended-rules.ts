import type { DrainingRules } from './draining-rules.ts'
import { suspendAccount } from './fuel-account.ts'
import { BY_NAMESPACE } from './guest-budgets.ts'
import { type KnownRule, type Running, shareOut } from './known-rule.ts'
import type { RuleRuntime, RuleSurroundings } from './rule-runtime.ts'
import type { RunningRules } from './running-rules.ts'

/** Versions that have used too much fuel, and see no events until an entry of the log. */
export class SuspendedRules {
  readonly #running: RunningRules
  readonly #draining: DrainingRules
  readonly #around: RuleSurroundings
  readonly #knownRule: (id: string) => KnownRule | undefined
  /** Some may have been stopped meanwhile. */
  readonly #suspended = new Set<Running>()
  #resumesAt = Number.POSITIVE_INFINITY

  constructor(parts: {
    readonly running: RunningRules
    readonly draining: DrainingRules
    readonly around: RuleSurroundings
    readonly knownRule: (id: string) => KnownRule | undefined
  }) {
    this.#running = parts.running
    this.#draining = parts.draining
    this.#around = parts.around
    this.#knownRule = parts.knownRule
  }

  /** Sequence of the entry before which the next suspension ends, or an earlier one; Infinity when there is none. */
  get resumesAt(): number {
    return this.#resumesAt
  }

  runtimes(): RuleRuntime[] {
    return [...this.#suspended].filter((running) => this.#isHere(running)).map(({ runtime }) => runtime)
  }

  /**
   * Takes versions that have used too much out for a time. What they had begun is dropped: they will not have seen what comes meanwhile.
   * One that only finishes what it began has nothing to come back for: it ends.
   */
  suspend(overdrawn: readonly RuleRuntime[], sequence: number): void {
    for (const runtime of overdrawn) {
      const known = this.#knownRule(runtime.id)
      const running = this.#running.named(runtime.name)
      if (known === undefined || running?.runtime !== runtime) continue
      const draining = known.draining.find((each) => each.running === running)
      if (draining === undefined) this.#suspend(running, sequence)
      else this.#draining.end(known, draining, 'fuel-used-up')
      shareOut(known)
    }
  }

  /** Brings back those whose time is over. */
  resume(sequence: number): void {
    const over = [...this.#suspended].filter((running) => untilOf(running) <= sequence)
    for (const running of over.sort((a, b) => (a.runtime.name < b.runtime.name ? -1 : 1))) {
      this.#suspended.delete(running)
      if (!this.#isHere(running)) continue
      this.#running.connect(running)
      const { runtime } = running
      runtime.resume()
      const known = this.#knownRule(runtime.id)
      if (known !== undefined) shareOut(known)
      this.#around.output.notice('rule-resumed', { rule: runtime.id, version: runtime.program.version })
    }
    this.#setResumption()
  }

  /** Another text takes its place, which may be a better one: it runs, with nothing used. */
  end(running: Running): void {
    running.runtime.refuel()
    if (!this.#suspended.delete(running)) return
    this.#running.connect(running)
    this.#setResumption()
  }

  /** A stored version that was suspended still is. */
  restore(running: Running): void {
    if (!running.runtime.extras.fuel.isSuspended) return
    this.#running.disconnect(running)
    this.#await(running)
    const known = this.#knownRule(running.runtime.id)
    if (known !== undefined) shareOut(known)
  }

  #suspend(running: Running, sequence: number): void {
    const { runtime } = running
    const { counts, fuel } = runtime.extras
    const { limits } = this.#around
    const usedUpBy = runtime.overdrawnBy ?? ''
    const dropped = this.#running.empty(running)
    suspendAccount(fuel, sequence)
    counts.suspensions++
    this.#await(running)
    this.#around.output.notice('rule-suspended', {
      rule: runtime.id,
      version: runtime.program.version,
      used_up_by: usedUpBy,
      fuel_per_second: usedUpBy === BY_NAMESPACE ? limits.guestFuelPerSecondMax : limits.ruleFuelPerSecondMax,
      until_sequence: fuel.suspendedUntil,
      partial_matches_dropped: dropped,
    })
  }

  #await(running: Running): void {
    this.#suspended.add(running)
    this.#resumesAt = Math.min(this.#resumesAt, untilOf(running))
  }

  #setResumption(): void {
    this.#resumesAt = Math.min(...[...this.#suspended].map(untilOf))
  }

  #isHere(running: Running): boolean {
    return this.#running.named(running.runtime.name) === running
  }
}

const untilOf = ({ runtime }: Running): number => runtime.extras.fuel.suspendedUntil
