import { isoTime } from '../emit/index.ts'
import {
  type EventTime,
  eventTime,
  type Pattern,
  type RuleDefinition,
  streamSequence,
} from '../model/index.ts'
import { createPartition, type LogEntry } from '../partition/index.ts'
import { compileRule } from '../rule/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import { durationText } from '../testing/index.ts'
import { type Change, COST_OF_DROPPING, conditionChanges, mostTelling } from './condition-changes.ts'
import type { FailedCondition, NearestMiss, TraceLimits, TraceSetup } from './contract.ts'
import type { OwnEvent } from './explain-event.ts'
import { type PatternNumber, patternNumbers } from './limit-places.ts'
import type { Recorder } from './recorder.ts'

interface History {
  /** Of the key alone, in the order of the log. */
  readonly entries: readonly LogEntry[]
  readonly events: readonly OwnEvent[]
  readonly recorder: Recorder
  readonly setup: TraceSetup
  readonly until: EventTime
  readonly limits: TraceLimits
}

interface Found extends Change {
  readonly at: EventTime
  readonly by: string
}

const DIFFERENCES_MAX = 20_000

/** The smallest single change of a rule that alerts on the same events: every candidate is compiled and run over them. */
export function nearestMiss(program: RuleProgram, history: History): NearestMiss | undefined {
  if (history.events.length === 0) return undefined
  const search = new Search(program, history)
  const found = [...search.numbers(), ...search.conditions(), ...search.absences()].sort(
    (a, b) => a.cost - b.cost,
  )[0]
  if (found === undefined) return undefined
  const { kind, change, cost, at, by } = found
  const text = `nearest miss: ${by === '' ? '' : `${by}. `}With ${change} this would have alerted.`
  return { kind, change, cost: Number(cost.toFixed(4)), at: isoTime(at), text }
}

class Search {
  readonly #program: RuleProgram
  readonly #history: History
  readonly #times: readonly number[]
  #left: number
  #eventsLeft: number

  constructor(program: RuleProgram, history: History) {
    this.#program = program
    this.#history = history
    this.#left = history.limits.changesMax
    this.#eventsLeft = history.limits.changeEventsMax
    this.#times = [...new Set(history.events.map(({ event }) => event.time as number))].sort((a, b) => a - b)
  }

  numbers(): readonly Found[] {
    const { pattern } = this.#program.definition
    return patternNumbers(pattern).flatMap((number) =>
      number.kind === 'count' ? this.#count(number) : [...this.#longer(number), ...this.#shorter(number)],
    )
  }

