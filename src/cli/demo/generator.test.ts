import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  compileRule,
  createPartition,
  type Effect,
  eventTime,
  type RuleProgram,
  readRules,
  streamSequence,
} from '../../engine/index.ts'
import { Everyday } from './everyday.ts'
import { DEMO_RULES, type DemoEvent, DemoWorld, events } from './generator.ts'
import { LATENESS_MS } from './mishaps.ts'
import { createRandom } from './random.ts'

const root = join(import.meta.dirname, '../../..')
const NOW = Date.parse('2026-03-01T12:00:00Z')

const programs: readonly RuleProgram[] = readdirSync(join(root, 'rules'), {
  recursive: true,
  encoding: 'utf8',
})
  .filter((file) => file.endsWith('.yaml'))
  .flatMap((file) => {
    const read = readRules(readFileSync(join(root, 'rules', file), 'utf8'))
    if (!read.ok) throw new Error(file)
    return read.value.map((definition) => {
      const compiled = compileRule(definition, { version: 1 })
      if (!compiled.ok) throw new Error(file)
      return compiled.value
    })
  })

/** The demo as the broker and the worker would see it: duplicates dropped by id, stored as time passes on the wall. */
function play(world: Pick<DemoWorld, 'next'>, count: number) {
  const partition = createPartition({
    index: 0,
    count: 1,
    stream: 'TEST',
    sources: [{ name: 'demo', subjects: ['>'], timestamp: { path: 'time' }, latenessMs: LATENESS_MS }],
    rules: programs.map((program) => ({ program, status: program.definition.status })),
  })
  const encoder = new TextEncoder()
  const ids = new Set<string>()
  const effects: Array<Effect & { readonly at: number }> = []
  let wall = 0
  let sequence = 0
  let duplicates = 0
  for (let index = 0; index < count; index += 1) {
    const event = world.next()
    wall += event.delayMs
    if (event.id !== undefined && ids.has(event.id)) {
      duplicates += 1
      continue
    }
    ids.add(event.id ?? '')
    sequence += 1
    partition.process([
      {
        sequence: streamSequence(sequence),
        subject: event.subject,
        ingestedAt: eventTime(NOW + Math.round(wall)),
        payload: encoder.encode(event.data),
      },
    ])
    for (const effect of partition.takeStep()?.effects ?? []) effects.push({ ...effect, at: wall })
  }
  return { partition, effects, duplicates }
}

const end = (): never => {
  throw new Error('no more events')
}

const ruleOf = (effect: Effect): string => JSON.parse(effect.payload).data.rule
const alertsOf = (effects: ReadonlyArray<Effect & { readonly at: number }>) =>
  effects.filter(({ kind }) => kind === 'alert' || kind === 'shadow-alert')

test('every rule of the demo alerts within a minute, the first within seconds', () => {
  const { effects } = play(new DemoWorld({ now: NOW }), 6_000)
  const alerts = alertsOf(effects)
  expect([...new Set(alerts.map(ruleOf))].sort()).toEqual([...DEMO_RULES].sort())
  expect(alerts[0]?.at).toBeLessThan(5_000)
  expect(alerts.at(-1)?.at).toBeLessThan(60_000)
  expect(DEMO_RULES).toHaveLength(programs.length)
})

test('everyday traffic alone makes nothing alert', () => {
  const random = createRandom('everyday')
  const everyday = new Everyday(random)
  const planned = Array.from({ length: 20_000 }, (_, index) => everyday.event(NOW + index * 10))
    .flat()
    .sort((left, right) => left.at - right.at)
  const messages = planned.map(({ subject, at, data }, index) => ({
    subject,
    id: String(index),
    delayMs: index === 0 ? 0 : at - (planned[index - 1]?.at ?? at),
    sentAt: at,
    data: JSON.stringify({ ...data, time: new Date(at).toISOString() }),
  }))
  const { effects } = play({ next: () => messages.shift() ?? end() }, planned.length)
  expect(alertsOf(effects).map(({ payload }) => JSON.parse(payload).data.message)).toEqual([])
})

test('nothing is unaccounted for, and something of everything goes wrong', () => {
  const { partition, duplicates } = play(new DemoWorld({ now: NOW }), 10_000)
  const { events: seen, processed, late, deadLettered } = partition.counters
  expect(seen).toBe(10_000 - duplicates)
  expect(processed + late + deadLettered).toBe(seen)
  expect([late > 10, deadLettered > 10, duplicates > 10]).toEqual([true, true, true])
})

test('a run that goes on from another is never late and soon alerts', () => {
  for (const gapMs of [0, 30_000, 600_000, 86_400_000]) {
    const resumeAt = NOW - gapMs
    const { effects, partition } = play(new DemoWorld({ now: NOW, resumeAt }), 6_000)
    const first = JSON.parse(new DemoWorld({ now: NOW, resumeAt }).next().data) as { time: string }
    expect(Date.parse(first.time)).toBeGreaterThanOrEqual(resumeAt)
    expect(alertsOf(effects)[0]?.at ?? Number.POSITIVE_INFINITY).toBeLessThan(30_000)
    expect(partition.counters.late).toBeLessThan(60)
  }
})

test('the same options give the same events, another seed others', () => {
  const take = (seed: string): DemoEvent[] => {
    const taken: DemoEvent[] = []
    for (const event of events(seed)) {
      taken.push(event)
      if (taken.length === 3_000) break
    }
    return taken
  }
  const one = take('a')
  expect(take('a')).toEqual(one)
  expect(take('b')).not.toEqual(one)
  const ids = one.map(({ id }) => id)
  expect(new Set(ids).size).toBeLessThan(ids.length)
})

test('an orderly end finishes open payments and stops the machines', () => {
  const world = new DemoWorld({ now: NOW })
  for (let index = 0; index < 8_000; index += 1) world.next()
  const subjects = new Set(world.closing().map(({ subject }) => subject))
  expect(subjects).toContain('ops.instance.stopped')
  expect(subjects).toContain('payments.captured')
})
