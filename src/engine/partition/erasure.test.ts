import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LogWriter, type PairRule, pairParts } from '../../../test/support/pair-engine.ts'
import { streamSequence } from '../model/index.ts'
import type { LogEntry } from './contract.ts'
import { ERASED_SUBJECT } from './control.ts'
import type { PartitionOptions } from './options.ts'
import { EnginePartition } from './partition.ts'

const BASE = 1_767_225_600_000
const USER: PairRule = { rule: 'user', a: 'demo.a', b: 'demo.b', withinMs: 5_000, suppressMs: 50 }
const CARD: PairRule = { ...USER, rule: 'card', by: ['card'] }
const OPTIONS: PartitionOptions = {
  index: 0,
  count: 1,
  stream: 'INPUT',
  sources: [{ name: 's', subjects: ['demo.>'], timestamp: { path: 'at', unit: 'ms' }, latenessMs: 200 }],
}
const fresh = (options: Partial<PartitionOptions> = {}): EnginePartition =>
  new EnginePartition({ ...OPTIONS, ...options }, pairParts)

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** What the reader of a log makes of the entries of a key, and of the entry that erases it. */
function withTombstones(entries: readonly LogEntry[], before: EnginePartition): LogEntry[] {
  const belonging = before.belonging({ key: 'u1' })
  return entries.map((entry) => {
    const isErasure = entry.subject === 'sequitur.log.erase'
    const own = entry.subject.startsWith('sequitur.') ? undefined : belonging(entry)
    if (own === undefined && !isErasure) return entry
    const { subject } = entry
    const event =
      own === undefined ? {} : { event: own.kind === 'event' ? { subject, time: own.time } : { subject } }
    return { ...entry, subject: ERASED_SUBJECT, payload: encoder.encode(JSON.stringify(event)) }
  })
}

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('a', 'b', 'a', 'b', 'c', 'broken', 'tick'),
    user: fc.constantFrom('u1', 'u2', 'u3'),
    gap: fc.integer({ min: 0, max: 120 }),
    behind: fc.integer({ min: 0, max: 350 }),
  }),
  { maxLength: 60, size: 'max' },
)

const write = (log: LogWriter, from: number, sent: ReturnType<typeof fc.sample<unknown>>): number => {
  let at = from
  for (const { kind, user, gap, behind } of sent as Array<{
    kind: string
    user: string
    gap: number
    behind: number
  }>) {
    at += gap
    if (kind === 'tick') log.add(at, 'sequitur.log.tick', {})
    else if (kind === 'broken') log.add(at, 'demo.a', encoder.encode(`{"user":"${user}"`))
    else log.add(at, `demo.${kind}`, { user, at: at - behind })
  }
  return at
}

