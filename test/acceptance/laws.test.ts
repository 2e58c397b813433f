import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { random, traffic } from '../../bench/support/traffic.ts'
import {
  type Effect,
  type LogEntry,
  type PartitionOptions,
  readRules,
  streamSequence,
} from '../../src/engine/index.ts'
import { type Cut, playLog } from '../support/play-log.ts'

const root = join(import.meta.dirname, '../..')
const encoder = new TextEncoder()

/** One log: the shipped rules are activated, then traffic of few keys, so that patterns come about, with changes in between. */
function log(events: number, seed: number): LogEntry[] {
  const stream = traffic({ events, seed, keys: 6, disorderMs: 40_000, perSecond: 0.2 })
  const start = stream[0]?.ingestedAt
  const rules = readdirSync(join(root, 'rules'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(join(root, 'rules', name), 'utf8'))
  const put = (source: string, version: number, status: string): unknown => {
    const read = readRules(source)
    const id = read.ok ? read.value[0]?.id : undefined
    return { kind: 'put', id, version, status, format: 'yaml', source }
  }
  const controls: Array<readonly [number, string, unknown]> = [
    ...rules.map(
      (source, index) =>
        [0, 'sequitur.log.rule', put(source, 1, index % 2 === 0 ? 'shadow' : 'live')] as const,
    ),
    [0, 'sequitur.log.list', { list: 'known_devices', put: [{ value: 'device-1' }, { value: 'device-2' }] }],
    [events / 3, 'sequitur.log.rule', put(rules[1] ?? '', 2, 'live')],
    [events / 2, 'sequitur.log.erase', { key: 'customer-1' }],
    [
      events / 2,
      'sequitur.log.rule',
      put((rules[3] ?? '').replace('severity: high', 'severity: low'), 2, 'live'),
    ],
    [(2 * events) / 3, 'sequitur.log.rule', { kind: 'remove', id: 'payment-velocity', version: 1 }],
  ]
  const entries: LogEntry[] = []
  const append = (entry: Omit<LogEntry, 'sequence'>): void => {
    entries.push({ ...entry, sequence: streamSequence(entries.length + 1) })
  }
  stream.forEach((entry, index) => {
    for (const [at, subject, value] of controls) {
      if (Math.floor(at) === index) {
        append({
          subject,
          ingestedAt: entry.ingestedAt ?? start,
          payload: encoder.encode(JSON.stringify(value)),
        })
      }
    }
    append(entry)
    if (index % 97 === 0) append({ ...entry, subject: 'sequitur.log.tick' })
    if (index % 151 === 0) append({ ...entry, payload: encoder.encode('{"broken') })
  })
  return entries
}

const OPTIONS: PartitionOptions = {
  index: 0,
  count: 1,
  stream: 'INPUT',
  sources: [{ name: 'all', subjects: ['>'], timestamp: { path: 'at' }, latenessMs: 15_000 }],
}

const text = (effects: readonly Effect[]): string[] => effects.map((effect) => JSON.stringify(effect))

describe('the shipped rules on mixed traffic', () => {
  const entries = log(3000, 1)
  const straight = playLog(entries, OPTIONS)

  test('say something of every kind', () => {
    const kinds = new Set(straight.effects.map(({ kind }) => kind))
    expect([...kinds].sort()).toEqual(
      ['alert', 'dead-letter', 'late', 'notice', 'shadow-alert', 'withheld-alert'].sort(),
    )
    const { counters } = straight.partition
    expect(counters.processed + counters.late + counters.deadLettered).toBe(counters.events)
    expect(straight.partition.ruleStatistics().flatMap(({ problems }) => problems)).toEqual([])
  })

  test('say the same wherever they are stored and restored', () => {
    for (const seed of [1, 2]) {
      const below = random(seed)
      const often = [60, 300][seed - 1] ?? 10
      const cut = (): Cut => (below(often) > 0 ? 'no' : below(3) === 0 ? 'take' : 'restore')
      const stored = playLog(entries, OPTIONS, cut)
      expect(text(stored.effects)).toEqual(text(straight.effects))
      expect(stored.partition.statistics()).toEqual(straight.partition.statistics())
      expect(stored.partition.ruleStatistics()).toEqual(straight.partition.ruleStatistics())
    }
  })

  test('say the same in several partitions as in one', () => {
    const count = 3
    const parts = Array.from({ length: count }, (_, index) => playLog(entries, { ...OPTIONS, index, count }))
    const said = (effects: readonly Effect[]): string[] =>
      effects
        .filter(({ kind }) => kind !== 'notice')
        .map(({ id, kind, subject, payload }) => `${id} ${kind} ${subject.replace(/\d+$/, '')} ${payload}`)
        .sort()
    expect(said(parts.flatMap(({ effects }) => effects))).toEqual(said(straight.effects))
  })

  test('alerts are what their schema says', () => {
    const schema = JSON.parse(readFileSync(join(root, 'schemas/alert.v1.schema.json'), 'utf8'))
    const validate = new Ajv({ strict: false, formats: { uri: true } }).compile(schema)
    for (const { kind, payload } of straight.effects) {
      if (!kind.endsWith('alert')) continue
      validate(JSON.parse(payload))
      expect(validate.errors ?? []).toEqual([])
    }
  })
})
