import { isoTime, shownKey } from '../emit/index.ts'
import { createObservedMatcher } from '../matcher/index.ts'
import { type EventTime, eventTime, type JsonObject, type JsonValue, streamSequence } from '../model/index.ts'
import { DEFAULT_PARTS, type Effect, EnginePartition, type LogEntry } from '../partition/index.ts'
import { canonicalKeyOf, keyObject, keyParts, keyText } from '../route/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import { ConditionReader, conditionText } from './condition.ts'
import {
  type FailedCondition,
  TRACE_LIMITS,
  type Trace,
  type TracedAlert,
  type TracedEvent,
  type TraceOptions,
  type TraceSetup,
} from './contract.ts'
import { EventExplainer, type OwnEvent } from './explain-event.ts'
import { nearestMiss } from './nearest-miss.ts'
import { tracedPartialMatches } from './partial-matches.ts'
import { LogReader, type ReadEntry } from './read-log.ts'
import { Recorder } from './recorder.ts'
import { linesOf } from './text.ts'

const RULE_CONTROL = 'sequitur.log.rule'

/**
 * Runs one rule over log entries, from no state at all, and says what it did with the events of one key and why. The entries are those
 * of the rule's subjects, of all keys, and ticks and list changes between them; entries about rules are passed over.
 */
export function traceRule(
  program: RuleProgram,
  entries: readonly LogEntry[],
  setup: TraceSetup,
  options: TraceOptions,
): Trace {
  return new Tracer(program, setup, options).run(entries)
}

class Tracer {
  readonly #program: RuleProgram
  readonly #setup: TraceSetup
  readonly #options: TraceOptions
  readonly #limits: typeof TRACE_LIMITS
  readonly #recorder: Recorder
  readonly #reader: LogReader
  readonly #isWanted: (key: string) => boolean
  readonly #own: OwnEvent[] = []
  readonly #ownEntries: LogEntry[] = []
  readonly #keyless: TracedEvent[] = []
  readonly #dead: TracedEvent[] = []
  readonly #keys = new Set<string>()
  /** Of all events of the key, also those that are too many to be told of. */
  readonly #sequences = new Set<number>()
  #keylessCount = 0
  #beyond = 0

  constructor(program: RuleProgram, setup: TraceSetup, options: TraceOptions) {
    this.#program = program
    this.#setup = setup
    this.#options = options
    this.#limits = { ...TRACE_LIMITS, ...options.limits }
    this.#isWanted = keyFilter(options.key, program.keyNames)
    const conditions = new ConditionReader(program, new Set(setup.redact))
    this.#recorder = new Recorder(program, conditions, this.#isWanted)
    this.#reader = new LogReader(program, setup)
  }

