import type { LoggedEvent } from '../decode/index.ts'
import {
  alertEffect,
  alertText,
  redactedSteps,
  Suppressions,
  shownKey,
  type TokenBucket,
  takeToken,
  tokenBucket,
  type Withheld,
  withoutValues,
} from '../emit/index.ts'
import { ERROR_FUEL, fuel } from '../expression/index.ts'
import type { CreateKeyedMatcher, KeyedMatcher, MatcherHost } from '../matcher/contract.ts'
import type { Moment } from '../matcher/index.ts'
import type {
  Evaluation,
  Expression,
  ExpressionError,
  Frame,
  JsonValue,
  ListAccess,
  Match,
  RuleStatus,
  StepAccess,
  StreamEvent,
} from '../model/index.ts'
import { eventTime } from '../model/index.ts'
import { longestLife } from '../pattern/index.ts'
import {
  canonicalPart,
  compositeKey,
  type KeyFault,
  keyObject,
  keyText,
  keyValue,
  type RouteTarget,
} from '../route/index.ts'
import type { AlertProgram, RuleProgram } from '../rule/program.ts'
import type { Deadline, DeadlineOwner, DeadlineQueue } from '../time/index.ts'
import type { NoticeCode } from './codes.ts'
import { type FuelAccount, fuelAccount, type LogPlace, resumeAccount, spendFuel } from './fuel-account.ts'
import {
  GUEST_FUEL,
  type GuestBudget,
  type GuestBudgets,
  type GuestSpan,
  type GuestUse,
} from './guest-budgets.ts'
import type { PartitionLimits } from './limits.ts'
import type { PartitionOutput } from './output.ts'
import { RuleJoins } from './rule-joins.ts'
import type { SharedExpiry, Sweeper } from './shared-expiry.ts'
import type { Silences } from './silences.ts'
import { countError, countIn, newCounts, type RuleCounts } from './statistics.ts'

const NO_STEPS: StepAccess = { taken: () => [], count: () => 0 }
const NOTICE_INTERVAL_MS = 60_000
/** What one partial match costs that an event is compared with, where they are many. */
const PARTIAL_MATCH_FUEL = 4
/** What an alert costs, for all but the first of a key at one entry of the log. */
const FURTHER_ALERT_FUEL = 200

/** What a rule may use of its partition. */
export interface RuleSurroundings {
  readonly output: PartitionOutput
  readonly deadlines: DeadlineQueue
  readonly expiry: SharedExpiry
  readonly lists: ListAccess
  readonly silences: Silences
  readonly limits: PartitionLimits
  readonly guests: GuestBudgets
  readonly stream: string
  readonly redact: ReadonlySet<string>
  /** Event time reached. */
  now(): number
  /** Event time goes on to a deadline. */
  reached(time: number): void
  /** The entry at hand. */
  sequence(): number
  /** The place behind which no event was processed yet. */
  moment(): Moment
  /** The rule's state changed. */
  changed(rule: RuleRuntime): void
  /** Whether all rules together may start more partial matches. */
  hasRoom(): boolean
  /** The rule has so many partial matches more (or fewer). */
  account(partialMatches: number): void
  /** A version that takes no new starts has nothing left. */
  finished(rule: RuleRuntime): void
  /** The rule has used more fuel than it may: it is to be suspended when what is under way is done. */
  overdrawn(rule: RuleRuntime): void
}

/** What is kept of a rule beside its matcher and suppressions; one stored row. */
export interface RuleExtras {
  readonly counts: RuleCounts
  readonly alertTokens: TokenBucket
  readonly withheldTokens: TokenBucket
  /** By notice code: event time of the last one and how many times it was due since. */
  readonly notices: Record<string, { at: number; unsaid: number }>
  /** The counts at the moment when a candidate came beside it, to compare what both did since. */
  besides?: RuleCounts
  fuel: FuelAccount
  /** Of a guest. */
  guest?: GuestUse
}

/** Which version decides a match; undefined: the one that has it. */
export type DecidedBy = (key: string, match: Match) => number | undefined

