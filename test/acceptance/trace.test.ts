import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { traffic } from '../../bench/support/traffic.ts'
import {
  compileRule,
  createPartition,
  type LogEntry,
  type RuleProgram,
  readRules,
  streamSequence,
  traceRule,
} from '../../src/engine/index.ts'

const rules = join(import.meta.dirname, '../../rules')
const SETUP = {
  stream: 'INPUT',
  sources: [{ name: 'all', subjects: ['>'], timestamp: { path: 'at' }, latenessMs: 15_000 }],
  lists: { known_devices: ['device-1'] },
}

const programs: readonly RuleProgram[] = readdirSync(rules, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .sort()
  .flatMap((name) => {
    const read = readRules(readFileSync(join(rules, name), 'utf8'))
    if (!read.ok) throw new Error(name)
    return read.value.flatMap((rule) => {
      const compiled = compileRule({ ...rule, status: 'live' }, { version: 1 })
      return compiled.ok ? [compiled.value] : []
    })
  })

const history = (seed: number): readonly LogEntry[] =>
  traffic({ events: 1500, seed, keys: 4, disorderMs: 20_000, perSecond: 0.1 }).map((entry, index) => ({
    ...entry,
    sequence: streamSequence(index + 1),
  }))

interface Raised {
  readonly id: string
  readonly key: string
}

/** What the engine with its specialised matchers says, by key. */
function decided(program: RuleProgram, entries: readonly LogEntry[]): readonly Raised[] {
  const partition = createPartition({ ...SETUP, index: 0, count: 1, rules: [{ program, status: 'live' }] })
  partition.process(entries)
  return (partition.takeStep()?.effects ?? [])
    .filter(({ kind }) => kind === 'alert' || kind === 'withheld-alert')
    .map(({ id, payload }) => {
      const { data } = JSON.parse(payload) as { readonly data: { readonly key: object } }
      return { id: id.replace(/\.withheld$/, ''), key: JSON.stringify(data.key) }
    })
}

describe('a trace says what the engine decided', () => {
  const seeds = [1, 2, 3]
  test('the histories are worth it', () => {
    const all = programs.flatMap((program) => decided(program, history(1)))
    expect(programs.length).toBeGreaterThanOrEqual(12)
    expect(all.length).toBeGreaterThan(20)
  })

  test.each(programs.map((program) => [program.definition.id, program] as const))('%s', (_, program) => {
    for (const seed of seeds) {
      const entries = history(seed)
      const alerts = decided(program, entries)
      const keys = new Set([...alerts.map(({ key }) => key), '{"nobody":"x"}'])
      for (const key of [...keys].slice(0, 3)) {
        const values = Object.values(JSON.parse(key) as Record<string, string>)
        const asked = values.length === 1 ? (values[0] ?? '') : values
        const traced = traceRule(program, entries, SETUP, { key: asked, limits: { changesMax: 0 } })
        const wanted = alerts.filter((alert) => alert.key === key).map(({ id }) => id)
        expect(traced.alerts.map(({ id }) => id)).toEqual(wanted)
        for (const event of traced.events)
          expect(event.outcome === 'late' || event.steps.length > 0).toBe(true)
      }
    }
  })
})