  run(entries: readonly LogEntry[]): Trace {
    const program = this.#program
    const recorder = this.#recorder
    const partition = new EnginePartition(
      { ...this.#setup, index: 0, count: 1, rules: [{ program, status: statusOf(program) }] },
      {
        ...DEFAULT_PARTS,
        createMatcher: (automaton, host) => createObservedMatcher(automaton, recorder.host(host), recorder),
      },
    )
    recorder.lists = partition.lists
    for (const entry of [...entries, ...this.#tick(entries)]) {
      if (entry.subject === RULE_CONTROL) continue
      this.#look(entry, partition.lists)
      partition.process([entry])
    }
    const effects = partition.takeStep()?.effects ?? []
    return this.#trace(partition, effects)
  }

  #trace(partition: EnginePartition, effects: readonly Effect[]): Trace {
    const program = this.#program
    const [canonical] = this.#keys
    const key =
      canonical === undefined
        ? askedKey(this.#options.key, program.keyNames)
        : keyObject(shownKey(program, canonical, new Set(this.#setup.redact)), program.keyNames)
    const explainer = new EventExplainer(program, this.#recorder)
    const late = lateBy(effects)
    const events = this.#own
      .map((own) => this.#traced(own, explainer, late))
      .concat(this.#dead)
      .sort((a, b) => Date.parse(a.time) - Date.parse(b.time) || a.sequence - b.sequence)
    const alerts = tracedAlerts(effects, this.#sequences)
    const waiting = [...this.#keys].flatMap((each) => [...partition.inspect(program.definition.id, each)])
    const partialMatches = tracedPartialMatches(this.#recorder, explainer, waiting)
    const miss =
      alerts.length > 0
        ? undefined
        : nearestMiss(program, {
            entries: this.#ownEntries.filter(({ sequence }) => !late.has(sequence)),
            events: this.#own.filter(({ event }) => !late.has(event.sequence)),
            recorder: this.#recorder,
            setup: this.#setup,
            until: eventTime(partition.watermark),
            limits: this.#limits,
          })
    const { sentence } = program.definition
    const cut = this.#beyond > 0 ? { cut: { events: this.#beyond } } : {}
    return {
      rule: program.definition.id,
      version: program.version,
      key,
      steps: program.events.map(({ name }) => name),
      ...(sentence === undefined ? {} : { pattern: sentence }),
      events,
      partialMatches,
      alerts,
      withoutKey: { count: this.#keylessCount, events: this.#keyless },
      ...(miss === undefined ? {} : { nearestMiss: miss }),
      lines: linesOf({
        events,
        partialMatches,
        alerts,
        timed: this.#timedLines(explainer),
        miss,
        explainer,
        recorder: this.#recorder,
      }),
      ...cut,
    }
  }

  #timedLines(explainer: EventExplainer): ReadonlyArray<{ readonly at: number; readonly text: string }> {
    return this.#recorder.timed.map((timed) =>
      timed.kind === 'absence'
        ? {
            at: timed.at,
            text: `complete: nothing that the rule forbids came after ${explainer.name(this.#lastSlot(timed.start))}`,
          }
        : { at: timed.at, text: `complete, but having ${timed.conditions.map(conditionText).join('; ')}` },
    )
  }

  #lastSlot(start: number): number {
    return this.#recorder.lineages.get(start)?.taken.at(-1)?.slot ?? 0
  }

  #tick(entries: readonly LogEntry[]): readonly LogEntry[] {
    const { until } = this.#options
    if (until === undefined) return []
    const sequence = streamSequence((entries.at(-1)?.sequence ?? 0) + 1)
    return [
      { sequence, subject: 'sequitur.log.tick', ingestedAt: until, payload: new TextEncoder().encode('{}') },
    ]
  }

  /** Reads an entry before the partition does, with the lists as they are then. */
  #look(entry: LogEntry, lists: EnginePartition['lists']): void {
    if (entry.subject.startsWith('sequitur.')) {
      this.#ownEntries.push(entry)
      return
    }
    const read = this.#reader.read(entry, lists)
    if (read === undefined) return
    if (typeof read === 'string') {
      if (this.#dead.length < this.#limits.withoutKeyMax) this.#dead.push(deadEvent(entry, read))
      return
    }
    const mine = read.slots.filter((each) => 'key' in each && this.#isWanted(each.key))
    if (mine.length === 0) {
      if (read.slots.some((each) => 'fault' in each)) this.#withoutKey(read)
      return
    }
    this.#ownEntries.push(entry)
    this.#sequences.add(entry.sequence)
    if (this.#own.length >= this.#limits.eventsMax) {
      this.#beyond++
      return
    }
    const slots = new Map<number, readonly FailedCondition[]>()
    for (const each of mine)
      if ('key' in each) {
        this.#keys.add(each.key)
        slots.set(each.slot, this.#recorder.unaryFailures(each.slot, read.event, each.key))
      }
    this.#own.push({ event: read.event, slots })
  }

  #withoutKey({ event, slots }: ReadEntry): void {
    this.#keylessCount++
    if (this.#keyless.length >= this.#limits.withoutKeyMax) return
    const names = this.#program.keyNames.join(', ')
    this.#keyless.push({
      ...headOf(event),
      outcome: 'not-taken',
      steps: slots.flatMap((each) => {
        if (!('fault' in each)) return []
        const step = this.#program.events[each.slot]?.name ?? String(each.slot)
        return [
          {
            kind: 'no-key' as const,
            step,
            fault: each.fault,
            text: `no usable key ${names} (${each.fault})`,
          },
        ]
      }),
    })
  }

  #traced(own: OwnEvent, explainer: EventExplainer, late: ReadonlyMap<number, number>): TracedEvent {
    const byMs = late.get(own.event.sequence)
    if (byMs !== undefined)
      return { ...headOf(own.event), outcome: 'late', steps: [], note: `late by ${byMs} ms: not processed` }
    const steps = explainer.outcomes(own)
    const outcome = steps.some(({ kind }) => kind === 'taken') ? 'taken' : 'not-taken'
    return { ...headOf(own.event), outcome, steps }
  }
}

/** A draft is traced as if it were live. */
const statusOf = ({ definition }: RuleProgram): 'live' | 'shadow' =>
  definition.status === 'shadow' ? 'shadow' : 'live'

function keyFilter(key: JsonValue, names: readonly string[]): (canonical: string) => boolean {
  const wanted = canonicalKeyOf(key, names)
  const text = typeof key === 'string' ? key : undefined
  return (canonical) => canonical === wanted || (text !== undefined && keyText(canonical) === text)
}

const askedKey = (key: JsonValue, names: readonly string[]): JsonObject => {
  const canonical = canonicalKeyOf(key, names)
  return canonical === undefined ? keyObject([key], names) : keyObject(keyParts(canonical), names)
}

const headOf = (event: {
  readonly sequence: number
  readonly id: string
  readonly time: EventTime
  readonly subject: string
}) => ({
  sequence: event.sequence,
  id: event.id,
  time: isoTime(event.time),
  subject: event.subject,
})

const deadEvent = (entry: LogEntry, note: string): TracedEvent => ({
  ...headOf({ ...entry, id: String(entry.sequence), time: entry.ingestedAt }),
  outcome: 'dead-letter',
  steps: [],
  note,
})

function lateBy(effects: readonly Effect[]): ReadonlyMap<number, number> {
  const late = effects.filter(({ kind }) => kind === 'late')
  return new Map(
    late.map(({ payload }) => {
      const { sequence, late_by_ms } = JSON.parse(payload) as {
        readonly sequence: number
        readonly late_by_ms: number
      }
      return [sequence, late_by_ms]
    }),
  )
}

interface AlertPayload {
  readonly id: string
  readonly time: string
  readonly data: {
    readonly events: ReadonlyArray<{ readonly seq: number }>
    readonly message?: string
    readonly withheld?: JsonObject
  }
}

/** Those that were made of events of the key: what they say of the key itself may be hidden. */
function tracedAlerts(effects: readonly Effect[], sequences: ReadonlySet<number>): readonly TracedAlert[] {
  return effects.flatMap(({ kind, payload }): readonly TracedAlert[] => {
    if (kind !== 'alert' && kind !== 'shadow-alert' && kind !== 'withheld-alert') return []
    const { id, time, data } = JSON.parse(payload) as AlertPayload
    if (!data.events.every(({ seq }) => sequences.has(seq))) return []
    const { message, withheld } = data
    const text =
      withheld === undefined ? `ALERT${message === undefined ? '' : `: ${message}`}` : withheldText(withheld)
    return [
      {
        id,
        kind,
        at: time,
        ...(message === undefined ? {} : { message }),
        ...(withheld === undefined ? {} : { withheld }),
        text,
      },
    ]
  })
}

function withheldText({ reason, until, exception, why }: JsonObject): string {
  switch (reason) {
    case 'suppressed':
      return `complete, but suppressed until ${String(until)}`
    case 'excepted':
      return `complete, but excepted by ${String(exception)}${why === undefined ? '' : `: ${String(why)}`}`
    case 'rate-limited':
      return 'complete, but beyond the alerts per minute of the rule'
    default:
      return `complete, but withheld: ${String(reason)}`
  }
}
