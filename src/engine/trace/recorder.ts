import type { Graph, Guards } from '../automaton/index.ts'
import type { Closing, MatcherHost, Run, RunObserver, Taking } from '../matcher/index.ts'
import type { Frame, ListAccess, Match, StepAccess, StreamEvent } from '../model/index.ts'
import { keyValue } from '../route/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import type { ConditionReader } from './condition.ts'
import type { FailedCondition } from './contract.ts'
import { type Expiry, expiriesOf, type Lineage, openSlots } from './lineage.ts'

/** How a run stood when an event came to it. */
export interface Standing {
  readonly run: Run
  readonly slots: readonly number[]
}

export interface FailedStep {
  readonly slot: number
  readonly start: number | undefined
  readonly conditions: readonly FailedCondition[]
}

/** What the matcher did with one event of the key. */
export interface Showing {
  readonly mask: number
  readonly standings: Standing[]
  readonly taken: Array<{ readonly slot: number; readonly start: number }>
  readonly conditions: FailedStep[]
  readonly having: Array<{ readonly start: number; readonly conditions: readonly FailedCondition[] }>
  readonly closed: Array<{ readonly start: number; readonly guards: Guards; readonly why: Closing }>
}

/** Something that time alone did. */
export type Timed =
  | { readonly kind: 'absence'; readonly at: number; readonly start: number }
  | {
      readonly kind: 'having-false'
      readonly at: number
      readonly start: number
      readonly conditions: readonly FailedCondition[]
    }

const NO_STEPS: StepAccess = { taken: () => [], count: () => 0 }

/** Writes down what the matcher does with one key. */
export class Recorder implements RunObserver {
  readonly showings = new Map<number, Showing>()
  readonly lineages = new Map<number, Lineage>()
  readonly expiries: Expiry[] = []
  readonly timed: Timed[] = []
  /** Set once the partition is there. */
  lists: ListAccess = { has: () => false }
  readonly #program: RuleProgram
  readonly #graph: Graph
  readonly #reader: ConditionReader
  readonly #isWanted: (key: string) => boolean
  #showing: Showing | undefined
  #event: StreamEvent | undefined
  #tried: Run | undefined

  constructor(program: RuleProgram, reader: ConditionReader, isWanted: (key: string) => boolean) {
    this.#program = program
    this.#graph = program.automaton.graph
    this.#reader = reader
    this.#isWanted = isWanted
  }

  /** The rule's own host, listened to. */
  host(host: MatcherHost): MatcherHost {
    return {
      condition: (slot, event, taken, key) => {
        const holds = host.condition(slot, event, taken, key)
        if (!holds && this.#isWanted(key)) this.#conditionFailed(slot, event, taken, key)
        return holds
      },
      accept: (match, key) => {
        const accepted = host.accept(match, key)
        if (!accepted && this.#isWanted(key)) this.#refused(match, key)
        return accepted
      },
      matched: (match, key) => {
        if (this.#isWanted(key)) this.#matched(match)
        host.matched(match, key)
      },
      timedOut: (match, key) => host.timedOut(match, key),
      shed: (count, key) => host.shed(count, key),
      skipMissed: (match, step, key) => host.skipMissed?.(match, step, key),
    }
  }

  frame(event: StreamEvent | undefined, steps: StepAccess, key: string, time: Frame['time']): Frame {
    return { event, steps, key: keyValue(key, this.#program.keyNames), lists: this.lists, time }
  }

  /** The conjuncts of a step's own `where` that do not hold. */
  unaryFailures(slot: number, event: StreamEvent, key: string): readonly FailedCondition[] {
    const frame = this.frame(event, NO_STEPS, key, event.time)
    const conditions = this.#program.events[slot]?.unary ?? []
    return conditions.flatMap((condition) => this.#reader.failed(condition, frame) ?? [])
  }

  shown(event: StreamEvent, mask: number, key: string): void {
    this.#event = event
    this.#showing = undefined
    if (!this.#isWanted(key)) return
    this.#showing = { mask, standings: [], taken: [], conditions: [], having: [], closed: [] }
    this.showings.set(event.sequence, this.#showing)
  }

  tried(run: Run | undefined): void {
    this.#tried = run
    if (run !== undefined) this.#showing?.standings.push({ run, slots: openSlots(run) })
  }

  took({ slot, event, first }: Taking, key: string): void {
    if (!this.#isWanted(key)) return
    this.#showing?.taken.push({ slot, start: first.sequence })
    let lineage = this.lineages.get(first.sequence)
    if (lineage === undefined) {
      lineage = { first, taken: [], end: undefined }
      this.lineages.set(first.sequence, lineage)
    }
    if (!lineage.taken.some((taken) => taken.slot === slot && taken.event === event))
      lineage.taken.push({ slot, event })
  }

  closed(run: Run, guards: Guards, why: Closing): void {
    if (this.#showing === undefined || this.#event === undefined) return
    this.#showing.closed.push({ start: run.first.sequence, guards, why })
    if (why === 'too-early' || why === 'greedy') return
    const end = { kind: 'broken' as const, at: this.#event.time, bySequence: this.#event.sequence }
    this.#end(run.first.sequence, end)
  }

  due(run: Run, at: number, completes: boolean, key: string): void {
    this.#showing = undefined
    if (!this.#isWanted(key)) return
    const start = run.first.sequence
    if (completes) this.timed.push({ kind: 'absence', at, start })
    this.expiries.push(...expiriesOf(this.#graph, run, at))
    this.#end(start, { kind: 'expired', at, slots: openSlots(run) })
  }

  discarded(run: Run, match: Match, key: string): void {
    if (this.#isWanted(key)) this.#end(run.first.sequence, { kind: 'discarded', at: match.completedAt })
  }

  /** A complete match is the end that counts. */
  #end(start: number, end: Lineage['end']): void {
    const lineage = this.lineages.get(start)
    if (lineage !== undefined && lineage.end?.kind !== 'complete') lineage.end = end
  }

  #matched(match: Match): void {
    const lineage = this.lineages.get(match.first.sequence)
    if (lineage !== undefined) lineage.end = { kind: 'complete', at: match.completedAt }
  }

  #conditionFailed(slot: number, event: StreamEvent, taken: StepAccess, key: string): void {
    const frame = this.frame(event, taken, key, event.time)
    const conjuncts = this.#program.events[slot]?.conditional ?? []
    const conditions = conjuncts.flatMap((conjunct) => this.#reader.failed(conjunct, frame) ?? [])
    this.#showing?.conditions.push({ slot, start: this.#tried?.first.sequence, conditions })
  }

  #refused(match: Match, key: string): void {
    const { having } = this.#program
    if (having === undefined) return
    const failed = this.#reader.failed(having, this.frame(undefined, match, key, match.completedAt))
    const conditions = failed === undefined ? [] : [failed]
    const start = match.first.sequence
    if (match.completedBy !== undefined && this.#showing !== undefined)
      this.#showing.having.push({ start, conditions })
    else this.timed.push({ kind: 'having-false', at: match.completedAt, start, conditions })
  }
}
