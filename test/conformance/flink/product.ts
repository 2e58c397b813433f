import {
  createPartition,
  durationMs,
  type Effect,
  eventTime,
  type LogEntry,
  type Partition,
  type PartitionOptions,
  type Pattern,
  type PatternStep,
  type RuleDefinition,
  restorePartition,
  ruleDocument,
  type StateRow,
  streamSequence,
} from '../../../src/engine/index.ts'
import { compileRecord } from '../../../src/engine/rule/index.ts'
import type { Case, Operation } from './corpus.ts'
import { CASE_START, toCaseTime, toExpression, toProductTime } from './expressions.ts'
import type { Emission, Outcome } from './outcome.ts'
import { type Structural, toStructural } from './structural.ts'

/** Runs a case on the product: a rule document through its compiler, log entries through a partition. */
export function runProduct(source: Case, options: { readonly restoreAlways?: boolean } = {}): Outcome {
  const structural = toStructural(source.pattern)
  const text = JSON.stringify(ruleDocument(ruleOf(source, structural), { pattern: 'structural' }))
  const compiled = compileRecord({ id: 'case', version: 1, format: 'json', source: text })
  if (!compiled.ok) {
    const problem = compiled.problems.find((each) => each.severity === 'error')
    return { kind: 'error', error: 'invalidPattern', why: `${problem?.code}: ${problem?.message}` }
  }
  return new ProductRun(source, structural, text, options.restoreAlways === true).run()
}

function ruleOf(source: Case, structural: Structural): RuleDefinition {
  const nameOf = (stage: string): string =>
    structural.definitions.find((definition) => definition.stage === stage)?.name ?? 'unknown'
  return {
    id: 'case',
    namespace: 'default',
    severity: 'medium',
    status: 'live',
    tags: [],
    references: [],
    falsePositives: [],
    by: [{ text: source.keyBy === undefined ? 'one' : `\`${source.keyBy}\``, pointer: '/by' }],
    events: structural.definitions.map((definition) => ({
      name: definition.name,
      from: 'case.event',
      where: {
        text: toExpression(definition.where, {
          nameOf,
          ownSingle: definition.isCounted ? undefined : definition.stage,
        }),
        pointer: `/events/${definition.name}/where`,
      },
    })),
    pattern: doubled(structural.pattern),
    afterMatch: structural.afterMatch,
    suppress: false,
    except: [],
    alert: { evidence: [], includeEvents: false },
    // Nothing runs out of time without a limit; without `onTimeout` the compiler may choose a leaner matcher.
    ...(JSON.stringify(source.pattern).includes('"within"')
      ? { onTimeout: { evidence: [], includeEvents: false } }
      : {}),
    limits: { partialMatchesMax: 1_000_000, unbounded: true },
    tests: [],
  }
}

/** Every limit doubled, as the times are. */
function doubled(pattern: Pattern): Pattern {
  const twice = <K extends string>(
    key: K,
    ms: number | undefined,
  ): { readonly [k in K]?: ReturnType<typeof durationMs> } =>
    ms === undefined ? {} : ({ [key]: durationMs(ms * 2) } as { [k in K]: ReturnType<typeof durationMs> })
  const step = (each: PatternStep): PatternStep => {
    if (each.kind === 'absence') return { ...each, ...twice('forMs', each.forMs) }
    const quantifier =
      each.quantifier === undefined
        ? {}
        : { quantifier: { ...each.quantifier, ...twice('gapMs', each.quantifier.gapMs) } }
    const positive = { ...twice('hopMs', each.hopMs), ...quantifier }
    if (each.kind === 'group') return { ...each, ...doubled(each), ...positive }
    if (each.kind === 'choice') return { ...each, branches: each.branches.map(doubled), ...positive }
    return { ...each, ...positive }
  }
  return { ...pattern, steps: pattern.steps.map(step), ...twice('withinMs', pattern.withinMs) }
}

/** Wide enough that only ticks move the watermark, where a case says so itself. */
const LATENESS = 10_000_000_000
const FAR_AHEAD = 1_000_000_000
const encoder = new TextEncoder()

class ProductRun {
  readonly #case: Case
  readonly #structural: Structural
  readonly #restoreAlways: boolean
  readonly #options: PartitionOptions
  readonly #latenessMs: number
  readonly #rows = new Map<string, Uint8Array>()
  readonly #indexBySequence = new Map<number, number>()
  readonly #out: Emission[] = []
  #partition: Partition & { statistics?: unknown }
  #sequence = 0
  #newest = CASE_START - 1000
  #heardAt = CASE_START
  #now = 0
  #at = -1
  #hasMissed = false
  /** Events of a case with a tie break of its own, which the product does not have: they are logged in the order it asks for. */
  #waiting: number[] = []

