import type { RuleProgram } from '../rule/program.ts'
import type { DrainingRules } from './draining-rules.ts'
import type { Candidate, KnownRule, Running } from './known-rule.ts'
import type { PartialMatchesMode, RuleRecord } from './rule-record.ts'
import type { RuleSurroundings } from './rule-runtime.ts'
import type { RuleTexts } from './rule-texts.ts'
import type { RunningRules } from './running-rules.ts'
import { addCounts, copyCounts } from './statistics.ts'
import type { SuspendedRules } from './suspended-rules.ts'

/** One version of a rule takes the place of another, or stands beside it. */
export class VersionChanges {
  readonly #running: RunningRules
  readonly #draining: DrainingRules
  readonly #suspended: SuspendedRules
  readonly #texts: RuleTexts
  readonly #around: RuleSurroundings

  constructor(parts: {
    readonly running: RunningRules
    readonly draining: DrainingRules
    readonly suspended: SuspendedRules
    readonly texts: RuleTexts
    readonly around: RuleSurroundings
  }) {
    this.#running = parts.running
    this.#draining = parts.draining
    this.#suspended = parts.suspended
    this.#texts = parts.texts
    this.#around = parts.around
  }

  putInForce(known: KnownRule, program: RuleProgram, record: RuleRecord): void {
    const { running, candidate } = known
    const { status, partialMatches, promoted } = record
    const before = candidate?.running
    const isPromotion = promoted !== undefined && before?.runtime.program.version === promoted
    if (running !== undefined) this.#suspended.end(running)
    if (isPromotion) this.#suspended.end(before)
    if (running === undefined) {
      // One whose text no longer runs has nothing to hand over.
      if (isPromotion) known.candidate = undefined
      if (isPromotion) this.#running.replace(before, program, status)
      known.running = isPromotion ? before : this.#running.startBeside(program, status, record.version)
      return
    }
    const isCompatible = this.#texts.isCompatible(running.runtime.program.definition, program.definition)
    const mode: PartialMatchesMode =
      partialMatches === undefined || (partialMatches === 'keep' && !isCompatible)
        ? isCompatible
          ? 'keep'
          : 'drop'
        : partialMatches
    if (isPromotion) this.#promote(known, { old: running, promoted: before, program, record, mode })
    else this.#replace(known, { running, program, record, mode })
  }

  putCandidate(known: KnownRule, { id, version, status, candidate: wanted }: RuleRecord): void {
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
    const compiled = this.#texts.compile({ ...wanted, id, status }, known.running)
    const program = compiled.ok ? compiled.value : undefined
    const before = candidate?.running
    if (program !== undefined && before !== undefined && candidate !== undefined) {
      if (this.#texts.isCompatible(before.runtime.program.definition, program.definition)) {
        this.#suspended.end(before)
        this.#running.replace(before, program, status)
        candidate.record = wanted
        known.change = { version, kept: before.runtime.matcher.partialMatches, drained: 0, dropped: 0 }
        return
      }
    }
    if (candidate !== undefined) this.#withdraw(known, candidate, 'candidate-changed')
    const running =
      program === undefined ? undefined : this.#running.startBeside(program, status, wanted.version)
    known.candidate = { record: wanted, share: 0, running }
    compareFromHere(known)
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
      this.#running.replace(running, program, status)
      known.change = { version, kept: count, drained: 0, dropped: 0 }
      return
    }
    const { extras } = runtime
    const text = this.#mayDrain(mode) ? known.record : undefined
    const drains = text !== undefined
    if (text !== undefined) this.#draining.begin(known, running, text)
    else this.#running.stop(running, 'changed')
    known.change = { version, kept: 0, drained: drains ? count : 0, dropped: drains ? 0 : count }
    known.running = this.#running.startBeside(program, status, version)
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
      this.#running.replace(old, program, status)
      old.runtime.suppressions.takeOver(promoted.runtime.suppressions)
      old.runtime.continueCounts(extras)
      this.#running.stop(promoted, undefined)
      known.change = { version, kept: count, drained: 0, dropped: 0 }
    } else {
      const kept = promoted.runtime.matcher.partialMatches
      const text = this.#mayDrain(mode) ? known.record : undefined
      const drains = text !== undefined
      if (text !== undefined) this.#draining.begin(known, old, text)
      else this.#running.stop(old, 'promoted')
      this.#running.replace(promoted, program, status)
      promoted.runtime.continueCounts(extras)
      known.running = promoted
      known.change = { version, kept, drained: drains ? count : 0, dropped: drains ? 0 : count }
    }
    known.candidate = undefined
    for (const draining of known.draining) draining.isCededForNow = false
  }

  #withdraw(known: KnownRule, candidate: Candidate, why: string): void {
    known.candidate = undefined
    const { running } = candidate
    if (running === undefined) return
    const left = running.runtime.matcher.partialMatches
    this.#running.stop(running, why)
    known.change = { version: known.version, kept: 0, drained: 0, dropped: left }
    const extras = known.running?.runtime.extras
    if (known.running === undefined || extras === undefined) return
    addCounts(extras.counts, running.runtime.extras.counts)
    delete extras.besides
    known.running.runtime.continueCounts(extras)
    for (const draining of known.draining) if (draining.isCededForNow) draining.ceded = 0
  }

  /** Before the first event nothing has begun. */
  #mayDrain(mode: PartialMatchesMode): boolean {
    return mode === 'drain' && Number.isFinite(this.#around.moment().time)
  }
}

/** What both did is counted from the same moment. */
function compareFromHere({ running, candidate }: KnownRule): void {
  if (running === undefined || candidate?.running === undefined) return
  const { extras } = running.runtime
  running.runtime.continueCounts({ ...extras, besides: copyCounts(extras.counts) })
}
