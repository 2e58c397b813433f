import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LogWriter, type PairRule, pairParts } from '../../../test/support/pair-engine.ts'
import type { Effect, LogEntry, StateRow } from './contract.ts'
import type { PartitionOptions } from './options.ts'
import { EnginePartition } from './partition.ts'

const OPTIONS: PartitionOptions = { index: 0, count: 1, stream: 'INPUT' }
const PAIR: PairRule = { rule: 'pair', a: 'demo.a', b: 'demo.b', withinMs: 1000 }
const BASE = 1_767_225_600_000

const fresh = (options: Partial<PartitionOptions> = {}): EnginePartition =>
  new EnginePartition({ ...OPTIONS, ...options }, pairParts)

/** Runs a log; at each of `cuts` the partition is stored, forgotten and restored. */
function run(
  entries: readonly LogEntry[],
  how: {
    options?: Partial<PartitionOptions>
    cuts?: ReadonlySet<number>
    twice?: boolean
    restore?: boolean
  } = {},
): { effects: Effect[]; partition: EnginePartition; rows: Map<string, Uint8Array> } {
  const rows = new Map<string, Uint8Array>()
  const effects: Effect[] = []
  let partition = fresh(how.options)
  const cut = (): void => {
    const step = partition.takeStep()
    if (step === undefined) return
    effects.push(...step.effects)
    for (const { id, value } of step.rows) {
      if (value === undefined) rows.delete(id)
      else rows.set(id, value.slice())
    }
    if (how.restore === false) return
    const stored: StateRow[] = [...rows].map(([id, value]) => ({ id, value })).reverse()
    partition = fresh(how.options)
    partition.restore(stored)
  }
  entries.forEach((entry, index) => {
    partition.process(how.twice === true ? [entry, entry] : [entry])
    if (how.cuts?.has(index)) cut()
  })
  const step = partition.takeStep()
  effects.push(...(step?.effects ?? []))
  for (const { id, value } of step?.rows ?? []) {
    if (value === undefined) rows.delete(id)
    else rows.set(id, value)
  }
  return { effects, partition, rows }
}

const kinds = (effects: readonly Effect[]): string[] =>
  effects.map(({ kind, subject }) => `${kind} ${subject}`)

