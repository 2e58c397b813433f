import { describe, expect, test } from 'vitest'
import { LogWriter, type PairRule, pairParts } from '../../../test/support/pair-engine.ts'
import type { JsonObject } from '../model/index.ts'
import type { Effect, StateRow } from './contract.ts'
import { EnginePartition } from './partition.ts'

const PAIR: PairRule = { rule: 'pair', a: 'demo.a', b: 'demo.b', withinMs: 1000 }
const BASE = 1_767_225_600_000
const fresh = (): EnginePartition => new EnginePartition({ index: 0, count: 1, stream: 'INPUT' }, pairParts)

/** What was sent and what was kept back with which silence; stored and restored after every entry when asked. */
function alerts(log: LogWriter, restoring: boolean): readonly (string | undefined)[] {
  const rows = new Map<string, Uint8Array>()
  const effects: Effect[] = []
  let partition = fresh()
  for (const entry of log.entries) {
    // Entries come again after a crash.
    partition.process([entry, entry])
    const step = partition.takeStep()
    effects.push(...(step?.effects ?? []))
    for (const { id, value } of step?.rows ?? [])
      if (value === undefined) rows.delete(id)
      else rows.set(id, value.slice())
    if (!restoring) continue
    const stored: StateRow[] = [...rows].map(([id, value]) => ({ id, value }))
    partition = fresh()
    partition.restore(stored)
  }
  return effects
    .filter(({ kind }) => kind === 'alert' || kind === 'withheld-alert')
    .map(({ payload }) => JSON.parse(payload).data.withheld?.silence ?? 'sent')
}

const pair = (log: LogWriter, at: number, user: string): LogWriter =>
  log.add(at, 'demo.a', { user, _time: at }).add(at + 1, 'demo.b', { user, _time: at + 1 })

const silence = (version: number, more: JsonObject = {}): JsonObject => ({
  id: 's-1',
  version,
  match: { rule: 'pair' },
  from: new Date(BASE + 10_000).toISOString(),
  until: new Date(BASE + 20_000).toISOString(),
  ...more,
})

describe.each([false, true])('a silence (restored after every entry: %s)', (restoring) => {
  test('holds back from its begin to before its end, in event time', () => {
    const log = new LogWriter().rule(BASE, PAIR).add(BASE, 'sequitur.log.silence', silence(1))
    for (const at of [0, 9_998, 9_999, 15_000, 19_998, 19_999]) pair(log, BASE + at, `u${at}`)
    expect(alerts(log, restoring)).toEqual(['sent', 'sent', 's-1', 's-1', 's-1', 'sent'])
  })

  test('is ended by a newer version, and an older one that comes again changes nothing', () => {
    const log = new LogWriter().rule(BASE, PAIR).add(BASE, 'sequitur.log.silence', silence(1))
    pair(log, BASE + 11_000, 'a')
    log.add(
      BASE + 11_500,
      'sequitur.log.silence',
      silence(2, { until: new Date(BASE + 12_000).toISOString() }),
    )
    log.add(BASE + 11_600, 'sequitur.log.silence', silence(1))
    pair(log, BASE + 13_000, 'b')
    expect(alerts(log, restoring)).toEqual(['s-1', 'sent'])
  })

  test.each([
    [{ key: 'a' }, ['s-1', 'sent']],
    [{ rule: 'other' }, ['sent', 'sent']],
    [{ rule: 'pair', key: 'b' }, ['sent', 's-1']],
    [{ severity: 'high' }, ['s-1', 's-1']],
    [{ severity: 'critical', key: 'a' }, ['sent', 'sent']],
  ] as const)('that matches %j', (match, expected) => {
    const log = new LogWriter().rule(BASE, PAIR).add(BASE, 'sequitur.log.silence', silence(1, { match }))
    pair(pair(log, BASE + 11_000, 'a'), BASE + 12_000, 'b')
    expect(alerts(log, restoring)).toEqual(expected)
  })
})

test.each([
  ['nothing to match', { match: {} }],
  ['a part that is no text', { match: { rule: 7 } }],
  ['no end', { until: null }],
  ['no version', { version: 'x' }],
])('a silence with %s is not read, and said so', (_name, more) => {
  const partition = fresh()
  partition.process(new LogWriter().add(BASE, 'sequitur.log.silence', silence(1, more)).entries)
  expect(
    partition
      .takeStep()
      ?.effects.map(({ payload }) => payload)
      .join(),
  ).toContain('control-unreadable')
})

test('a list is replaced by its next version alone', () => {
  const partition = fresh()
  const put = (version: number, value: string) => ({ list: 'l', version, replace: true, put: [{ value }] })
  const log = new LogWriter()
    .add(BASE, 'sequitur.log.list', put(2, 'new'))
    .add(BASE, 'sequitur.log.list', put(1, 'old'))
  partition.process(log.entries)
  const rows = partition.takeStep()?.rows ?? []
  const restored = fresh()
  restored.restore(rows)
  restored.process(
    new LogWriter().add(BASE, 'x', {}).add(BASE, 'x', {}).add(BASE, 'sequitur.log.list', put(1, 'old'))
      .entries,
  )
  for (const { lists } of [partition, restored])
    expect([lists.has('l', 'new'), lists.has('l', 'old')]).toEqual([true, false])
  expect(restored.activated().lists).toEqual(new Map([['l', 2]]))
})