/** One version of a rule, running in one partition: its matcher's host, the router's target, and the way from a match to an alert. */
export class RuleRuntime implements RouteTarget, MatcherHost, DeadlineOwner, Sweeper {
  readonly id: string
  /** Of its stored rows: the rule's id, or with the number of the version where another has that. */
  readonly name: string
  rank = 0
  /** Its place among the deadlines of the partition, while it runs. */
  deadline: Deadline | undefined
  program: RuleProgram
  status: RuleStatus
  /** The events of a rule stay what they are for as long as its matcher does. */
  readonly joins: RuleJoins
  readonly matcher: KeyedMatcher
  readonly suppressions: Suppressions
  extras: RuleExtras
  /** Events that the stored row of each key refers to. */
  readonly stored = new Map<string, readonly LoggedEvent[]>()
  /** The same of the pages beside it, by the id of the row. */
  readonly storedPages = new Map<string, readonly LoggedEvent[]>()
  isDirty = false
  extrasDirty = false
  /** Set while several versions of the rule run. */
  decidedBy: DecidedBy | undefined
  /** It was replaced: it finishes what it began. */
  isDraining = false
  /** The time to finish is over: what still completes is nobody's. */
  isOver = false
  isStopped = false
  /** What used the fuel up; from then on nothing more is done for the rule. */
  overdrawnBy: string | undefined
  readonly #around: RuleSurroundings
  readonly #frame: Frame
  /** Of its namespace, where that is a guest. */
  #budget: GuestBudget | undefined
  #accounted = 0
  /** States that wait to be swept. */
  #sweeps = 0
  #alertedKey: string | undefined
  #alertedAt = 0
  #key: string | undefined
  #keyValue: JsonValue = null
  /** While deadlines fire: the time that is reached as soon as one of them does something. Some turn out to be nobody's any more. */
  #due: number | undefined

