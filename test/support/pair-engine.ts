import type { Automaton } from '../../src/engine/automaton/index.ts'
import type {
  KeyedMatcher,
  MatcherHost,
  PartialMatch,
  VisitChange,
} from '../../src/engine/matcher/contract.ts'
import {
  durationMs,
  type EventTime,
  type Expression,
  type ExpressionReads,
  eventTime,
  type Frame,
  type JsonValue,
  type Match,
  type StateReader,
  type StreamEvent,
  success,
} from '../../src/engine/model/index.ts'
import type { PartitionParts } from '../../src/engine/partition/index.ts'
import type { RuleProgram } from '../../src/engine/rule/program.ts'

/*
 * The smallest engine that a partition can run on: rules `A followed by B` and `A not followed by B`, written as JSON. It shows what
 * the partition does by itself, whatever the language and the matcher become.
 */

export interface PairRule {
  readonly rule: string
  readonly a: string
  readonly b: string
  readonly by?: readonly string[]
  readonly withinMs: number
  readonly absence?: boolean
  /** Field that A and B must have, below this limit. */
  readonly below?: readonly [string, number]
  readonly suppressMs?: number
  readonly except?: string
}

const reads = (field?: string): ExpressionReads => ({
  fields: field === undefined ? undefined : [[field]],
  steps: new Map(),
  lists: [],
  key: false,
  attributes: false,
})

export const field = (name: string): Expression => ({
  source: name,
  reads: reads(name),
  isCostly: false,
  evaluate: (frame) => {
    const { data } = frame.event as StreamEvent
    return { ok: true, value: Object.hasOwn(data, name) ? data[name] : undefined }
  },
  test: () => 0,
  lastError: undefined,
})

export function below(name: string, limit: number): Expression {
  const error = { code: 'T2010', message: 'not a number' }
  return {
    source: `${name} < ${limit}`,
    reads: reads(name),
    isCostly: false,
    evaluate: () => ({ ok: false, error }),
    test: (frame: Frame) => {
      const value = (frame.event as StreamEvent).data[name]
      if (value === undefined) return 0
      return typeof value === 'number' ? (value < limit ? 1 : 0) : -1
    },
    lastError: error,
  }
}

const keyIs = (value: string): Expression => ({
  source: `$key = ${value}`,
  reads: { ...reads(), key: true },
  isCostly: false,
  evaluate: (frame) => ({ ok: true, value: frame.key === value }),
  test: (frame) => (frame.key === value ? 1 : 0),
  lastError: undefined,
})

export function pairProgram(pair: PairRule, version = 1): RuleProgram {
  const by = (pair.by ?? ['user']).map(field)
  const unary = pair.below === undefined ? [] : [below(...pair.below)]
  const source = (text: string) => ({ text, pointer: '' })
  return {
    definition: {
      id: pair.rule,
      namespace: 'test',
      severity: 'high',
      status: 'live',
      tags: [],
      references: [],
      falsePositives: [],
      by: by.map((expression) => source(expression.source)),
      events: [
        { name: 'A', from: pair.a },
        { name: 'B', from: pair.b },
      ],
      pattern: { steps: [], withinMs: durationMs(pair.withinMs) },
      afterMatch: { kind: 'skip-past-last-event' },
      suppress: pair.suppressMs === undefined ? false : { forMs: durationMs(pair.suppressMs) },
      except: [],
      alert: { evidence: [], includeEvents: false },
      limits: {},
      tests: [],
    },
    version,
    keyNames: pair.by ?? ['user'],
    events: [
      { name: 'A', subject: pair.a, key: by, unary, conditional: [] },
      { name: 'B', subject: pair.b, key: by, unary, conditional: [] },
    ],
    automaton: pairAutomaton(pair),
    having: undefined,
    suppressBy: undefined,
    except: pair.except === undefined ? [] : [{ name: 'exception', when: keyIs(pair.except) }],
    alert: { message: undefined, evidence: [] },
    onTimeout: undefined,
    lists: [],
  }
}

interface PairAutomaton extends Automaton {
  readonly pair: PairRule
}

const pairAutomaton = (pair: PairRule): PairAutomaton =>
  ({
    pair,
    input: undefined,
    classification: { kind: 'pair', bound: '' },
    needsEveryEvent: false,
    startMask: 1,
    describe: () => 'A B',
  }) as unknown as PairAutomaton

export const pairParts: PartitionParts = {
  compiler: {
    compile: (record) => {
      const pair = JSON.parse(record.source) as PairRule & { readonly broken?: boolean }
      if (pair.broken === true) {
        return { ok: false, problems: [{ code: 'broken', severity: 'error', message: 'broken', at: {} }] }
      }
      return success(pairProgram(pair, record.version))
    },
    compare: (before, after) =>
      before.pattern.withinMs === after.pattern.withinMs ? 'compatible' : 'incompatible',
  },
  createMatcher: (automaton, host) => new PairMatcher((automaton as PairAutomaton).pair, host),
}