  conditions(): readonly Found[] {
    const failures = new Map<string, readonly FailedCondition[]>()
    const add = (name: string, failed: readonly FailedCondition[]): void => {
      failures.set(name, [...(failures.get(name) ?? []), ...failed])
    }
    const name = (slot: number): string => this.#program.events[slot]?.name ?? ''
    // With two conditions false, changing one does not help.
    for (const { slots } of this.#history.events)
      for (const [slot, failed] of slots) if (failed.length === 1) add(name(slot), failed)
    for (const showing of this.#history.recorder.showings.values()) {
      for (const { slot, conditions } of showing.conditions) add(name(slot), conditions)
      for (const { conditions } of showing.having) add('having', conditions)
    }
    for (const timed of this.#history.recorder.timed)
      if (timed.kind === 'having-false') add('having', timed.conditions)
    const telling = new Map([...failures].map(([step, failed]) => [step, mostTelling(failed)]))
    return this.#first(conditionChanges(this.#program.definition, telling))
  }

  /** What must not come is allowed to come. */
  absences(): readonly Found[] {
    const { definition } = this.#program
    const { pattern } = definition
    const without = (pattern.without ?? []).map((name): Change => {
      const { without: names = [], ...rest } = pattern
      const kept = names.filter((other) => other !== name)
      return dropping(definition, name, kept.length > 0 ? { ...rest, without: kept } : rest)
    })
    const steps = pattern.steps.flatMap((step, index): readonly Change[] => {
      if (step.kind !== 'absence' || index === pattern.steps.length - 1) return []
      const kept = pattern.steps.filter((_, position) => position !== index)
      return [dropping(definition, step.events.join(' or '), { ...pattern, steps: kept })]
    })
    return this.#first([...without, ...steps])
  }

  /** Changes come in order of cost: the first that alerts is the smallest. */
  #first(changes: readonly Change[]): readonly Found[] {
    for (const change of changes) {
      const at = this.#alertsAt(change.definition)
      if (at !== undefined) return [{ ...change, at, by: '' }]
    }
    return []
  }

  #count(number: PatternNumber): readonly Found[] {
    for (let value = number.current - 1; value >= 1; value--) {
      const at = this.#alertsAt(this.#with(number, value))
      if (at === undefined) continue
      const by = `${number.current - value} too few`
      return [this.#found(number, value, at, by)]
    }
    return []
  }

  /** If the longest limit that makes a difference does not help, none does; else the shortest that does is looked for. */
  #longer(number: PatternNumber): readonly Found[] {
    const unit = unitOf(number.current)
    const candidates = this.#differences((ms) => ms >= number.current).map(
      (ms) => (Math.floor(ms / unit) + 1) * unit,
    )
    return this.#bisect(number, [...new Set(candidates)])
  }

  /** For what has to stay away for some time. */
  #shorter(number: PatternNumber): readonly Found[] {
    const unit = unitOf(number.current)
    const last = this.#history.until
    const waits = this.#times.map((time) => last - time)
    const candidates = [
      ...this.#differences((ms) => ms < number.current),
      ...waits.filter((ms) => ms < number.current),
    ]
      .map((ms) => Math.floor(ms / unit) * unit)
      .filter((ms) => ms > 0)
      .sort((a, b) => b - a)
    return this.#bisect(number, [...new Set(candidates)])
  }

  #bisect(number: PatternNumber, candidates: readonly number[]): readonly Found[] {
    const farthest = candidates.at(-1)
    if (farthest === undefined) return []
    let found = this.#tried(number, farthest)
    if (found === undefined) return []
    let low = 0
    let high = candidates.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      const nearer = this.#tried(number, candidates[middle] ?? farthest)
      if (nearer === undefined) low = middle + 1
      else {
        found = nearer
        high = middle
      }
    }
    return [found]
  }

  #tried(number: PatternNumber, value: number): Found | undefined {
    const at = this.#alertsAt(this.#with(number, value))
    return at && this.#found(number, value, at, durationText(Math.abs(value - number.current)))
  }

  #found(number: PatternNumber, value: number, at: EventTime, by: string): Found {
    const definition = this.#with(number, value)
    const cost = Math.abs(value - number.current) / number.current
    const change = `"${number.phrase(value)}" instead of "${number.phrase(number.current)}"`
    return { kind: number.kind, change, cost, definition, at, by }
  }

  #with(number: PatternNumber, value: number): RuleDefinition {
    return withPattern(this.#program.definition, number.set(value))
  }

  #differences(keep: (ms: number) => boolean): readonly number[] {
    const differences = new Set<number>()
    for (const [index, later] of this.#times.entries())
      for (let before = 0; before < index && differences.size < DIFFERENCES_MAX; before++) {
        const ms = later - (this.#times[before] ?? later)
        if (keep(ms)) differences.add(ms)
      }
    return [...differences].sort((a, b) => a - b)
  }

  /** When the changed rule first alerts on the events of the key; undefined when it does not, or does not compile. */
  #alertsAt(definition: RuleDefinition): EventTime | undefined {
    const { entries, setup, until } = this.#history
    if (this.#left <= 0 || this.#eventsLeft < entries.length) return undefined
    this.#left--
    this.#eventsLeft -= entries.length
    const compiled = compileRule(definition, { version: this.#program.version })
    if (!compiled.ok) return undefined
    const partition = createPartition({
      ...setup,
      index: 0,
      count: 1,
      rules: [{ program: compiled.value, status: 'live' }],
    })
    partition.process(entries)
    const latenessMs = Math.max(0, ...(setup.sources ?? []).map((source) => source.latenessMs ?? 0))
    const sequence = streamSequence((entries.at(-1)?.sequence ?? 0) + 1)
    const payload = new TextEncoder().encode('{}')
    partition.process([
      { sequence, subject: 'sequitur.log.tick', ingestedAt: eventTime(until + latenessMs), payload },
    ])
    return partition.takeStep()?.effects.find(({ kind }) => kind === 'alert')?.time
  }
}

function withPattern(definition: RuleDefinition, pattern: Pattern): RuleDefinition {
  const { sentence: _, ...rest } = definition
  return { ...rest, pattern }
}

const dropping = (definition: RuleDefinition, name: string, pattern: Pattern): Change => ({
  kind: 'absence',
  change: `${name} allowed`,
  cost: COST_OF_DROPPING + 1,
  definition: withPattern(definition, pattern),
})

const MINUTE = 60_000

/** Limits are proposed in units that people would write for a limit of that length. */
function unitOf(limitMs: number): number {
  if (limitMs >= 2 * 24 * 60 * MINUTE) return 60 * MINUTE
  if (limitMs >= 10 * MINUTE) return MINUTE
  return limitMs >= 10_000 ? 1_000 : 1
}
