import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LogWriter, type PairRule, pairParts } from '../../../test/support/pair-engine.ts'
import type { JsonValue } from '../model/index.ts'
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
    expect([...rows.keys()].sort()).toEqual(['m', 'r/pair'])
  })

  test.each([0, 5])(
    'removed rules say nothing any more, however many share their key, nor do %i in their place',
    (count) => {
      const ids = Array.from({ length: 20 }, (_, index) => `rule-${index}`)
      const log = new LogWriter()
      for (const rule of ids) log.rule(BASE, { ...PAIR, rule })
      log.add(BASE + 10, 'demo.a', { user: 'u1' })
      for (const id of ids.slice(10))
        log.add(BASE + 20, 'sequitur.log.rule', { kind: 'remove', id, version: 1 })
      for (const id of ids.slice(0, count)) log.rule(BASE + 20, { ...PAIR, rule: `new-${id}` })
      const { effects } = run(end(log).entries, { restore: false })
      const alerts = effects.filter(({ kind }) => kind === 'alert')
      expect(alerts.map(({ payload }) => JSON.parse(payload).data.rule)).toEqual(ids.slice(0, 10).sort())
    },
  )

  test('rules speak in order of id, in whatever order they came', () => {
    // Each comes right before the last: sooner or later there is no room in between.
    const ids = Array.from({ length: 40 }, (_, index) => `${'a'.repeat(40 - index)}b`)
    for (const order of [ids, ids.toReversed(), ids.toSorted((a, b) => (a.length % 7) - (b.length % 7))]) {
      const log = new LogWriter()
      for (const rule of order) log.rule(BASE, { ...PAIR, rule })
      log.add(BASE + 10, 'demo.a', { user: 'u1' }).add(BASE + 20, 'demo.b', { user: 'u1' })
      const { effects } = run(log.entries)
      expect(effects.map(({ payload }) => JSON.parse(payload).data.rule)).toEqual(ids.toSorted())
    }
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

  test('order within the lateness does not matter', () => {
    const events = fc.array(
      fc.record({
        user: fc.constantFrom('u1', 'u2'),
        kind: fc.constantFrom('a', 'b'),
        delay: fc.integer({ min: 0, max: 49 }),
      }),
      { maxLength: 40, size: 'max' },
    )
    fc.assert(
      fc.property(events, (items) => {
        const sent = items.map((item, index) => ({ ...item, at: BASE + 10 * index, id: `e${index}` }))
        const play = (order: typeof sent): unknown[] => {
          const log = new LogWriter()
            .rule(BASE, { ...PAIR, withinMs: 45, suppressMs: 35 })
            .rule(BASE, { ...PAIR, rule: 'silence', absence: true, withinMs: 25 })
          for (const { user, kind, at, id } of order) {
            log.add(BASE + 1000, `demo.${kind}`, { user, at }, { 'nats-msg-id': id })
          }
          log.add(BASE + 2000, 'sequitur.log.tick', {})
          const { effects, partition } = run(log.entries, { options: withLateness(50) })
          expect(partition.counters.late).toBe(0)
          return effects.map(({ kind, time, payload }) => {
            const { data } = JSON.parse(payload)
            const taken = data.events.map(({ id, step }: { id: string; step: string }) => `${step} ${id}`)
            return {
              kind,
              time,
              rule: data.rule,
              key: data.key,
              taken: taken.sort(),
              suppressed: data.suppressed,
            }
          })
        }
        const shuffled = [...sent].sort((a, b) => a.at + a.delay - (b.at + b.delay))
        expect(play(shuffled)).toEqual(play(sent))
      }),
      { numRuns: 300 },
    )
  })

  test('rules do not disturb each other, however many share a key', () => {
    const rules = Array.from(
      { length: 60 },
      (_, index): PairRule => ({
        rule: `r${String(index).padStart(2, '0')}`,
        a: index % 3 === 0 ? 'demo.>' : 'demo.a',
        b: index % 4 === 0 ? 'demo.c' : 'demo.b',
        withinMs: 50 + (index % 7) * 20,
        absence: index % 5 === 0,
        ...(index % 2 === 0 ? { by: ['other'] } : {}),
        ...(index % 6 < 4 ? { below: ['amount', index % 9] } : {}),
      }),
    )
    const events = fc.array(
      fc.record({
        kind: fc.constantFrom('a', 'b', 'c'),
        user: fc.constantFrom('u1', 'u2', null),
        other: fc.constantFrom('u1', 'u2', 'u3'),
        amount: fc.constantFrom<JsonValue>(0, 3, 6, 9, 'x'),
      }),
      { maxLength: 25, size: 'max' },
    )
    fc.assert(
      fc.property(events, fc.array(fc.nat(90)), (items, cuts) => {
        const play = (active: readonly PairRule[]): { effects: Effect[]; counts: unknown[] } => {
          const log = new LogWriter()
          for (const rule of active) log.rule(BASE, rule)
          log.add(BASE, 'sequitur.log.tick', {})
          items.forEach(({ kind, ...data }, index) => void log.add(BASE + 10 * index, `demo.${kind}`, data))
          log.add(BASE + 5000, 'sequitur.log.tick', {})
          const shift = rules.length - active.length
          const entries = log.entries.map((entry) => ({
            ...entry,
            sequence: (entry.sequence + shift) as never,
          }))
          const { effects, partition } = run(entries, { cuts: new Set(cuts) })
          const counts = partition
            .ruleStatistics()
            .map(({ id, errors, withoutKey }) => ({ id, errors, withoutKey }))
          return { effects, counts }
        }
        const together = play(rules)
        const alone = rules.map((rule) => play([rule]))
        const said = (effects: readonly Effect[]): string[] => effects.map(({ payload }) => payload).sort()
        expect(said(together.effects)).toEqual(said(alone.flatMap(({ effects }) => effects)))
        expect(together.counts).toEqual(alone.flatMap(({ counts }) => counts))
      }),
      { numRuns: 30 },
    )
  })
})