describe('an erasure', () => {
  test('gives everybody else the same, live and when the log is read again without the events', () => {
    fc.assert(
      fc.property(steps, steps, fc.boolean(), (before, after, isStored) => {
        const log = new LogWriter().rule(BASE, USER)
        const at = write(log, BASE, before)
        const plain = new LogWriter().rule(BASE, USER)
        write(plain, BASE, before)
        const others = after.filter(({ user }) => user !== 'u1')
        log.add(at, 'sequitur.log.erase', { key: 'u1', erasure: 'e1' })
        plain.add(at, 'sequitur.log.erase', { key: 'nobody' })
        const end = log.entries.length
        write(log, at, others)
        write(plain, at, others)

        const effectsOf = (partition: EnginePartition) => partition.takeStep()?.effects ?? []
        const live = fresh()
        live.process(log.entries.slice(0, end))
        const done = live.erasures().get('e1')
        const early = effectsOf(live)
        expect(done).toMatchObject({ sequence: end, effects: early.at(-1)?.number ?? 0 })
        live.process(log.entries.slice(end))
        const late = effectsOf(live)

        // As if nobody had been erased, but for what the key still had coming.
        const control = fresh()
        control.process(plain.entries)
        const isOfOthers = ({ payload }: { readonly payload: string }) => !payload.includes('u1')
        const content = (effects: typeof late) =>
          effects.filter(isOfOthers).map(({ id, payload }) => [id, payload])
        expect(content([...early, ...late])).toEqual(content(effectsOf(control)))

        const settled = { sequence: streamSequence(end), effects: done?.effects ?? 0 }
        let again = fresh({ settled })
        const read = withTombstones(log.entries, live)
        again.process(read.slice(0, end))
        const first = again.takeStep()
        expect(first?.effects).toEqual([])
        for (const { value } of first?.rows ?? []) expect(decoder.decode(value)).not.toContain('u1')
        if (isStored) {
          again = fresh({ settled })
          again.restore(first?.rows ?? [])
        }
        again.process(read.slice(end))
        expect(effectsOf(again)).toEqual(late)
        expect(again.counters).toEqual({ ...live.counters })
        expect(again.watermark).toBe(live.watermark)
        expect(again.statistics().partialMatches).toBe(live.statistics().partialMatches)
      }),
      { numRuns: 400 },
    )
  })

  test('leaves no byte of the key in rows: not among events that others still need, nor in those that wait', () => {
    const log = new LogWriter().rule(BASE, USER).rule(BASE, CARD)
    for (const [index, user] of ['u2', 'u1', 'u3', 'u2'].entries())
      log.add(BASE + index, 'demo.a', { user, card: `of-${user}`, at: BASE + index })
    log.add(BASE + 1_000, 'demo.a', { user: 'u3', card: 'c', at: BASE + 1_000 })
    for (const user of ['u1', 'u2'])
      log.add(BASE + 1_100, 'demo.a', { user, card: `of-${user}`, at: BASE + 1_100 })
    const rows = new Map<string, Uint8Array>()
    const partition = fresh()
    const take = (): string => {
      for (const { id, value } of partition.takeStep()?.rows ?? []) {
        if (value === undefined) rows.delete(id)
        else rows.set(id, value.slice())
      }
      return [...rows].map(([id, value]) => `${id} ${decoder.decode(value)}`).join('\n')
    }
    partition.process(log.entries)
    expect(take()).toContain('of-u1')
    expect(partition.kept({ key: 'u1' })).toEqual({ partialMatches: 2, suppressions: 0, bufferedEvents: 1 })
    expect(partition.kept({ key: 'u1', rules: ['card'] })).toEqual({
      partialMatches: 0,
      suppressions: 0,
      bufferedEvents: 0,
    })
    const erase = log.add(BASE + 1_200, 'sequitur.log.erase', { key: 'u1', erasure: 'e' }).entries.slice(-1)
    partition.process(erase)
    const left = take()
    expect(left).not.toContain('u1')
    expect(left).toContain('of-u2')
    expect(partition.statistics()).toMatchObject({ waitingEvents: 2, partialMatches: 6 })
    const restored = fresh()
    restored.restore([...rows].map(([id, value]) => ({ id, value })))
    expect(restored.statistics()).toEqual(partition.statistics())
    expect([...restored.erasures()]).toEqual([...partition.erasures()])
  })

  test('does not take what names the key without being of it', () => {
    const partition = fresh()
    partition.process(new LogWriter().rule(BASE, USER).entries)
    const belonging = partition.belonging({ key: 'u1' })
    const entry = (subject: string, payload: string): LogEntry => ({
      sequence: streamSequence(9),
      subject,
      ingestedAt: BASE as LogEntry['ingestedAt'],
      payload: encoder.encode(payload),
    })
    const at = BASE - 5
    expect(belonging(entry('demo.a', JSON.stringify({ user: 'u1', at })))).toEqual({
      kind: 'event',
      time: at,
    })
    expect(belonging(entry('demo.a', JSON.stringify({ user: 'u2', friend: 'u1', at })))).toBeUndefined()
    expect(belonging(entry('demo.c', JSON.stringify({ user: 'u1', at })))).toBeUndefined()
    expect(belonging(entry('demo.a', JSON.stringify({ user: 'u1', at: 'never' })))).toEqual({
      kind: 'dead-letter',
    })
    expect(belonging(entry('demo.a', '{"user":"u1"'))).toEqual({ kind: 'dead-letter' })
    expect(belonging(entry('demo.a', '{"user":"u12"'))).toBeUndefined()
  })
})