class PairMatcher implements KeyedMatcher {
  readonly #pair: PairRule
  readonly #host: MatcherHost
  readonly #starts = new Map<string, StreamEvent[]>()
  readonly #changed = new Set<string>()
  #hasEndedStarts = false

  constructor(pair: PairRule, host: MatcherHost) {
    this.#pair = pair
    this.#host = host
  }

  get keys(): number {
    return this.#starts.size
  }

  get partialMatches(): number {
    let count = 0
    for (const starts of this.#starts.values()) count += starts.length
    return count
  }

  get nextDeadline(): number {
    let next = Number.POSITIVE_INFINITY
    for (const starts of this.#starts.values()) {
      for (const start of starts) next = Math.min(next, start.time + this.#pair.withinMs)
    }
    return next
  }

  has(key: string): boolean {
    return this.#starts.has(key)
  }

  process(key: string, event: StreamEvent, mask: number): void {
    const starts = this.#starts.get(key) ?? []
    this.#changed.add(key)
    if ((mask & 2) !== 0 && starts.length > 0) {
      this.#starts.delete(key)
      const first = starts[0] as StreamEvent
      if (this.#pair.absence !== true) this.#match(key, [[first], [event]], event.time, event)
      if ((mask & 1) === 0 || this.#hasEndedStarts) return
      starts.length = 0
    }
    if ((mask & 1) === 0 || this.#hasEndedStarts) return
    starts.push(event)
    this.#starts.set(key, starts)
  }

  advance(time: EventTime): void {
    const due: Array<{ key: string; start: StreamEvent }> = []
    for (const [key, starts] of this.#starts) {
      for (const start of starts) if (start.time + this.#pair.withinMs <= time) due.push({ key, start })
    }
    due.sort((a, b) => a.start.time - b.start.time || a.start.sequence - b.start.sequence)
    for (const { key, start } of due) {
      this.#changed.add(key)
      const left = (this.#starts.get(key) ?? []).filter((candidate) => candidate !== start)
      if (left.length === 0) this.#starts.delete(key)
      else this.#starts.set(key, left)
      if (this.#pair.absence === true) {
        this.#match(key, [[start], []], eventTime(start.time + this.#pair.withinMs), undefined)
      }
    }
  }

  drainChanges(visit: VisitChange): void {
    for (const key of this.#changed) {
      const starts = this.#starts.get(key)
      visit(
        key,
        starts &&
          ((writer) => {
            writer.uint(starts.length)
            for (const start of starts) writer.event(start)
          }),
        0,
      )
    }
    this.#changed.clear()
  }

  restore(key: string, reader: StateReader): void {
    this.#starts.set(
      key,
      Array.from({ length: reader.uint() }, () => reader.event()),
    )
  }

  endStarts(): void {
    this.#hasEndedStarts = true
  }

  erase(key: string): void {
    this.#starts.delete(key)
    this.#changed.add(key)
  }

  *heldEvents(): Iterable<readonly [key: string, event: StreamEvent]> {
    for (const [key, starts] of this.#starts) for (const start of starts) yield [key, start]
  }

  *inspect(wanted?: string): Iterable<PartialMatch> {
    for (const [key, starts] of this.#starts) {
      if (wanted !== undefined && key !== wanted) continue
      for (const start of starts) yield { key, events: [[start], []], waitingFor: [1], startedAt: start.time }
    }
  }

  #match(
    key: string,
    events: ReadonlyArray<readonly StreamEvent[]>,
    completedAt: EventTime,
    completedBy: StreamEvent | undefined,
  ): void {
    const all = events.flat()
    const match: Match = {
      events,
      first: all[0] as StreamEvent,
      last: all[all.length - 1] as StreamEvent,
      completedAt,
      ...(completedBy === undefined ? {} : { completedBy }),
      taken: (slot) => events[slot] ?? [],
      count: (slot) => events[slot]?.length ?? 0,
    }
    if (this.#host.accept(match, key)) this.#host.matched(match, key)
  }
}

const encoder = new TextEncoder()

/** Log entries as a broker would hand them out. */
export class LogWriter {
  #sequence = 0
  readonly entries: Array<Parameters<import('../../src/engine/index.ts').Partition['process']>[0][number]> =
    []

  /** Stores at broker time `at`. */
  add(at: number, subject: string, data: JsonValue | Uint8Array, headers?: Record<string, string>): this {
    this.#sequence++
    this.entries.push({
      sequence: this.#sequence as never,
      subject,
      ingestedAt: eventTime(at),
      payload: data instanceof Uint8Array ? data : encoder.encode(JSON.stringify(data)),
      ...(headers === undefined ? {} : { headers }),
    })
    return this
  }

  rule(at: number, pair: PairRule & { readonly broken?: boolean }, version = 1, status = 'live'): this {
    const source = JSON.stringify(pair)
    const put = { kind: 'put', id: pair.rule, version, status, format: 'json', source }
    return this.add(at, 'sequitur.log.rule', put)
  }
}
