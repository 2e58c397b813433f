import {
  createPartition,
  eventTime,
  type JsonValue,
  type LogEntry,
  type ObservablePartition,
  type RuleProgram,
  streamSequence,
} from '../../engine/index.ts'
import type { ReplayEngine, ReplayResult } from './contract.ts'
import { Tally } from './tally.ts'

export interface ReplayRunOptions {
  readonly programs: readonly RuleProgram[]
  /** Other programs over the same entries, to compare with. */
  readonly older?: readonly RuleProgram[]
  readonly engine: ReplayEngine
  readonly lists?: Readonly<Record<string, readonly JsonValue[]>>
  readonly isCompared?: boolean
  readonly keptMax?: number
}

interface Side {
  readonly partition: ObservablePartition
  readonly tally: Tally
}

const TICK = 'sequitur.log.tick'
const EMPTY = new TextEncoder().encode('{}')

/**
 * Programs over entries, with the engine that runs live: nothing else decides about an alert. It starts empty; what it raises goes
 * nowhere but into its tally. Every program runs, whatever status its text has.
 */
export class ReplayRun {
  readonly #newer: Side
  readonly #older: Side | undefined
  readonly #engine: ReplayEngine
  #lastSequence = 0
  entries = 0

  constructor(options: ReplayRunOptions) {
    this.#engine = options.engine
    const side = (programs: readonly RuleProgram[]): Side => ({
      partition: createPartition({
        ...options.engine,
        index: 0,
        count: 1,
        withoutRows: true,
        rules: programs.map((program) => ({ program, status: 'live' as const })),
        ...(options.lists === undefined ? {} : { lists: options.lists }),
      }),
      tally: new Tally({
        rules: programs.map(({ definition, version }) => ({ rule: definition.id, version })),
        isCompared: options.isCompared === true || options.older !== undefined,
        ...(options.keptMax === undefined ? {} : { keptMax: options.keptMax }),
      }),
    })
    this.#newer = side(options.programs)
    this.#older = options.older === undefined ? undefined : side(options.older)
  }

  get tally(): Tally {
    return this.#newer.tally
  }

  get older(): Tally | undefined {
    return this.#older?.tally
  }

  /** Event time reached, Unix milliseconds; undefined before the first event. */
  get eventTimeMs(): number | undefined {
    const { watermark } = this.#newer.partition
    return watermark > 0 ? watermark : undefined
  }

  /** What rules need to know and the span does not hold (lists); counts as no entry of it. */
  prepare(entries: readonly LogEntry[]): void {
    this.#process(entries)
  }

  take(entries: readonly LogEntry[]): void {
    this.entries += entries.length
    this.#process(entries)
  }

  /**
   * The log was read up to here, though the rules did not take the last of it: event time goes on to the time of the last entry, and
   * not beyond.
   */
  end(last: { readonly sequence: number; readonly ingestedAtMs: number }): void {
    if (last.sequence <= this.#lastSequence) return
    this.#process([
      {
        sequence: streamSequence(last.sequence),
        subject: TICK,
        ingestedAt: eventTime(last.ingestedAtMs),
        payload: EMPTY,
      },
    ])
  }

  /** As `end`, for entries that nothing comes after: what waits for later events is matched, what is due by the last is fired. */
  endAtLastEvent(): void {
    const latenessOf = new Map(this.#engine.sources?.map(({ name, latenessMs }) => [name, latenessMs ?? 0]))
    const { sources } = this.#newer.partition.statistics()
    const newest = Math.max(...sources.map((source) => source.newest))
    // The broker's time at which the slowest clock shows the time of the last event.
    const at = sources.map(
      ({ name, newest: own, heardAt }) => heardAt + newest - own + (latenessOf.get(name) ?? 0),
    )
    if (at.length > 0) this.end({ sequence: this.#lastSequence + 1, ingestedAtMs: Math.max(...at) })
  }

  result(durationMs: number): Omit<ReplayResult, 'firstSequence' | 'lastSequence' | 'difference'> {
    const { events, late, deadLettered } = this.#newer.partition.counters
    return {
      entries: this.entries,
      events,
      late,
      deadLettered,
      ...this.#newer.tally.result(),
      durationMs: Math.round(durationMs),
      eventsPerSecond: Math.round((this.entries * 1000) / Math.max(1, durationMs)),
    }
  }

  #process(entries: readonly LogEntry[]): void {
    const last = entries.at(-1)
    if (last === undefined) return
    this.#lastSequence = last.sequence
    for (const side of this.#older === undefined ? [this.#newer] : [this.#newer, this.#older]) {
      side.partition.process(entries)
      const effects = side.partition.takeStep()?.effects
      if (effects !== undefined && effects.length > 0) side.tally.take(effects)
    }
  }
}