  constructor(
    program: RuleProgram,
    status: RuleStatus,
    parts: {
      readonly around: RuleSurroundings
      readonly createMatcher: CreateKeyedMatcher
      readonly name: string
    },
  ) {
    this.id = program.definition.id
    this.name = parts.name
    this.program = program
    this.status = status
    this.#around = parts.around
    this.#frame = {
      event: undefined,
      steps: NO_STEPS,
      key: null,
      lists: parts.around.lists,
      time: eventTime(0),
    }
    this.joins = new RuleJoins(program)
    this.matcher = parts.createMatcher(program.automaton, this)
    this.suppressions = new Suppressions({
      forMs: suppressionMs(program),
      waitMs: waitMs(program),
      keysMax: parts.around.limits.suppressionKeysPerRuleMax,
    })
    this.extras = newExtras(parts.around.limits)
    this.#budget = this.#budgetOf(program)
  }

  /** The same pattern under a new version: partial matches and suppressions stay. */
  replaceProgram(program: RuleProgram, status: RuleStatus): void {
    this.program = program
    this.status = status
    this.#budget = this.#budgetOf(program)
    this.suppressions.keepBackFor(suppressionMs(program))
    this.#touch()
  }

  /** It may use as much as if it had used nothing yet. */
  refuel(): void {
    this.extras.fuel = fuelAccount(this.#around.limits.ruleFuelPerSecondMax)
    this.#touchExtras()
  }

  /** Puts back what was stored; an older program stored less. */
  restoreExtras({ counts, besides, ...extras }: RuleExtras): void {
    this.extras = {
      ...newExtras(this.#around.limits),
      ...extras,
      counts: { ...newCounts(), ...counts },
      ...(besides === undefined ? {} : { besides: { ...newCounts(), ...besides } }),
    }
  }

  /** Its suspension is over. */
  resume(): void {
    resumeAccount(this.extras.fuel, this.#around.limits.ruleFuelPerSecondMax, this.#place())
    this.#touchExtras()
  }

  /** From now on it takes no new starts. */
  drain(last: Moment): void {
    this.isDraining = true
    this.matcher.endStarts(last)
  }

  /** What it does from now on is counted by itself. */
  countAnew(): void {
    this.continueCounts(newExtras(this.#around.limits))
  }

  /** Goes on with the counts of the version before it. */
  continueCounts(extras: RuleExtras): void {
    this.extras = extras
    this.#touchExtras()
  }

  // RouteTarget

  has(key: string): boolean {
    return this.matcher.has(key)
  }

  deliver(key: string, event: StreamEvent, mask: number): boolean {
    const { matcher } = this
    if (this.isOverdrawn) return matcher.has(key)
    if (this.isDraining && !matcher.has(key)) return false
    if (this.#isFull() && !matcher.has(key)) {
      this.#shed(1, 'no new keys')
      return false
    }
    this.#touch()
    if (this.#budget === undefined) matcher.process(key, event, mask)
    else this.#processAsGuest(key, event, mask)
    this.account()
    const { deadline } = this
    if (deadline !== undefined && matcher.nextDeadline < deadline.at) {
      this.#around.deadlines.bringForward(deadline, matcher.nextDeadline)
    }
    return matcher.has(key)
  }

  #processAsGuest(key: string, event: StreamEvent, mask: number): void {
    const { matcher } = this
    const { keys } = matcher
    matcher.process(key, event, mask)
    this.#spendAsGuest(GUEST_FUEL.delivery + (matcher.keys > keys ? GUEST_FUEL.newKey : 0))
  }

  predicateFailed(slot: number, error: ExpressionError, event: StreamEvent): void {
    this.#countError(this.#stepName(slot), error, event.sequence)
  }

  keyUnusable(_slot: number, fault: KeyFault): void {
    this.#spendAsGuest(GUEST_FUEL.withoutKey)
    countIn(this.extras.counts.withoutKey, fault)
    this.#touchExtras()
  }

  get isOverdrawn(): boolean {
    return this.overdrawnBy !== undefined
  }

  charge(fuel: number, slot: number): void {
    this.#spend(fuel, this.#stepName(slot))
  }

  get isGuest(): boolean {
    return this.#budget !== undefined
  }

  chargeReading(fuel: number): void {
    this.#spendAsGuest(fuel)
  }

  /** What it has used of its namespace's budget in a span. */
  guestFuel({ namespace, span }: GuestSpan): number {
    const { guest } = this.extras
    return this.#budget?.namespace === namespace && guest?.span === span ? guest.fuel : 0
  }

  // DeadlineOwner

  nextDeadline(): number {
    return this.isOverdrawn ? Number.POSITIVE_INFINITY : this.matcher.nextDeadline
  }

  fire(time: number): void {
    this.#touch()
    this.#due = time
    this.matcher.advance(eventTime(time))
    this.#due = undefined
    this.account()
  }

  // Sweeper

  sweep(state: object, time: number): void {
    this.#sweeps--
    this.#touch()
    this.matcher.sweep?.(state, eventTime(time))
    this.account()
  }

  /** Brings the partition's count of partial matches up to date. */
  account(): void {
    const { partialMatches } = this.matcher
    if (partialMatches === this.#accounted) return
    this.#around.account(partialMatches - this.#accounted)
    this.#accounted = partialMatches
    if (partialMatches === 0 && this.isDraining) this.#around.finished(this)
  }

  // MatcherHost

  condition(slot: number, event: StreamEvent, taken: StepAccess, key: string): boolean {
    const frame = this.#prepare(event, taken, key, event.time)
    const conjuncts = this.program.events[slot]?.conditional ?? []
    let failed: ExpressionError | undefined
    for (const conjunct of conjuncts) {
      if (this.isOverdrawn) return false
      const truth = this.#test(conjunct, frame, this.#stepName(slot))
      if (truth === 0) return false
      if (truth === -1) failed ??= conjunct.lastError
    }
    if (failed === undefined) return true
    this.#countError(this.#stepName(slot), failed, event.sequence)
    return false
  }

  accept(match: Match, key: string): boolean {
    this.#reachDue()
    const { having } = this.program
    if (having === undefined) return true
    if (this.isOverdrawn) return false
    return this.#holds('having', having, this.#prepare(undefined, match, key, match.completedAt))
  }

  matched(match: Match, key: string): void {
    if (this.isOverdrawn) return
    this.#reachDue()
    this.extras.counts.matches++
    this.#alert(match, key, this.program.alert, false)
  }

  timedOut(match: Match, key: string): void {
    if (this.isOverdrawn) return
    this.#reachDue()
    this.extras.counts.timeouts++
    const { onTimeout } = this.program
    if (onTimeout !== undefined) this.#alert(match, key, onTimeout, true)
  }

  worked(count: number): void {
    this.#spend(PARTIAL_MATCH_FUEL * count, 'pattern')
  }

  sweepLater(state: object, time: number, spanMs: number): void {
    this.#sweeps++
    this.#around.expiry.add(this, state, time, spanMs)
  }

  shed(count: number): void {
    if (this.isOverdrawn) return
    this.#shed(count, 'partial matches of one key')
  }

  skipMissed(match: Match, step: string): void {
    this.notice('skip-step-missed', { step, sequence: match.last.sequence })
  }

  /** Forgets a key: matcher, suppressions, samples. */
  erase(key: string): void {
    this.#touch()
    this.matcher.erase(key)
    this.account()
    this.suppressions.erase(key)
    this.extras.counts.errors = []
    this.#touchExtras()
  }

  /** Its stored rows were put back. */
  restored(): void {
    this.account()
    if (this.isDraining && this.matcher.partialMatches === 0) this.#around.finished(this)
    if (this.deadline !== undefined)
      this.#around.deadlines.bringForward(this.deadline, this.matcher.nextDeadline)
  }

  /** The version ends here; gives the number of partial matches that go with it. */
  stop(): number {
    this.#around.account(-this.#accounted)
    this.#accounted = 0
    this.isStopped = true
    this.#around.expiry.stopped(this.#sweeps)
    return this.matcher.partialMatches
  }

  #alert(match: Match, key: string, program: AlertProgram, timedOut: boolean): void {
    if (this.isOver) return
    const decidedBy = this.decidedBy?.(key, match)
    const mode = decidedBy !== undefined || this.status === 'shadow' ? 'shadow' : 'live'
    this.#touchExtras()
    const sequence = this.#around.sequence()
    if (key === this.#alertedKey && sequence === this.#alertedAt) this.#spend(FURTHER_ALERT_FUEL, 'alert')
    this.#alertedKey = key
    this.#alertedAt = sequence
    const frame = this.#prepare(undefined, match, key, match.completedAt)
    let withheld = this.#exceptionOf(frame)
    // Whether it is excepted was too much to find out.
    if (this.isOverdrawn) return
    withheld ??= this.#silenceOf(match, key)
    let suppressedCount = 0
    if (withheld === undefined) {
      const admitted = this.#admit(frame, key)
      if (admitted.withheld !== undefined) withheld = admitted.withheld
      suppressedCount = admitted.count
    }
    this.#spendAsGuest(GUEST_FUEL.alert)
    const { counts } = this.extras
    if (withheld === undefined) {
      if (mode === 'shadow') counts.shadowAlerts++
      else counts.alerts++
      counts.lastAlertAt = match.completedAt
    } else {
      countIn(counts.withheld, withheld.reason)
      if (!this.#mayRecord(match)) {
        counts.withheldUnrecorded++
        return
      }
    }
    const { output, stream, redact } = this.#around
    output.emit(
      alertEffect({
        program: this.program,
        mode,
        decidedBy,
        key,
        match,
        timedOut,
        text: alertText(program, this.#evaluating(this.#shown(frame, match)), redact),
        suppressedCount,
        withheld,
        stream,
        redact,
      }),
    )
  }

  /** What texts and evidence may see. */
  #shown(frame: Frame, match: Match): Frame {
    const { redact } = this.#around
    if (redact.size === 0) return frame
    const parts = shownKey(this.program, this.#key ?? '', redact)
    const { keyNames } = this.program
    const key = keyNames.length === 1 ? (parts[0] ?? null) : keyObject(parts, keyNames)
    return { ...frame, steps: redactedSteps(match, redact), key }
  }

  #exceptionOf(frame: Frame): Withheld | undefined {
    for (const exception of this.program.except) {
      if (exception.until !== undefined && frame.time >= exception.until) continue
      if (this.isOverdrawn) return undefined
      if (!this.#holds(`except ${exception.name}`, exception.when, frame)) continue
      const why = this.program.definition.except.find(({ name }) => name === exception.name)?.why
      return { reason: 'excepted', exception: exception.name, ...(why === undefined ? {} : { why }) }
    }
    return undefined
  }

  /** Before suppression: what nobody saw must not hold back what comes after the silence. */
  #silenceOf(match: Match, key: string): Withheld | undefined {
    const { silences } = this.#around
    if (silences.size === 0) return undefined
    const { id, namespace, severity } = this.program.definition
    const silence = silences.find({ rule: id, namespace, severity, key: keyText(key) }, match.completedAt)
    return silence === undefined ? undefined : { reason: 'silenced', silence }
  }

  #admit(frame: Frame, key: string): { readonly withheld?: Withheld; readonly count: number } {
    const { limits } = this.#around
    let count = 0
    if (this.program.definition.suppress !== false) {
      const suppressionKey = this.#suppressionKey(frame, key)
      const admitted = this.suppressions.admit(suppressionKey, frame.time, this.#around.now(), key)
      if (admitted === undefined) {
        const until = new Date(this.suppressions.until(suppressionKey)).toISOString()
        return { withheld: { reason: 'suppressed', until }, count: 0 }
      }
      count = admitted
    }
    const rate = { burst: limits.alertsPerMinuteMax, perMinute: limits.alertsPerMinuteMax }
    if (takeToken(this.extras.alertTokens, rate, frame.time)) return { count }
    this.notice('alerts-rate-limited', { per_minute: limits.alertsPerMinuteMax })
    return { withheld: { reason: 'rate-limited' }, count }
  }

  #mayRecord(match: Match): boolean {
    const perMinute = this.#around.limits.withheldPerMinuteMax
    const rate = { burst: perMinute, perMinute }
    if (takeToken(this.extras.withheldTokens, rate, match.completedAt)) return true
    this.notice('withheld-not-recorded', { per_minute: perMinute })
    return false
  }

  /** Parts that fail or have no text count as one value: better one key too few than an alert storm. */
  #suppressionKey(frame: Frame, key: string): string {
    const { suppressBy } = this.program
    if (suppressBy === undefined) return key
    return compositeKey(
      suppressBy.map((expression) => {
        const evaluation = this.#evaluate(expression, frame)
        if (!evaluation.ok) {
          this.#countError('suppress', evaluation.error, this.#around.sequence())
          return ''
        }
        return canonicalPart(evaluation.value) ?? JSON.stringify(evaluation.value ?? null)
      }),
    )
  }

  #evaluating(frame: Frame): (expression: Expression) => Evaluation {
    return (expression) => this.#evaluate(expression, frame)
  }

  /** For an alert: once the fuel is used up, what is left of it stays empty. */
  #evaluate(expression: Expression, frame: Frame): Evaluation {
    if (this.isOverdrawn) return { ok: false, error: USED_UP }
    const before = fuel.used
    const evaluation = expression.evaluate(frame)
    if (fuel.used !== before) this.#spend(fuel.used - before, 'alert')
    return evaluation
  }

  /** Charged for what it used, and for an error. */
  #test(expression: Expression, frame: Frame, by: string): 1 | 0 | -1 {
    const before = fuel.used
    const truth = expression.test(frame)
    const used = fuel.used - before + (truth === -1 ? ERROR_FUEL : 0)
    if (used > 0) this.#spend(used, by)
    return truth
  }

  #holds(step: string, expression: Expression, frame: Frame): boolean {
    const truth = this.#test(expression, frame, step)
    if (truth === -1 && expression.lastError !== undefined) {
      this.#countError(step, expression.lastError, this.#around.sequence())
    }
    return truth === 1
  }

  #prepare(event: StreamEvent | undefined, steps: StepAccess, key: string, time: number): Frame {
    const frame = this.#frame
    frame.event = event
    frame.steps = steps
    frame.time = eventTime(time)
    if (this.#key !== key) {
      this.#key = key
      this.#keyValue = keyValue(key, this.program.keyNames)
    }
    frame.key = this.#keyValue
    return frame
  }

  #isFull(): boolean {
    const { limits } = this.#around
    const { matcher } = this
    return (
      matcher.keys >= limits.keysPerRuleMax ||
      matcher.partialMatches >= limits.partialMatchesPerRuleMax ||
      !this.#around.hasRoom()
    )
  }

  #shed(count: number, limit: string): void {
    this.extras.counts.shed += count
    this.#touchExtras()
    this.notice('partial-matches-shed', { limit, total: this.extras.counts.shed })
  }

  /** Says something at most once a minute of event time; what was unsaid in between is counted in the next. */
  notice(code: NoticeCode, detail: Readonly<Record<string, JsonValue>>): void {
    const { notices } = this.extras
    const now = this.#around.now()
    const last = notices[code]
    this.#touchExtras()
    if (last !== undefined && now < last.at + NOTICE_INTERVAL_MS) {
      last.unsaid++
      return
    }
    notices[code] = { at: now, unsaid: 0 }
    const unsaid = last?.unsaid ?? 0
    this.#around.output.notice(code, {
      rule: this.id,
      version: this.program.version,
      ...detail,
      ...(unsaid > 0 ? { unsaid } : {}),
    })
  }

  #place(): LogPlace {
    return { sequence: this.#around.sequence(), time: this.#around.now() }
  }

  #spend(amount: number, by: string): void {
    const { counts, fuel } = this.extras
    counts.fuel += amount
    this.#touchExtras()
    this.#spendAsGuest(amount)
    const { ruleFuelPerSecondMax } = this.#around.limits
    if (spendFuel(fuel, ruleFuelPerSecondMax, this.#place(), amount) || this.isOverdrawn) return
    this.overdrawnBy = by
    this.#around.overdrawn(this)
  }

  #spendAsGuest(amount: number): void {
    const budget = this.#budget
    if (budget === undefined) return
    this.extras.guest ??= { span: budget.span, fuel: 0 }
    this.#around.guests.spend(budget, this.extras.guest, this.#place(), amount)
    this.#touchExtras()
  }

  #budgetOf({ definition }: RuleProgram): GuestBudget | undefined {
    return this.#around.guests.of(definition.namespace)
  }

  #countError(step: string, error: ExpressionError, sequence: number): void {
    const { redact } = this.#around
    const shown = redact.size === 0 ? error : { ...error, message: withoutValues(error.message) }
    countError(this.extras.counts, step, shown, sequence)
    this.#touchExtras()
  }

  #stepName(slot: number): string {
    return this.program.events[slot]?.name ?? String(slot)
  }

  #reachDue(): void {
    if (this.#due !== undefined) this.#around.reached(this.#due)
  }

  #touch(): void {
    if (this.isDirty) return
    this.isDirty = true
    this.#around.changed(this)
  }

  #touchExtras(): void {
    this.extrasDirty = true
    this.#touch()
  }
}

const USED_UP: ExpressionError = { code: 'U1001', message: 'The rule has used up its fuel.' }

const newExtras = (limits: PartitionLimits): RuleExtras => ({
  counts: newCounts(),
  alertTokens: tokenBucket({ burst: limits.alertsPerMinuteMax, perMinute: limits.alertsPerMinuteMax }),
  withheldTokens: tokenBucket({
    burst: limits.withheldPerMinuteMax,
    perMinute: limits.withheldPerMinuteMax,
  }),
  notices: {},
  fuel: fuelAccount(limits.ruleFuelPerSecondMax),
})

/** How long a match may wait for what began before it and could discard it. */
const waitMs = ({ definition: { afterMatch, pattern } }: RuleProgram): number =>
  afterMatch.kind === 'no-skip' ? 0 : (longestLife(pattern) ?? Number.POSITIVE_INFINITY)

const suppressionMs = (program: RuleProgram): number => {
  const { suppress } = program.definition
  return suppress === false ? 0 : suppress.forMs
}