describe('a partition', () => {
  test('alerts when a pattern is complete', () => {
    const log = new LogWriter().rule(BASE, PAIR)
    log.add(BASE + 10, 'demo.a', { user: 'u1' }).add(BASE + 20, 'demo.b', { user: 'u1' })
    const { effects } = run(log.entries)
    expect(kinds(effects)).toEqual(['alert alerts.test.pair.high'])
    const alert = JSON.parse(effects[0]?.payload ?? '')
    expect(alert).toMatchObject({
      specversion: '1.0',
      type: 'alert.raised.v1',
      source: '/rules/pair',
      subject: 'u1',
      time: new Date(BASE + 20).toISOString(),
      data: {
        rule: 'pair',
        version: 1,
        mode: 'live',
        key: { user: 'u1' },
        events: [
          { step: 'A', id: '2', stream: 'INPUT', seq: 2 },
          { step: 'B', id: '3', stream: 'INPUT', seq: 3 },
        ],
        suppressed: { count: 0 },
      },
    })
    expect(alert.id).toMatch(/^pair\.1\.[a-z2-7]{26}$/)
  })

  test('alerts on an absence when ticks let time go on', () => {
    const log = new LogWriter().rule(BASE, { ...PAIR, absence: true }).add(BASE, 'demo.a', { user: 'u1' })
    log.add(BASE + 999, 'sequitur.log.tick', {}).add(BASE + 1000, 'sequitur.log.tick', {})
    const { partition } = run(log.entries.slice(0, 3))
    expect(partition.pendingEffects).toBe(0)
    const { effects } = run(log.entries)
    expect(effects.map(({ time }) => time)).toEqual([BASE + 1000])
    expect(JSON.parse(effects[0]?.payload ?? '').data.deadline).toBe(new Date(BASE + 1000).toISOString())
  })

  test('keeps 1 and "1" apart', () => {
    const log = new LogWriter().rule(BASE, PAIR)
    log
      .add(BASE, 'demo.a', { user: 1 })
      .add(BASE + 1, 'demo.b', { user: '1' })
      .add(BASE + 2, 'demo.b', { user: 1 })
    const { effects } = run(log.entries)
    expect(effects.map(({ payload }) => JSON.parse(payload).data.key)).toEqual([{ user: 1 }])
  })

  test('counts events without a usable key', () => {
    const log = new LogWriter().rule(BASE, PAIR)
    for (const data of [{}, { user: null }, { user: [1] }, { user: 'x'.repeat(300) }])
      log.add(BASE, 'demo.a', data)
    const { partition } = run(log.entries)
    expect(partition.rules.get('pair')?.running?.runtime.extras.counts.withoutKey).toEqual({
      'key-missing': 2,
      'key-not-scalar': 1,
      'key-too-long': 1,
    })
  })

  test('counts predicate errors with a sample and goes on', () => {
    const log = new LogWriter().rule(BASE, { ...PAIR, below: ['amount', 5] })
    log.add(BASE, 'demo.a', { user: 'u', amount: '3' }).add(BASE, 'demo.a', { user: 'u', amount: null })
    const { partition } = run(log.entries)
    const errors = partition.rules.get('pair')?.running?.runtime.extras.counts.errors
    expect(errors).toEqual([
      { step: 'A', code: 'T2010', count: 2, sample: { message: 'not a number', sequence: 2 } },
    ])
  })

  test('suppresses, and the count rides on the next alert', () => {
    const log = new LogWriter().rule(BASE, { ...PAIR, suppressMs: 5000 })
    for (const at of [0, 1000, 2000, 6000]) {
      log.add(BASE + at, 'demo.a', { user: 'u' }).add(BASE + at + 10, 'demo.b', { user: 'u' })
    }
    const { effects } = run(log.entries)
    expect(effects.map(({ kind }) => kind)).toEqual(['alert', 'withheld-alert', 'withheld-alert', 'alert'])
    expect(JSON.parse(effects[1]?.payload ?? '').data.withheld).toMatchObject({ reason: 'suppressed' })
    expect(JSON.parse(effects[3]?.payload ?? '').data.suppressed).toEqual({ count: 2 })
  })

  test('records an excepted alert with its reason', () => {
    const log = new LogWriter().rule(BASE, { ...PAIR, except: 'qa' })
    log.add(BASE, 'demo.a', { user: 'qa' }).add(BASE, 'demo.b', { user: 'qa' })
    const { effects } = run(log.entries)
    expect(kinds(effects)).toEqual(['withheld-alert withheld.alerts.test.pair.high'])
    expect(JSON.parse(effects[0]?.payload ?? '').data.withheld).toMatchObject({
      reason: 'excepted',
      exception: 'exception',
    })
  })

  test('a shadow rule speaks on subjects of its own', () => {
    const log = new LogWriter().rule(BASE, PAIR, 1, 'shadow')
    log.add(BASE, 'demo.a', { user: 'u' }).add(BASE, 'demo.b', { user: 'u' })
    expect(kinds(run(log.entries).effects)).toEqual(['shadow-alert shadow.alerts.test.pair.high'])
  })

  test('late events and dead letters are effects', () => {
    const log = new LogWriter().rule(BASE, PAIR)
    log.add(BASE, 'demo.a', { user: 'u' }).add(BASE - 5, 'demo.b', { user: 'u' })
    log.add(BASE, 'demo.a', new TextEncoder().encode('{broken'))
    const { effects, partition } = run(log.entries)
    expect(kinds(effects)).toEqual(['late sequitur.late.0', 'dead-letter sequitur.dead-letter.0'])
    expect(partition.counters).toEqual({ events: 3, processed: 1, late: 1, deadLettered: 1, duplicates: 0 })
  })
})

describe('rules change through the log', () => {
  const half = (log: LogWriter): LogWriter => log.rule(BASE, PAIR).add(BASE + 10, 'demo.a', { user: 'u1' })
  const end = (log: LogWriter): LogWriter => log.add(BASE + 30, 'demo.b', { user: 'u1' })

  test('a compatible version keeps partial matches', () => {
    const log = end(half(new LogWriter()).rule(BASE + 20, { ...PAIR, suppressMs: 9 }, 2))
    const { effects } = run(log.entries)
    expect(effects.map(({ payload }) => JSON.parse(payload).data.version)).toEqual([2])
  })

  test('an incompatible version drops them and says so', () => {
    const log = end(half(new LogWriter()).rule(BASE + 20, { ...PAIR, withinMs: 2000 }, 2))
    const { effects } = run(log.entries)
    expect(effects.map(({ payload }) => JSON.parse(payload))).toMatchObject([
      { code: 'partial-matches-dropped', rule: 'pair', version: 1, count: 1 },
    ])
  })

  test('an old version is ignored', () => {
    const log = end(half(new LogWriter()).rule(BASE + 20, { ...PAIR, withinMs: 2000 }, 1))
    expect(run(log.entries).effects.map(({ kind }) => kind)).toEqual(['alert'])
  })

  test('a version that does not compile is quarantined and the running one stays', () => {
    const log = end(half(new LogWriter()).rule(BASE + 20, { ...PAIR, broken: true }, 2))
    const { effects } = run(log.entries)
    expect(effects.map(({ kind }) => kind)).toEqual(['notice', 'alert'])
    expect(JSON.parse(effects[0]?.payload ?? '').code).toBe('rule-quarantined')
  })

  test('a removed rule leaves no rows behind', () => {
    const log = half(new LogWriter())
    log.add(BASE + 20, 'sequitur.log.rule', { kind: 'remove', id: 'pair', version: 1 })
    const { rows } = run(end(log).entries, { cuts: new Set([1]) })
    expect([...rows.keys()].sort()).toEqual(['m', 'r/pair', 'x/pair'])
  })

  test('an erased key is forgotten', () => {
    const log = half(new LogWriter()).add(BASE + 20, 'sequitur.log.erase', { key: 'u1' })
    const { effects, rows } = run(end(log).entries, { cuts: new Set([1]) })
    expect(effects).toEqual([])
    expect([...rows.keys()].filter((id) => id.startsWith('k/') || id.startsWith('e/'))).toEqual([])
  })
})

