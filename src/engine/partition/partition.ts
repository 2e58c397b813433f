import {
  DEFAULT_SOURCE,
  type DeadLetter,
  decodeEvent,
  type LoggedEvent,
  type ResolvedSource,
  resolveSource,
} from '../decode/index.ts'
import { type Disclosure, deadLetterEffect, lateEffect, type NewEffect, noticeEffect } from '../emit/index.ts'
import {
  type EventTime,
  eventTime,
  type Frame,
  type JsonObject,
  type StreamSequence,
  streamSequence,
} from '../model/index.ts'
import { canonicalPart, Router, type SlotRouting, type SubjectPlan, subjectMatches } from '../route/index.ts'
import { DeadlineQueue, EventClock } from '../time/index.ts'
import { ByteArena } from './byte-arena.ts'
import type { NoticeCode } from './codes.ts'
import type {
  ActivatedVersions,
  Belonging,
  DoneErasure,
  Effect,
  ErasedKey,
  KeptOfKey,
  LogEntry,
  ObservablePartition,
  PartialMatchReport,
  PartitionCounters,
  PartitionStatistics,
  RuleStatistics,
  StateRow,
  Step,
} from './contract.ts'
import { CONTROL_PREFIX, ERASED_SUBJECT, readControl, readListChange } from './control.ts'
import { countPartialMatches, EventsOfKey, keptOfKey, readErasedEntry, readErasure } from './erasure.ts'
import { EventStore } from './event-store.ts'
import { GuestBudgets } from './guest-budgets.ts'
import { DEFAULT_LIMITS, type PartitionLimits } from './limits.ts'
import { Lists } from './lists.ts'
import { describeRule, partialMatchReports, ruleStatistics } from './observe.ts'
import type { PartitionOptions, PartitionParts } from './options.ts'
import { forgetRows, restoreRows, type StoredMeta, takeRows } from './rows.ts'
import { readRuleEntry } from './rule-record.ts'
import type { RuleRuntime, RuleSurroundings } from './rule-runtime.ts'
import { RuleSet } from './rule-set.ts'
import { SharedExpiry } from './shared-expiry.ts'
import { readSilence, Silences } from './silences.ts'
import { WaitingEvents } from './waiting-events.ts'

const PLANS_MAX = 20_000
/** Of erasures that are remembered; nobody asks for one longer than its bytes take to go. */
const ERASURES_MAX = 1_000
const NO_STEPS: Frame['steps'] = { taken: () => [], count: () => 0 }

/** Where events of one subject come from and go to; kept until the rules' subjects change. */
interface Plan {
  readonly source: number
  readonly routes: SubjectPlan
  readonly revision: number
}

/** One partition of the engine: everything between a log entry and an effect. */
export class EnginePartition implements ObservablePartition {
  readonly options: PartitionOptions
  readonly limits: PartitionLimits
  readonly lists: Lists
  readonly silences = new Silences()
  readonly guests: GuestBudgets
  readonly rules: RuleSet
  readonly router: Router
  readonly events = new EventStore()
  readonly waiting: WaitingEvents
  readonly dirtyRules: RuleRuntime[] = []
  readonly #sources: readonly ResolvedSource[]
  readonly #disclosure: Disclosure
  readonly #deadlines = new DeadlineQueue()
  readonly #expiry = new SharedExpiry(this.#deadlines)
  readonly #frame: Frame
  readonly #plans = new Map<string, Plan>()
  readonly #arena: ByteArena
  readonly #hasRows: boolean
  #clock: EventClock
  #position = 0
  #ingestedAt = 0
  #now = 0
  #partialMatches = 0
  #counters = { events: 0, processed: 0, late: 0, deadLettered: 0, duplicates: 0 }
  #effectNumber = 0
  #effects: Effect[] = []
  #isTaken = true
  #overdrawn: RuleRuntime[] = []
  #overflowNoticeAt = Number.NEGATIVE_INFINITY
  readonly #erasures = new Map<string, DoneErasure>()
  #settledUntil: number