  constructor(source: Case, structural: Structural, rule: string, restoreAlways: boolean) {
    this.#case = source
    this.#structural = structural
    this.#restoreAlways = restoreAlways
    this.#latenessMs = source.mode === 'operator' && source.time !== 'processing' ? LATENESS : 0
    this.#options = {
      index: 0,
      count: 1,
      stream: 'CASE',
      sources: [
        {
          name: 'case',
          subjects: ['>'],
          timestamp: { path: 'product_time' },
          latenessMs: this.#latenessMs,
          maxAheadMs: Number.MAX_SAFE_INTEGER,
        },
      ],
    }
    this.#partition = createPartition(this.#options)
    this.#log('sequitur.log.rule', {
      kind: 'put',
      id: 'case',
      version: 1,
      status: 'live',
      format: 'json',
      source: rule,
    })
    // The clock starts with an event that no rule reads.
    this.#log('case.start', { product_time: this.#newest })
  }

  run(): Outcome {
    const operations: readonly Operation[] =
      this.#case.input ?? this.#case.events.map((_, event) => ({ event }))
    operations.forEach((operation, position) => {
      this.#at = position
      this.#perform(operation)
      this.#collect()
      if (this.#restoreAlways) this.#restore()
    })
    if (this.#hasMissed)
      return { kind: 'error', error: 'runtimeSkipError', why: 'the step to skip to is missing' }
    const statistics = (this.#partition as ReturnType<typeof createPartition>).statistics()
    return {
      kind: 'ran',
      out: this.#out,
      partialMatches: statistics.partialMatches,
      buffered: statistics.waitingEvents,
    }
  }

  #perform(operation: Operation): void {
    const isSequence = this.#case.mode === 'sequence'
    if ('event' in operation) {
      if (isSequence) this.#at = operation.event
      if (this.#case.tieBreak !== undefined) this.#waiting.push(operation.event)
      else this.#event(operation.event, this.#timeOf(operation.event))
    } else if ('advance' in operation) {
      this.#at = -1
      this.#reach(toProductTime(operation.advance))
    } else if ('watermark' in operation) {
      if (operation.watermark === 'min') return
      const watermark = operation.watermark === 'max' ? FAR_AHEAD : operation.watermark
      this.#logWaiting(watermark)
      // Flink's watermark W: everything at W or before it has come.
      this.#reach(toProductTime(watermark) + 1)
    } else if ('processingTime' in operation) {
      this.#logWaiting(operation.processingTime)
      this.#now = operation.processingTime
      this.#reach(toProductTime(operation.processingTime))
    } else this.#restore()
  }

  #timeOf(event: number): number {
    return this.#case.time === 'processing' ? this.#now : (this.#case.events[event]?.ts ?? 0)
  }

  #event(index: number, time: number): void {
    const productTime = toProductTime(time)
    this.#newest = Math.max(this.#newest, productTime)
    const { ts: _, ...fields } = this.#case.events[index] ?? {}
    const sequence = this.#log('case.event', { ...fields, one: 1, product_time: productTime })
    this.#indexBySequence.set(sequence, index)
  }

  #logWaiting(until: number): void {
    const { tieBreak } = this.#case
    if (tieBreak === undefined) return
    const rank = (index: number): number => Number(this.#case.events[index]?.[tieBreak] ?? 0)
    const due = this.#waiting.filter((index) => this.#timeOf(index) <= until)
    this.#waiting = this.#waiting.filter((index) => this.#timeOf(index) > until)
    due.sort((left, right) => this.#timeOf(left) - this.#timeOf(right) || rank(left) - rank(right))
    for (const index of due) this.#event(index, this.#timeOf(index))
  }

  /** Moves the watermark by a tick: event time goes on from the newest event at the pace of the ticks. */
  #reach(watermark: number): void {
    const storedAt = watermark - this.#newest + this.#latenessMs + this.#heardAt
    if (storedAt <= this.#heardAt) return
    this.#log('sequitur.log.tick', {}, storedAt)
  }

  #log(subject: string, payload: unknown, ingestedAt = this.#heardAt): number {
    const sequence = ++this.#sequence
    const entry: LogEntry = {
      sequence: streamSequence(sequence),
      subject,
      ingestedAt: eventTime(ingestedAt),
      payload: encoder.encode(JSON.stringify(payload)),
    }
    this.#partition.process([entry])
    return sequence
  }

  #collect(): void {
    const step = this.#partition.takeStep()
    for (const effect of step?.effects ?? []) this.#note(effect)
    for (const { id, value } of step?.rows ?? []) {
      if (value === undefined) this.#rows.delete(id)
      else this.#rows.set(id, value.slice())
    }
  }

  #restore(): void {
    this.#collect()
    const rows: StateRow[] = [...this.#rows].map(([id, value]) => ({ id, value }))
    this.#partition = restorePartition(this.#options, rows)
  }

  #note(effect: Effect): void {
    const payload = JSON.parse(effect.payload)
    if (effect.kind === 'late') {
      const event = this.#indexBySequence.get(payload.sequence ?? payload.seq ?? payload.data?.sequence)
      if (event !== undefined) this.#out.push({ kind: 'late', event, emittedAt: this.#at })
    } else if (effect.kind === 'notice') {
      if (effect.payload.includes('skip-step-missed')) this.#hasMissed = true
    } else if (effect.kind === 'alert') {
      const stages: Record<string, number[]> = {}
      const taken: ReadonlyArray<{ step: string; seq: number; time: string }> = payload.data.events
      const inOrder = [...taken].sort(
        (left, right) => Date.parse(left.time) - Date.parse(right.time) || left.seq - right.seq,
      )
      for (const { step, seq } of inOrder) {
        const stage = this.#structural.definitions.find((definition) => definition.name === step)?.stage
        if (stage === undefined) continue
        stages[stage] = [...(stages[stage] ?? []), this.#indexBySequence.get(seq) ?? -1]
      }
      this.#out.push({
        kind: payload.data.timed_out === true ? 'timeout' : 'match',
        stages,
        ts: toCaseTime(Date.parse(payload.data.completed_at)),
        emittedAt: this.#at,
      })
    }
  }
}
