import type { LoggedEvent } from '../decode/index.ts'
import type { SuppressionState } from '../emit/index.ts'
import { invariant, type StreamEvent } from '../model/index.ts'
import type { Router } from '../route/index.ts'
import type { SourceReading } from '../time/index.ts'
import type { DoneErasure, PartitionCounters, StateRow } from './contract.ts'
import type { EventStore } from './event-store.ts'
import type { StoredBudget } from './guest-budgets.ts'
import type { Lists } from './lists.ts'
import { RowReader, RowWriter } from './row-codec.ts'
import {
  extrasRow,
  keyPrefix,
  listRow,
  listVersionRow,
  META,
  pageRow,
  parseRowId,
  ruleRow,
  silenceRow,
  suppressionRow,
} from './row-ids.ts'
import type { RuleExtras, RuleRuntime } from './rule-runtime.ts'
import type { RuleSet, StoredRule } from './rule-set.ts'
import type { SilenceChange, Silences } from './silences.ts'
import type { WaitingEvents } from './waiting-events.ts'

/** What a partition knows beside rules, keys, lists and events. */
export interface StoredMeta {
  readonly format: 1
  readonly position: number
  readonly ingestedAt: number
  /** Event time that deadlines have been fired up to. */
  readonly now: number
  readonly counters: PartitionCounters
  readonly effectNumber: number
  readonly watermark: number
  readonly sources: readonly SourceReading[]
  /** By id. */
  readonly erasures?: ReadonlyArray<readonly [id: string, done: DoneErasure]>
  /** What namespaces that are guests may still use. */
  readonly guests?: readonly StoredBudget[]
}

/** The parts of a partition that rows are made of. */
export interface Stateful {
  readonly rules: RuleSet
  readonly router: Router
  readonly lists: Lists
  readonly silences: Silences
  readonly events: EventStore
  readonly waiting: WaitingEvents
  /** Emptied here. */
  readonly dirtyRules: RuleRuntime[]
}

const NO_EVENTS: readonly LoggedEvent[] = []
const encoder = new TextEncoder()
const decoder = new TextDecoder()

const json = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value))

/** The rows that changed since the last call. */
export function takeRows(state: Stateful, meta: StoredMeta): StateRow[] {
  const rows: StateRow[] = []
  for (const id of state.rules.orphans.splice(0)) rows.push({ id, value: undefined })
  const hasStopped = state.rules.stopped.length > 0
  for (const runtime of state.rules.stopped.splice(0)) forgetRule(state, runtime, rows)
  for (const id of state.rules.changed) {
    const stored = state.rules.stored(id)
    if (stored !== undefined) rows.push({ id: ruleRow(id), value: json(stored) })
  }
  state.rules.changed.clear()
  takeRuleRows(state, rows)
  // Also of rules that nothing happened to: what is kept back ends by itself.
  for (const runtime of state.rules.running) {
    if (!runtime.suppressions.isIdle) takeSuppressionRows(runtime, meta.now, rows)
  }
  state.lists.drainChanges(({ list, value, until }) => {
    const bytes = until === undefined ? undefined : json(until === Number.POSITIVE_INFINITY ? null : until)
    rows.push({ id: listRow(list, value), value: bytes })
  })
  state.lists.drainVersions((list, version) => rows.push({ id: listVersionRow(list), value: json(version) }))
  state.silences.drainChanges((id, silence) =>
    rows.push({ id: silenceRow(id), value: silence === undefined ? undefined : json(silence) }),
  )
  rows.push(...state.waiting.takeRows())
  rows.push(...state.events.takeRows())
  rows.push({ id: META, value: json(meta) })
  // A rule that stopped and started again may give a row up and write it anew: a step holds each row once.
  return hasStopped ? [...new Map(rows.map((row) => [row.id, row])).values()] : rows
}

/** Does what taking the rows would do to the state, and writes none. */
export function forgetRows(state: Stateful, now: number): void {
  state.rules.orphans.length = 0
  state.rules.stopped.length = 0
  state.rules.changed.clear()
  for (const runtime of state.dirtyRules.splice(0)) {
    runtime.isDirty = false
    runtime.extrasDirty = false
    if (!state.rules.has(runtime)) continue
    const routes = state.rules.routesOf(runtime)
    runtime.matcher.drainChanges((key, encode, page) => {
      if (encode === undefined && page === 0 && routes !== undefined) state.router.settle(routes, key)
    })
  }
  for (const { suppressions } of state.rules.running) {
    if (suppressions.isIdle) continue
    suppressions.sweep(now)
    suppressions.drainChanges(() => undefined)
  }
  state.lists.drainChanges(() => undefined)
}