  constructor(options: PartitionOptions, parts: PartitionParts) {
    this.options = options
    this.#hasRows = options.withoutRows !== true
    this.#arena = new ByteArena(this.#hasRows ? 'passing' : 'staying')
    this.limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.guests = new GuestBudgets(this.limits)
    this.#settledUntil = options.settled?.sequence ?? 0
    this.#sources = [...(options.sources ?? []), DEFAULT_SOURCE].map(resolveSource)
    this.#clock = new EventClock(this.#sources)
    this.waiting = new WaitingEvents(Math.max(...this.#sources.map((source) => source.latenessMs)))
    this.lists = new Lists(() => this.#now)
    this.#frame = {
      event: undefined,
      steps: NO_STEPS,
      key: null,
      lists: this.lists,
      time: eventTime(0),
    }
    const redact = new Set(options.redact)
    this.#disclosure = { redact, payloadCharactersMax: this.limits.payloadCharactersShownMax }
    this.router = new Router({ frame: this.#frame, index: options.index, count: options.count })
    this.rules = new RuleSet({
      router: this.router,
      deadlines: this.#deadlines,
      around: this.#surroundings(redact),
      parts,
    })
    for (const [list, values] of Object.entries(options.lists ?? {})) {
      for (const value of values) {
        const canonical = canonicalPart(value)
        if (canonical !== undefined) this.lists.restore({ list, value: canonical, until: undefined })
      }
    }
    for (const { program, status } of options.rules ?? []) this.rules.addProgram(program, status ?? 'live')
  }

  get position(): StreamSequence {
    return streamSequence(this.#position)
  }

  get watermark(): EventTime {
    return eventTime(this.#clock.watermark)
  }

  get counters(): PartitionCounters {
    return { ...this.#counters }
  }

  get pendingEffects(): number {
    return this.#effects.length
  }

  process(entries: readonly LogEntry[]): void {
    for (let index = 0; index < entries.length; index++) this.#take(entries[index] as LogEntry)
  }

  takeStep(): Step | undefined {
    if (this.#isTaken) return undefined
    this.#isTaken = true
    const effects = this.#effects
    this.#effects = []
    let rows: StateRow[] = []
    if (this.#hasRows) rows = takeRows(this, this.#meta())
    else forgetRows(this, this.#now)
    return { position: this.position, ingestedAt: eventTime(this.#ingestedAt), effects, rows }
  }

  activated(): ActivatedVersions {
    return { lists: new Map(this.lists.versions), silences: this.silences.versions() }
  }

  erasures(): ReadonlyMap<string, DoneErasure> {
    return this.#erasures
  }

  belonging(erased: ErasedKey): (entry: LogEntry) => Belonging | undefined {
    const events = this.#eventsOf(erased)
    return (entry) => {
      const source = this.#sources[this.#sourceOf(entry.subject)] as ResolvedSource
      return events.ofEntry(entry, source, this.limits)
    }
  }

  kept(erased: ErasedKey): KeptOfKey {
    const events = this.#eventsOf(erased)
    const { keys, suppressions } = keptOfKey(this.rules.runtimes(), erased, events)
    let bufferedEvents = 0
    for (const event of this.waiting.items()) if (events.has(event)) bufferedEvents++
    return {
      partialMatches: countPartialMatches(keys),
      suppressions: suppressions.length,
      bufferedEvents,
    }
  }

  statistics(): PartitionStatistics {
    return {
      position: this.position,
      watermark: this.watermark,
      counters: this.counters,
      waitingEvents: this.waiting.size,
      storedEvents: this.events.events,
      partialMatches: this.#partialMatches,
      effects: this.#effectNumber,
      sources: this.#clock.readings(),
      rules: this.rules.size,
      guests: this.guests.statistics({ sequence: this.#position, time: this.#now }),
    }
  }

  ruleStatistics(): RuleStatistics[] {
    return ruleStatistics(this.rules)
  }

  statisticsOf(rule: string): RuleStatistics | undefined {
    const known = this.rules.get(rule)
    return known === undefined ? undefined : describeRule(known)
  }

  ruleVersions(): Map<string, number> {
    return new Map(Array.from(this.rules.all(), ({ id, version }) => [id, version]))
  }

  inspect(rule: string, key?: string): Iterable<PartialMatchReport> {
    const known = this.rules.get(rule)
    return known === undefined ? [] : partialMatchReports(known, { key, redact: this.#disclosure.redact })
  }

  routing(rule: string): readonly SlotRouting[] {
    const running = this.rules.get(rule)?.running
    return running?.routes === undefined ? [] : this.router.describe(running.routes)
  }

  /** Puts stored rows back into a new partition. */
  restore(rows: Iterable<StateRow>): void {
    restoreRows(this, rows, (meta) => this.#restoreMeta(meta))
  }

  /** Whatever the rows say, nothing may be emitted while they are read but what a changed program makes of them. */
  #restoreMeta(meta: StoredMeta): void {
    this.#position = meta.position
    this.#ingestedAt = meta.ingestedAt
    this.#now = meta.now
    this.#counters = { ...meta.counters }
    this.#effectNumber = meta.effectNumber
    this.#clock = new EventClock(this.#sources, meta.sources, meta.watermark)
    for (const [id, done] of meta.erasures ?? []) this.#erasures.set(id, done)
    this.guests.restore(meta.guests ?? [])
  }

  #meta(): StoredMeta {
    const guests = this.guests.stored()
    return {
      format: 1,
      position: this.#position,
      ingestedAt: this.#ingestedAt,
      now: this.#now,
      counters: this.#counters,
      effectNumber: this.#effectNumber,
      watermark: this.#clock.watermark,
      sources: this.#clock.readings(),
      ...(this.#erasures.size === 0 ? {} : { erasures: [...this.#erasures] }),
      ...(guests.length === 0 ? {} : { guests }),
    }
  }

  #take(entry: LogEntry): void {
    if (entry.sequence <= this.#position) {
      this.#counters.duplicates++
      return
    }
    this.#isTaken = false
    if (this.#settledUntil > 0 && entry.sequence > this.#settledUntil) this.#endSettled()
    this.#position = entry.sequence
    this.#ingestedAt = entry.ingestedAt
    if (entry.sequence >= this.rules.resumesAt) this.rules.resume(entry.sequence)
    if (entry.subject.startsWith(CONTROL_PREFIX)) this.#control(entry)
    else this.#event(entry)
    if (this.rules.hasFinished) this.rules.endFinished()
  }

  #event(entry: LogEntry): void {
    const counters = this.#counters
    counters.events++
    const plan = this.#plan(entry.subject)
    const source = this.#sources[plan.source] as ResolvedSource
    const event = decodeEvent(entry, source, this.limits)
    if ('reason' in event) {
      this.#deadLetter(entry, event)
      return
    }
    const before = this.#clock.watermark
    if (event.time < before) {
      counters.late++
      this.#clock.observe(plan.source, event.time, event.ingestedAt)
      if (this.#isOurs(event.sequence)) {
        const options = { partition: this.options.index, watermark: before, disclosure: this.#disclosure }
        this.#emit(lateEffect(event, options))
      }
      return
    }
    counters.processed++
    const watermark = this.#clock.observe(plan.source, event.time, event.ingestedAt)
    // What no rule reads only moves time.
    if (plan.routes.filters.length > 0) this.#admit(event, entry.payload, { plan, watermark })
    this.#advance(watermark)
  }

  #admit(
    event: LoggedEvent,
    payload: Uint8Array,
    at: { readonly plan: Plan; readonly watermark: number },
  ): void {
    if (this.waiting.size === 0 && event.time <= at.watermark) {
      // Most events are no rule's: their bytes are not needed beyond this call.
      if (!this.#dispatch(event, at.plan)) return
      this.#arena.keep(event, payload)
      event.rest()
      return
    }
    this.#arena.keep(event, payload)
    this.waiting.push(event)
    if (this.waiting.size > this.limits.bufferedEventsMax) this.#overflow()
  }

  /** Releases what waits up to the watermark, and fires what is due. */
  #advance(watermark: number): void {
    if (this.waiting.size > 0) {
      for (;;) {
        const event = this.waiting.take(watermark)
        if (event === undefined) break
        this.#dispatch(event, this.#plan(event.subject))
        event.rest()
      }
    }
    this.#fire(watermark)
  }

  /** Whether any rule got it. */
  #dispatch(event: LoggedEvent, plan: Plan): boolean {
    this.#fire(event.time)
    this.#frame.event = event
    this.#frame.time = event.time
    const isDelivered = this.router.route(event, plan.routes)
    this.#suspend()
    return isDelivered
  }

  #fire(time: number): void {
    this.#deadlines.advance(time)
    this.#suspend()
    if (time > this.#now) this.#now = time
  }

  /** Whoever has used too much, when nobody works with it. */
  #suspend(): void {
    if (this.#overdrawn.length === 0 && !this.guests.hasOverdrawn) return
    const overdrawn = this.#overdrawn
    this.#overdrawn = []
    this.rules.suspend(overdrawn, this.#position)
    for (const span of this.guests.relieve()) {
      // Whoever was suspended on its own account just now has used most.
      const isRelieved = overdrawn.some(({ program }) => program.definition.namespace === span.namespace)
      if (isRelieved) continue
      this.guests.countSuspensions(span, this.rules.suspendDearest(span, this.#position))
    }
  }

  #deadLetter(entry: LogEntry, letter: DeadLetter): void {
    this.#counters.deadLettered++
    if (!this.#isOurs(entry.sequence)) return
    const options = { partition: this.options.index, disclosure: this.#disclosure }
    this.#emit(deadLetterEffect(entry, letter, options))
  }

  /** Too many events wait: the oldest of them is let through, and time with it. */
  #overflow(): void {
    const first = this.waiting.firstTime() ?? 0
    this.#clock.raise(first)
    if (first >= this.#overflowNoticeAt + 60_000) {
      this.#overflowNoticeAt = first
      this.#notice('reorder-buffer-full', { events: this.limits.bufferedEventsMax })
    }
    this.#advance(first)
  }

  #control(entry: LogEntry): void {
    if (entry.subject === 'sequitur.log.tick') {
      this.#advance(this.#clock.tick(entry.ingestedAt))
      return
    }
    const value = readControl(entry.payload)
    if (entry.subject === ERASED_SUBJECT) {
      const erased = value === undefined ? undefined : readErasedEntry(value)
      if (erased?.event !== undefined) this.#passErased(erased.event)
      return
    }
    if (value === undefined || !this.#obey(entry.subject, value)) {
      this.#notice('control-unreadable', { subject: entry.subject, sequence: entry.sequence })
    }
  }

  #obey(subject: string, value: Readonly<Record<string, unknown>>): boolean {
    switch (subject) {
      case 'sequitur.log.rule': {
        const entry = readRuleEntry(value)
        if (entry !== undefined) this.rules.apply(entry)
        return entry !== undefined
      }
      case 'sequitur.log.list': {
        const change = readListChange(value)
        if (change === undefined) return false
        const refused = this.lists.change(change, this.limits.listValuesMax)
        if (refused > 0) this.#notice('list-values-refused', { list: change.list, count: refused })
        return true
      }
      case 'sequitur.log.silence': {
        const silence = readSilence(value)
        if (silence === undefined) return false
        if (!this.silences.apply(silence, this.#now)) this.#notice('silence-refused', { silence: silence.id })
        return true
      }
      case 'sequitur.log.erase': {
        const erasure = readErasure(value)
        if (erasure === undefined) return false
        const erased = this.#erase(erasure)
        if (erasure.id !== undefined) this.#remember(erasure.id, erased)
        return true
      }
      default:
        return false
    }
  }

  #erase(erased: ErasedKey): KeptOfKey {
    const events = this.#eventsOf(erased)
    const { keys, suppressions } = keptOfKey(this.rules.runtimes(), erased, events)
    const partialMatches = countPartialMatches(keys)
    for (const { rule, key } of keys) rule.erase(key)
    for (const { rule, key } of suppressions) rule.suppressions.erase(key)
    const bufferedEvents = this.waiting.remove((event) => events.has(event))
    this.events.scrub()
    return { partialMatches, suppressions: suppressions.length, bufferedEvents }
  }

  #eventsOf(erased: ErasedKey): EventsOfKey {
    return new EventsOfKey(this.rules.runtimes(), erased, this.lists)
  }

  #remember(id: string, erased: KeptOfKey): void {
    const sequence = streamSequence(this.#position)
    this.#erasures.set(id, { sequence, effects: this.#effectNumber, ...erased })
    for (const oldest of this.#erasures.keys()) {
      if (this.#erasures.size <= ERASURES_MAX) return
      this.#erasures.delete(oldest)
    }
  }

  /** What an erased event did to time and to the counts stays. */
  #passErased({ subject, time }: { readonly subject: string; readonly time?: number }): void {
    this.#counters.events++
    if (time === undefined) {
      this.#counters.deadLettered++
      return
    }
    const { source } = this.#plan(subject)
    const isLate = time < this.#clock.watermark
    const watermark = this.#clock.observe(source, time, this.#ingestedAt)
    if (isLate) {
      this.#counters.late++
      return
    }
    this.#counters.processed++
    this.#advance(watermark)
  }

  /** From here on effects are new; they are numbered as they were when the log still had what was erased. */
  #endSettled(): void {
    this.#settledUntil = 0
    this.#effectNumber = Math.max(this.#effectNumber, this.options.settled?.effects ?? 0)
  }

  #plan(subject: string): Plan {
    const known = this.#plans.get(subject)
    if (known !== undefined && known.revision === this.router.revision) return known
    if (this.#plans.size >= PLANS_MAX) this.#plans.clear()
    const source = known?.source ?? this.#sourceOf(subject)
    const plan = { source, routes: this.router.plan(subject), revision: this.router.revision }
    this.#plans.set(subject, plan)
    return plan
  }

  #sourceOf(subject: string): number {
    return this.#sources.findIndex((source) =>
      source.subjects.some((filter) => subjectMatches(filter, subject)),
    )
  }

  /** Which partition speaks for an entry that belongs to no key. */
  #isOurs(sequence: number): boolean {
    return sequence % this.options.count === this.options.index
  }

  #emit(effect: NewEffect): void {
    if (this.#position <= this.#settledUntil) return
    this.#effects.push({ number: ++this.#effectNumber, ...effect })
  }

  #notice(code: NoticeCode, detail: JsonObject): void {
    const time = eventTime(Math.max(this.#now, this.#clock.watermark))
    const number = this.#effectNumber + 1
    this.#emit(noticeEffect(code, detail, { partition: this.options.index, number, time }))
  }

  #surroundings(redact: ReadonlySet<string>): RuleSurroundings {
    return {
      output: {
        emit: (effect) => this.#emit(effect),
        notice: (code, detail) => this.#notice(code, detail),
      },
      deadlines: this.#deadlines,
      expiry: this.#expiry,
      lists: this.lists,
      silences: this.silences,
      limits: this.limits,
      guests: this.guests,
      stream: this.options.stream,
      redact,
      now: () => this.#now,
      reached: (time) => {
        this.#now = time
      },
      sequence: () => this.#position,
      moment: () => ({
        time: eventTime(this.#clock.watermark),
        sequence: streamSequence(this.#position),
      }),
      changed: (rule) => void this.dirtyRules.push(rule),
      hasRoom: () => this.#partialMatches < this.limits.partialMatchesMax,
      account: (partialMatches) => {
        this.#partialMatches += partialMatches
      },
      finished: (rule) => this.rules.finished(rule),
      overdrawn: (rule) => void this.#overdrawn.push(rule),
    }
  }
}
