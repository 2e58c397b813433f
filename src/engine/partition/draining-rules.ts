import { longestLife } from '../pattern/index.ts'
import type { DeadlineOwner, DeadlineQueue } from '../time/index.ts'
import { type Draining, type KnownRule, type Running, shareOut } from './known-rule.ts'
import type { RuleRecord } from './rule-record.ts'
import type { RuleRuntime, RuleSurroundings } from './rule-runtime.ts'
import type { RuleTexts } from './rule-texts.ts'
import type { RunningRules } from './running-rules.ts'
import { addCounts } from './statistics.ts'

/** A version that drains, as the stored row of its rule says it. */
export type StoredDraining = Omit<Draining, 'running' | 'deadline' | 'isOver'> & {
  readonly isFinished: boolean
}

export const storedDraining = ({ running, deadline: _, isOver: __, ...rest }: Draining): StoredDraining => ({
  ...rest,
  isFinished: running === undefined,
})

/** Versions that were replaced, and finish what they began. */
export class DrainingRules {
  readonly #running: RunningRules
  readonly #deadlines: DeadlineQueue
  readonly #around: RuleSurroundings
  readonly #texts: RuleTexts
  readonly #changed: Set<string>
  /** Those that have nothing left, or no time. */
  readonly #finished = new Set<RuleRuntime>()
  readonly #over = new Set<KnownRule>()

  constructor(parts: {
    readonly running: RunningRules
    readonly deadlines: DeadlineQueue
    readonly around: RuleSurroundings
    readonly texts: RuleTexts
    /** Ids of rules whose stored record changes go there. */
    readonly changed: Set<string>
  }) {
    this.#running = parts.running
    this.#deadlines = parts.deadlines
    this.#around = parts.around
    this.#texts = parts.texts
    this.#changed = parts.changed
  }

  /**
   * The version takes no new starts, and finishes what it began. Also where it began nothing in this partition: which version decides
   * what must not depend on that.
   */
  begin(known: KnownRule, running: Running, record: RuleRecord): void {
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
      this.end(known, oldest, 'too-many-versions')
  }

  restore(known: KnownRule, { isFinished, ...stored }: StoredDraining): void {
    const { record, name, last } = stored
    const compiled = isFinished ? undefined : this.#texts.compile(record, known.running)
    const running =
      compiled?.ok === true ? this.#running.start(compiled.value, record.status, name) : undefined
    running?.runtime.drain(last)
    const draining: Draining = { ...stored, running, deadline: undefined, isOver: false }
    this.#await(known, draining)
    known.draining = [...known.draining, draining]
  }

  /** A version has nothing left; it ends behind the entry at hand, when nobody works with it. */
  finished(runtime: RuleRuntime): void {
    this.#finished.add(runtime)
  }

  get hasFinished(): boolean {
    return this.#finished.size > 0 || this.#over.size > 0
  }

  /** Ends what `finished` named, and what has no more time. */
  endFinished(knownRule: (id: string) => KnownRule | undefined): void {
    for (const runtime of this.#finished) {
      const known = knownRule(runtime.id)
      const draining = known?.draining.find(({ running }) => running?.runtime === runtime)
      if (known !== undefined && draining !== undefined && runtime.matcher.partialMatches === 0)
        this.#finish(known, draining)
    }
    this.#finished.clear()
    if (this.#over.size === 0) return
    for (const known of [...this.#over].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      for (const draining of known.draining) if (draining.isOver) this.end(known, draining, 'drain-ended')
      shareOut(known)
    }
    this.#over.clear()
  }

  /** It drops what it has left. */
  end(known: KnownRule, draining: Draining, why: string): void {
    const { running, deadline, record } = draining
    known.draining = known.draining.filter((each) => each !== draining)
    this.#changed.add(known.id)
    if (deadline !== undefined) this.#deadlines.remove(deadline)
    let { alerts } = draining
    let dropped = 0
    if (running !== undefined) {
      alerts = alertsOf(running.runtime)
      // What is past its limit may not have been cleared away yet.
      if (!draining.isWhole || !draining.isOver) dropped = running.runtime.matcher.partialMatches
      this.#running.stop(running, undefined)
      running.runtime.extras.counts.dropped += dropped
      settle(known, running.runtime)
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
    this.#running.stop(running, undefined)
    settle(known, running.runtime)
    this.#changed.add(known.id)
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

/** What a version did on its own counts for its rule. */
function settle({ running }: KnownRule, runtime: RuleRuntime): void {
  if (running === undefined) return
  const { extras } = running.runtime
  addCounts(extras.counts, runtime.extras.counts)
  running.runtime.continueCounts(extras)
}

const alertsOf = ({ extras: { counts } }: RuleRuntime): number => counts.alerts + counts.shadowAlerts