function takeRuleRows(state: Stateful, rows: StateRow[]): void {
  const { events } = state
  const captured: LoggedEvent[] = []
  const writer = new RowWriter((event: StreamEvent) => {
    events.refer(event)
    captured.push(event as LoggedEvent)
  })
  /** A copy is as long as it has to be; an array that grew has room for seventeen. */
  const takeCaptured = (): readonly LoggedEvent[] => {
    if (captured.length === 0) return NO_EVENTS
    const taken = captured.slice()
    captured.length = 0
    return taken
  }
  const takePage = (
    { storedPages }: RuleRuntime,
    id: string,
    encode: ((writer: RowWriter) => void) | undefined,
  ): void => {
    for (const event of storedPages.get(id) ?? NO_EVENTS) events.release(event)
    if (encode === undefined) {
      storedPages.delete(id)
      rows.push({ id, value: undefined })
      return
    }
    encode(writer)
    storedPages.set(id, takeCaptured())
    rows.push({ id, value: writer.finish() })
  }
  for (const runtime of state.dirtyRules.splice(0)) {
    runtime.isDirty = false
    if (!state.rules.has(runtime)) continue
    const { stored } = runtime
    const prefix = keyPrefix(runtime.name)
    const routes = state.rules.routesOf(runtime)
    runtime.matcher.drainChanges((key, encode, page) => {
      if (page > 0) {
        takePage(runtime, pageRow(runtime.name, page, key), encode)
        return
      }
      const before = stored.get(key)
      if (encode === undefined) {
        if (routes !== undefined) state.router.settle(routes, key)
        if (before === undefined) return
        stored.delete(key)
        rows.push({ id: prefix + key, value: undefined })
      } else {
        encode(writer)
        stored.set(key, takeCaptured())
        rows.push({ id: prefix + key, value: writer.finish() })
      }
      if (before !== undefined) for (const event of before) events.release(event)
    })
    if (runtime.extrasDirty) rows.push({ id: extrasRow(runtime.name), value: json(runtime.extras) })
    runtime.extrasDirty = false
  }
}

function takeSuppressionRows({ name, suppressions }: RuleRuntime, now: number, rows: StateRow[]): void {
  suppressions.sweep(now)
  suppressions.drainChanges((key, suppression) => {
    const value = suppression === undefined ? undefined : json(suppression)
    rows.push({ id: suppressionRow(name, key), value })
  })
}

/** The stored rows of a version that no longer runs go. */
function forgetRule(state: Stateful, runtime: RuleRuntime, rows: StateRow[]): void {
  const prefix = keyPrefix(runtime.name)
  for (const [key, events] of runtime.stored) {
    rows.push({ id: prefix + key, value: undefined })
    for (const event of events) state.events.release(event)
  }
  for (const [id, events] of runtime.storedPages) {
    rows.push({ id, value: undefined })
    for (const event of events) state.events.release(event)
  }
  for (const key of runtime.suppressions.keys()) runtime.suppressions.erase(key)
  takeSuppressionRows(runtime, 0, rows)
  rows.push({ id: extrasRow(runtime.name), value: undefined })
}

interface Numbered {
  readonly number: number
  readonly value: Uint8Array
}

interface Keyed {
  readonly id: string
  readonly rule: string
  readonly key: string
  /** Of a key's state beside its row. */
  readonly page?: number
  readonly value: Uint8Array
}

/** Puts rows back, whatever order they come in. */
export function restoreRows(
  state: Stateful,
  rows: Iterable<StateRow>,
  restoreMeta: (meta: StoredMeta) => void,
): void {
  const sorted = sortRows(rows)
  const { meta } = sorted
  if (meta === undefined) {
    invariant(sorted.isEmpty, 'stored state has its head row')
    return
  }
  invariant(meta.format === 1, 'stored state is of a known format')
  restoreMeta(meta)
  for (const row of sorted.lists) state.lists.restore(row)
  for (const { list, version } of sorted.listVersions) state.lists.restoreVersion(list, version)
  for (const silence of sorted.silences) state.silences.restore(silence)
  for (const { rule, stored } of sorted.rules) state.rules.restore(rule, stored)
  state.events.load(sorted.events)
  for (const row of sorted.pages) restoreKey(state, row)
  for (const row of sorted.keys) restoreKey(state, row)
  state.events.loaded()
  restoreSuppressions(state, sorted.suppressions)
  for (const { rule, value } of sorted.extras) {
    state.rules.restoreExtras(rule, parse<RuleExtras>(value))
  }
  state.waiting.restore(sorted.buffered, meta.watermark)
  for (const runtime of state.rules.running) runtime.restored()
}

