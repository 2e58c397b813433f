import {
  type Automaton,
  compilePattern,
  createKeyedMatcher,
  eventTime,
  type KeyedMatcher,
  type Match,
  type MatcherHost,
  type StreamEvent,
  streamSequence,
} from '../../../src/engine/index.ts'
import { restoredCopy } from '../../support/state.ts'
import type { Case, CorpusEvent, Operation } from './corpus.ts'
import type { Emission, Outcome } from './outcome.ts'
import { holds, readsSteps } from './predicates.ts'
import { type Structural, toStructural } from './structural.ts'

/** Runs a case on the matcher alone: predicates are evaluated here, buffering is done here. */
export function runDirect(source: Case, options: { readonly restoreAlways?: boolean } = {}): Outcome {
  const structural = toStructural(source.pattern)
  const compiled = compilePattern({
    pattern: structural.pattern,
    afterMatch: structural.afterMatch,
    slots: structural.definitions.map((definition) => definition.name),
    conditional: new Set(
      structural.definitions.flatMap((definition, slot) => (readsSteps(definition.where) ? [slot] : [])),
    ),
    hasHaving: false,
    reportsTimeouts: true,
    partialMatchesMax: 1_000_000,
  })
  if (!compiled.ok)
    return { kind: 'error', error: 'invalidPattern', why: compiled.problems[0]?.message ?? '' }
  return new DirectRun(source, structural, compiled.value, options.restoreAlways === true).run()
}

const END_OF_TIME = Number.MAX_SAFE_INTEGER
const BEGINNING = Number.MIN_SAFE_INTEGER

class DirectRun {
  readonly #case: Case
  readonly #structural: Structural
  readonly #automaton: Automaton
  readonly #restoreAlways: boolean
  readonly #indexOf = new Map<StreamEvent, number>()
  readonly #out: Emission[] = []
  readonly #host: MatcherHost
  #buffer: StreamEvent[] = []
  #matcher: KeyedMatcher
  #at = -1
  #sequence = 0
  #watermark = BEGINNING
  #now = 0
  #hasFailed = false

  constructor(source: Case, structural: Structural, automaton: Automaton, restoreAlways: boolean) {
    this.#case = source
    this.#structural = structural
    this.#automaton = automaton
    this.#restoreAlways = restoreAlways
    const slotOf = (stage: string): number =>
      structural.definitions.findIndex((definition) => definition.stage === stage)
    this.#host = {
      condition: (slot, event, taken) => {
        const definition = structural.definitions[slot]
        return definition !== undefined && holds(definition.where, event, taken, slotOf)
      },
      accept: () => true,
      matched: (match) => this.#emit('match', match),
      timedOut: (match) => this.#emit('timeout', match),
      shed: () => undefined,
      skipMissed: () => {
        this.#hasFailed = true
      },
    }
    this.#matcher = createKeyedMatcher(automaton, this.#host)
  }

  run(): Outcome {
    const operations: readonly Operation[] =
      this.#case.input ?? this.#case.events.map((_, event) => ({ event }))
    operations.forEach((operation, position) => {
      this.#perform(operation, position)
      if (this.#restoreAlways) this.#restore()
    })
    if (this.#hasFailed)
      return { kind: 'error', error: 'runtimeSkipError', why: 'the step to skip to is missing' }
    return {
      kind: 'ran',
      out: this.#out,
      partialMatches: this.#matcher.keys,
      buffered: this.#buffer.length,
    }
  }

  #perform(operation: Operation, position: number): void {
    const isSequence = this.#case.mode === 'sequence'
    this.#at = position
    if ('event' in operation) {
      const source = this.#case.events[operation.event] ?? {}
      if (isSequence) this.#at = operation.event
      const time = this.#case.time === 'processing' ? this.#now : (source.ts ?? 0)
      const event = this.#eventOf(source, operation.event, time)
      if (isSequence) this.#process(event)
      else if (this.#case.time === 'processing' && this.#case.tieBreak === undefined) this.#process(event)
      else if (this.#case.time !== 'processing' && time <= this.#watermark)
        this.#out.push({ kind: 'late', event: operation.event, emittedAt: position })
      else this.#buffer.push(event)
    } else if ('advance' in operation) {
      this.#at = -1
      this.#matcher.advance(eventTime(operation.advance))
    } else if ('watermark' in operation) {
      const watermark =
        operation.watermark === 'max'
          ? END_OF_TIME
          : operation.watermark === 'min'
            ? BEGINNING
            : operation.watermark
      if (watermark > this.#watermark) this.#release(watermark)
    } else if ('processingTime' in operation) {
      this.#now = operation.processingTime
      this.#release(operation.processingTime)
    } else this.#restore()
  }

  #release(watermark: number): void {
    this.#watermark = watermark
    const due = this.#buffer.filter((event) => event.time <= watermark)
    this.#buffer = this.#buffer.filter((event) => event.time > watermark)
    const tieBreak = this.#case.tieBreak
    const rank = (event: StreamEvent): number =>
      tieBreak === undefined ? 0 : Number(event.data[tieBreak] ?? 0)
    due.sort((left, right) => left.time - right.time || rank(left) - rank(right))
    for (const event of due) this.#process(this.#renumbered(event))
    this.#matcher.advance(eventTime(watermark))
  }

  /** The matcher knows one order, (time, sequence): the sequence is given when the order is known. */
  #renumbered(event: StreamEvent): StreamEvent {
    const renumbered = { ...event, sequence: streamSequence(++this.#sequence) }
    this.#indexOf.set(renumbered, this.#indexOf.get(event) ?? -1)
    return renumbered
  }

  #process(event: StreamEvent): void {
    this.#matcher.advance(event.time)
    let mask = 0
    this.#structural.definitions.forEach((definition, slot) => {
      if (readsSteps(definition.where) || holds(definition.where, event, NOTHING_TAKEN, () => 0))
        mask |= 1 << slot
    })
    const key = this.#case.keyBy === undefined ? '' : String(event.data[this.#case.keyBy])
    this.#matcher.process(key, event, mask)
  }

  #eventOf(source: CorpusEvent, index: number, time: number): StreamEvent {
    const sequence = streamSequence(++this.#sequence)
    const { ...data } = source
    const event: StreamEvent = {
      sequence,
      time: eventTime(time),
      ingestedAt: eventTime(0),
      subject: 'case',
      id: String(index),
      data,
    }
    this.#indexOf.set(event, index)
    return event
  }

  #restore(): void {
    this.#matcher = restoredCopy(this.#matcher, () => createKeyedMatcher(this.#automaton, this.#host))
  }

  #emit(kind: 'match' | 'timeout', match: Match): void {
    const stages: Record<string, number[]> = {}
    this.#structural.definitions.forEach((definition, slot) => {
      const taken = match.taken(slot)
      if (definition.stage !== undefined && taken.length > 0)
        stages[definition.stage] = taken.map((event) => this.#indexOf.get(event) ?? -1)
    })
    this.#out.push({ kind, stages, ts: match.completedAt, emittedAt: this.#at })
  }
}

const NOTHING_TAKEN = { taken: () => [], count: () => 0 }