describe('hostile entries', () => {
  const encoder = new TextEncoder()
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.json().map((text) => encoder.encode(text)),
    fc
      .jsonValue()
      .map((value) => encoder.encode(JSON.stringify({ user: value, amount: value, __proto__: value }))),
    fc
      .constantFrom(
        '{"__proto__":{"polluted":true},"user":"u"}',
        '{"user":"a.b.*.>\\r\\n"}',
        '{"user":"\\ud800"}',
      )
      .map((text) => encoder.encode(text)),
    fc
      .constantFrom('['.repeat(60_000), '{"a":'.repeat(10_000), '"', '{"user":1e999}')
      .map((text) => encoder.encode(text)),
  )
  const headers = fc.option(
    fc.dictionary(
      fc.constantFrom('traceparent', 'ce-id', 'ce-specversion', 'content-type', 'nats-msg-id', '__proto__'),
      fc.string(),
    ),
    { nil: undefined },
  )

  test('never throw, never pollute, and are all accounted for', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constantFrom(
              'demo.a',
              'demo.b',
              'sequitur.log.rule',
              'sequitur.log.list',
              'sequitur.log.silence',
              'sequitur.log.erase',
              'sequitur.log.tick',
              'sequitur.log.other',
            ),
            hostile,
            headers,
          ),
          { maxLength: 20 },
        ),
        (items) => {
          const log = new LogWriter().rule(BASE, { ...PAIR, below: ['amount', 5] })
          items.forEach(
            ([subject, payload, extra], index) => void log.add(BASE + index, subject, payload, extra),
          )
          const { effects, partition } = run(log.entries, { cuts: new Set([3, 9]) })
          const { counters } = partition
          expect(counters.processed + counters.late + counters.deadLettered).toBe(counters.events)
          for (const { payload } of effects) expect(() => JSON.parse(payload)).not.toThrow()
          expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
        },
      ),
      { numRuns: 500 },
    )
  })
})