interface SortedRows {
  meta: StoredMeta | undefined
  isEmpty: boolean
  readonly rules: Array<{ readonly rule: string; readonly stored: StoredRule }>
  readonly lists: Array<{ readonly list: string; readonly value: string; readonly until: number | undefined }>
  readonly listVersions: Array<{ readonly list: string; readonly version: number }>
  readonly silences: SilenceChange[]
  readonly events: Numbered[]
  readonly buffered: Numbered[]
  readonly keys: Keyed[]
  readonly pages: Keyed[]
  readonly suppressions: Keyed[]
  readonly extras: Array<{ readonly rule: string; readonly value: Uint8Array }>
}

const parse = <T>(value: Uint8Array): T => JSON.parse(decoder.decode(value)) as T

function sortRows(rows: Iterable<StateRow>): SortedRows {
  const sorted: SortedRows = {
    meta: undefined,
    isEmpty: true,
    rules: [],
    lists: [],
    listVersions: [],
    silences: [],
    events: [],
    buffered: [],
    keys: [],
    pages: [],
    suppressions: [],
    extras: [],
  }
  for (const { id, value } of rows) {
    if (value === undefined) continue
    sorted.isEmpty = false
    const row = parseRowId(id)
    invariant(row !== undefined, `a stored row is of a known kind (${id.slice(0, 40)})`)
    switch (row.kind) {
      case 'meta':
        sorted.meta = parse(value)
        break
      case 'rule':
        sorted.rules.push({ rule: row.rule, stored: parse(value) })
        break
      case 'list':
        sorted.lists.push({
          list: row.list,
          value: row.value,
          until: parse<number | null>(value) ?? undefined,
        })
        break
      case 'list-version':
        sorted.listVersions.push({ list: row.list, version: parse(value) })
        break
      case 'silence':
        sorted.silences.push(parse(value))
        break
      case 'events':
        sorted.events.push({ number: row.number, value })
        break
      case 'buffered':
        sorted.buffered.push({ number: row.number, value })
        break
      case 'key':
        sorted.keys.push({ id, rule: row.rule, key: row.key, value })
        break
      case 'page':
        sorted.pages.push({ id, rule: row.rule, key: row.key, page: row.page, value })
        break
      case 'suppression':
        sorted.suppressions.push({ id, rule: row.rule, key: row.key, value })
        break
      case 'extras':
        sorted.extras.push({ rule: row.rule, value })
        break
      default:
        row satisfies never
    }
  }
  sorted.events.sort((a, b) => a.number - b.number)
  sorted.buffered.sort((a, b) => a.number - b.number)
  return sorted
}

function restoreKey(state: Stateful, { id, rule, key, page, value }: Keyed): void {
  const running = state.rules.named(rule)
  if (running?.routes === undefined) {
    // The rule is gone, or its text does not run any more: so is what it had begun.
    state.rules.orphans.push(id)
    return
  }
  const captured: LoggedEvent[] = []
  const reader = new RowReader(value, (sequence) => {
    const event = state.events.find(sequence)
    captured.push(event)
    return event
  })
  running.runtime.matcher.restore(key, reader, page)
  if (page !== undefined) {
    running.runtime.storedPages.set(id, captured)
    return
  }
  running.runtime.stored.set(key, captured)
  state.router.revive(running.routes, key)
}

function restoreSuppressions(state: Stateful, rows: readonly Keyed[]): void {
  const parsed = rows.map((row) => ({ ...row, state: parse<SuppressionState>(row.value) }))
  parsed.sort((a, b) => a.state.order - b.state.order)
  for (const { id, rule, key, state: suppression } of parsed) {
    const suppressions = state.rules.named(rule)?.runtime.suppressions
    if (suppressions === undefined) state.rules.orphans.push(id)
    else suppressions.restore(key, suppression)
  }
}