/** Logs of a few users, subjects and rules, out of order and with broken entries and ticks in between. */
const logs = fc
  .array(
    fc.record({
      gap: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constantFrom(0, 0, 100, 400)),
      behind: fc.integer({ min: 0, max: 350 }),
      kind: fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom('a', 'b') },
        { weight: 1, arbitrary: fc.constantFrom('c', 'tick', 'broken', 'rule', 'erase') },
      ),
      user: fc.oneof({ weight: 8, arbitrary: fc.constantFrom('u1', 'u2') }, fc.constantFrom(3, null)),
    }),
    { maxLength: 60, size: 'max' },
  )
  .map((steps) => {
    const log = new LogWriter()
      .rule(BASE, { ...PAIR, suppressMs: 800 })
      .rule(BASE, { ...PAIR, rule: 'silence', absence: true, withinMs: 300 })
    let at = BASE + 1000
    let version = 1
    for (const { gap, behind, kind, user } of steps) {
      at += gap
      if (kind === 'tick') log.add(at, 'sequitur.log.tick', {})
      else if (kind === 'broken') log.add(at, 'demo.a', [1])
      else if (kind === 'erase') log.add(at, 'sequitur.log.erase', { key: user })
      else if (kind === 'rule') log.rule(at, { ...PAIR, withinMs: 1000 + (version % 3) * 10 }, ++version)
      else log.add(at, `demo.${kind}`, { user, at: at - behind })
    }
    return log.entries
  })

const LATENESS = fc.constantFrom(0, 300, 1000)
const withLateness = (latenessMs: number): Partial<PartitionOptions> => ({
  sources: [{ name: 'demo', subjects: ['demo.>'], timestamp: { path: 'at' }, latenessMs }],
})

describe('laws', () => {
  test('where batches are cut, and restoring at any point, make no difference', () => {
    fc.assert(
      fc.property(
        logs,
        LATENESS,
        fc.array(fc.nat(61)),
        fc.boolean(),
        (entries, latenessMs, cuts, restore) => {
          const options = withLateness(latenessMs)
          const straight = run(entries, { options })
          const stored = run(entries, { options, cuts: new Set(cuts), restore })
          expect(stored.effects).toEqual(straight.effects)
          expect(stored.partition.watermark).toBe(straight.partition.watermark)
          expect(stored.partition.counters).toEqual(straight.partition.counters)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('every entry twice is every entry once', () => {
    fc.assert(
      fc.property(logs, LATENESS, (entries, latenessMs) => {
        const options = withLateness(latenessMs)
        const twice = run(entries, { options, twice: true })
        expect(twice.effects).toEqual(run(entries, { options }).effects)
        expect(twice.partition.counters.duplicates).toBe(entries.length)
      }),
      { numRuns: 100 },
    )
  })

  test('k partitions together say what one says', () => {
    const said = (effects: readonly Effect[]): string[] =>
      effects
        .filter(({ kind }) => kind !== 'notice')
        .map(({ id, kind, subject, payload }) => {
          const plain = kind === 'late' || kind === 'dead-letter' ? subject.replace(/\d+$/, '') : subject
          return `${id} ${kind} ${plain} ${payload}`
        })
        .sort()
    fc.assert(
      fc.property(logs, LATENESS, fc.integer({ min: 2, max: 5 }), (entries, latenessMs, count) => {
        const options = withLateness(latenessMs)
        const parts = Array.from({ length: count }, (_, index) =>
          run(entries, { options: { ...options, index, count } }),
        )
        const union = parts.flatMap(({ effects }) => effects)
        expect(said(union)).toEqual(said(run(entries, { options }).effects))
      }),
      { numRuns: 100 },
    )
  })

  test('events = processed + late + dead-lettered', () => {
    fc.assert(
      fc.property(logs, LATENESS, (entries, latenessMs) => {
        const { counters } = run(entries, { options: withLateness(latenessMs) }).partition
        expect(counters.processed + counters.late + counters.deadLettered).toBe(counters.events)
      }),
      { numRuns: 100 },
    )
  })

  test('nothing is left when all state is over', () => {
    fc.assert(
      fc.property(logs, LATENESS, fc.array(fc.nat(61)), (entries, latenessMs, cuts) => {
        const options = withLateness(latenessMs)
        const end = Math.max(...entries.map(({ ingestedAt }) => ingestedAt)) + 100_000
        const log = new LogWriter().add(end, 'demo.c', { at: end }).add(end + 9_999, 'sequitur.log.tick', {})
        const rest = log.entries.map((entry) => ({ ...entry, sequence: (entry.sequence + 1000) as never }))
        const { rows } = run([...entries, ...rest], { options, cuts: new Set(cuts), restore: false })
        expect([...rows.keys()].filter((id) => /^[ekbs]\//.test(id))).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})
