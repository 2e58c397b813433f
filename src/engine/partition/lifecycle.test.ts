import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LogWriter } from '../../../test/support/pair-engine.ts'
import { fnv1a32 } from '../route/index.ts'
import type { Effect, LogEntry, StateRow } from './contract.ts'
import { createPartition, restorePartition } from './create.ts'
import type { PartitionOptions } from './options.ts'
import type { EnginePartition } from './partition.ts'
import { isInShare } from './share.ts'

const BASE = 1_767_225_600_000
const LATENESS_MS = 120
const OPTIONS: PartitionOptions = {
  index: 0,
  count: 1,
  stream: 'INPUT',
  sources: [{ name: 'all', subjects: ['demo.>'], timestamp: { path: 'at' }, latenessMs: LATENESS_MS }],
}

/** One pattern for each class of matcher, and one that time completes. */
const PATTERNS = {
  suffixes: 'at least 2 A followed by B',
  logs: 'A followed by B followed by C',
  runs: 'A followed by B where n >= $A.n followed by C',
  absence: 'A not followed by B',
  'no-skip': 'A followed by any B',
} as const
type PatternName = keyof typeof PATTERNS

interface Text {
  readonly pattern: PatternName
  /** Other limits match something else. */
  readonly withinMs: number
  /** Another severity matches the same. */
  readonly severity?: string
}

const source = ({ pattern, withinMs, severity = 'high' }: Text): string => {
  const conditional = pattern === 'runs'
  return JSON.stringify({
    rule: 'r',
    by: 'user',
    severity,
    suppress: false,
    events: {
      A: 'demo.a',
      B: conditional ? { from: 'demo.b', where: 'n >= $A.n' } : 'demo.b',
      C: 'demo.c',
    },
    pattern: `${PATTERNS[pattern].replace(' where n >= $A.n', '')} within ${withinMs} milliseconds`,
    ...(pattern === 'no-skip' ? { afterMatch: 'no-skip' } : {}),
  })
}

interface Put {
  readonly version: number
  readonly text: Text
  readonly textVersion?: number
  readonly status?: string
  readonly candidate?: { readonly version: number; readonly text: Text; readonly share: number }
  readonly promoted?: number
  readonly partialMatches?: string
}

/** A rule that reads the same subjects all the time: events that no rule reads are not kept until the watermark has passed them. */
const READER = { ...JSON.parse(source({ pattern: 'logs', withinMs: 1 })), rule: 'reader' }
const reader = {
  kind: 'put',
  id: 'reader',
  version: 1,
  status: 'shadow',
  format: 'json',
  source: JSON.stringify(READER),
}

const put = ({ text, status = 'live', candidate, ...rest }: Put) => ({
  kind: 'put',
  id: 'r',
  status,
  format: 'json',
  source: source(text),
  ...rest,
  ...(candidate === undefined
    ? {}
    : {
        candidate: {
          version: candidate.version,
          share: candidate.share,
          format: 'json',
          source: source(candidate.text),
        },
      }),
})

type Played = { readonly effects: Effect[]; readonly partition: EnginePartition; readonly rows: Set<string> }

/** Runs a log; `cut`: where the partition is stored, forgotten and restored. */
function play(
  entries: readonly LogEntry[],
  how: {
    readonly cut?: (index: number) => boolean
    readonly twice?: boolean
    readonly index?: number
    readonly count?: number
    readonly limits?: PartitionOptions['limits']
  } = {},
): Played {
  const options = {
    ...OPTIONS,
    index: how.index ?? 0,
    count: how.count ?? 1,
    ...(how.limits === undefined ? {} : { limits: how.limits }),
  }
  const rows = new Map<string, Uint8Array>()
  const effects: Effect[] = []
  let partition = createPartition(options)
  const take = (): void => {
    const step = partition.takeStep()
    effects.push(...(step?.effects ?? []))
    for (const { id, value } of step?.rows ?? []) {
      if (value === undefined) rows.delete(id)
      else rows.set(id, value.slice())
    }
  }
  entries.forEach((entry, index) => {
    partition.process(how.twice === true ? [entry, entry] : [entry])
    if (how.cut?.(index) !== true) return
    take()
    const stored: StateRow[] = [...rows].map(([id, value]) => ({ id, value })).reverse()
    partition = restorePartition(options, stored)
  })
  take()
  return { effects, partition: partition as EnginePartition, rows: new Set(rows.keys()) }
}

interface Seen {
  readonly version: number
  readonly mode: string
  readonly decidedBy: number | undefined
  readonly key: string
  readonly at: string
  /** Sequences of the events, by step. */
  readonly events: string
  readonly first: { readonly time: number; readonly sequence: number }
}

const alertsIn = (effects: readonly Effect[]): Seen[] =>
  effects
    .filter(({ kind, subject }) => (kind === 'alert' || kind === 'shadow-alert') && subject.includes('.r.'))
    .map(({ kind, subject, payload }) => {
      const { data } = JSON.parse(payload)
      const { version, mode, key, events, decided_by, completed_at } = data
      expect([kind, subject.startsWith('shadow.')]).toEqual(
        mode === 'live' ? ['alert', false] : ['shadow-alert', true],
      )
      const taken = events as ReadonlyArray<{ step: string; seq: number; time: string }>
      const [first] = [...taken]
        .map(({ seq, time }) => ({ time: Date.parse(time), sequence: seq }))
        .sort((a, b) => a.time - b.time || a.sequence - b.sequence)
      return {
        version,
        mode,
        decidedBy: decided_by,
        key: key.user,
        at: completed_at,
        events: taken
          .map(({ step, seq }) => `${step}${seq}`)
          .sort()
          .join(' '),
        first: first ?? { time: 0, sequence: 0 },
      }
    })

const notices = (effects: readonly Effect[]): ReadonlyArray<Record<string, unknown>> =>
  effects.filter(({ kind }) => kind === 'notice').map(({ payload }) => JSON.parse(payload))

const USERS = ['u1', 'u2', 'u3', 'u4', 'u5', 'u6']

interface Happening {
  readonly gap: number
  readonly behind: number
  readonly kind: 'a' | 'b' | 'c' | 'tick'
  readonly user: string
  readonly n: number
}

const happening: fc.Arbitrary<Happening> = fc.record({
  gap: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 20 }) }, fc.constantFrom(0, 300)),
  behind: fc.integer({ min: 0, max: LATENESS_MS + 20 }),
  kind: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('a' as const, 'b' as const, 'c' as const) },
    { weight: 1, arbitrary: fc.constant('tick' as const) },
  ),
  user: fc.constantFrom('u1', 'u2', 'u3'),
  n: fc.integer({ min: 0, max: 2 }),
})

function happen(log: LogWriter, at: number, { kind, behind, user, n }: Happening): void {
  if (kind === 'tick') log.add(at, 'sequitur.log.tick', {})
  else log.add(at, `demo.${kind}`, { user, n, at: at - behind })
}

const end = (log: LogWriter, at: number): LogEntry[] => {
  log.add(at + 5_000, 'demo.z', { at: at + 5_000 }).add(at + 9_000, 'sequitur.log.tick', {})
  return log.entries
}

const patternName = fc.constantFrom(...(Object.keys(PATTERNS) as PatternName[]))
const mode = fc.constantFrom('keep', 'drain', 'drain', 'drop', undefined)

/** Everything that may be done to a rule, in any order, with traffic in between. */
const lives = fc
  .record({
    pattern: patternName,
    steps: fc.array(
      fc.oneof(
        { weight: 9, arbitrary: happening },
        {
          weight: 2,
          arbitrary: fc.record({
            act: fc.oneof(
              {
                weight: 3,
                arbitrary: fc.constantFrom('put' as const, 'candidate' as const, 'promote' as const),
              },
              fc.constantFrom('share' as const, 'withdraw' as const, 'status' as const, 'erase' as const),
            ),
            withinMs: fc.constantFrom(400, 700),
            severity: fc.constantFrom('high', 'low'),
            share: fc.constantFrom(0, 30, 60, 100),
            mode,
          }),
        },
      ),
      { minLength: 30, maxLength: 90, size: 'max' },
    ),
  })
  .map(({ pattern, steps }) => {
    const log = new LogWriter()
    let version = 1
    let status = 'live'
    let text: Text = { pattern, withinMs: 400 }
    let textVersion = 1
    let candidate: Put['candidate']
    const write = (rest: Partial<Put> = {}): void => {
      log.add(
        at,
        'sequitur.log.rule',
        put({
          version,
          text,
          status,
          ...(textVersion === version ? {} : { textVersion }),
          ...(candidate === undefined ? {} : { candidate }),
          ...rest,
        }),
      )
    }
    let at = BASE
    write()
    log.add(at, 'demo.z', { at })
    for (const step of steps) {
      if ('kind' in step) {
        at += step.gap
        happen(log, at, step)
        continue
      }
      const { act, withinMs, severity, share } = step
      const asked = step.mode === undefined ? {} : { partialMatches: step.mode }
      version++
      switch (act) {
        case 'put':
          text = { pattern, withinMs, severity }
          textVersion = version
          write(asked)
          break
        case 'candidate':
          candidate = { version, text: { pattern, withinMs, severity }, share }
          write()
          break
        case 'share':
          if (candidate !== undefined) candidate = { ...candidate, share }
          write()
          break
        case 'promote': {
          if (candidate === undefined) break
          const promoted = candidate.version
          text = candidate.text
          textVersion = version
          candidate = undefined
          write({ ...asked, promoted })
          break
        }
        case 'withdraw':
          candidate = undefined
          write()
          break
        case 'status':
          status = status === 'live' ? 'disabled' : 'live'
          if (status === 'live') textVersion = version
          write()
          break
        case 'erase':
          log.add(at, 'sequitur.log.erase', { key: 'u1' })
          break
        default:
          act satisfies never
      }
    }
    return end(log, at)
  })

describe('whatever becomes of a rule', () => {
  test('storing and restoring after every entry, and every entry twice, make no difference', () => {
    let draining = 0
    fc.assert(
      fc.property(lives, fc.boolean(), (entries, twice) => {
        const straight = play(entries)
        draining += notices(straight.effects).filter(({ code }) => code === 'partial-matches-draining').length
        const stored = play(entries, { cut: () => true, twice })
        expect(stored.effects).toEqual(straight.effects)
        const versions = (played: Played) =>
          played.partition
            .ruleStatistics()
            .map((rule) => [rule.alerts, rule.shadowAlerts, rule.matches, rule.change])
        expect(versions(stored)).toEqual(versions(straight))
      }),
      { numRuns: 120 },
    )
    expect(draining).toBeGreaterThan(20)
  })

  test('several partitions say what one says', () => {
    const said = (effects: readonly Effect[]): string[] =>
      effects
        .filter(({ kind }) => kind !== 'notice')
        .map(({ id, kind, subject, payload }) => `${id} ${kind} ${subject.replace(/\d+$/, '')} ${payload}`)
        .sort()
    fc.assert(
      fc.property(lives, fc.integer({ min: 2, max: 4 }), (entries, count) => {
        const parts = Array.from({ length: count }, (_, index) => play(entries, { index, count }))
        expect(said(parts.flatMap(({ effects }) => effects))).toEqual(said(play(entries).effects))
      }),
      { numRuns: 100 },
    )
  })

  test('a match is for one version to raise', () => {
    let shared = 0
    fc.assert(
      fc.property(lives, (entries) => {
        // A match may wait, in one version longer than in another: what they raise at one moment is compared.
        const partition = createPartition(OPTIONS)
        const raised = entries.flatMap((entry) => {
          partition.process([entry])
          const alerts = alertsIn(partition.takeStep()?.effects ?? [])
          return alerts.map((alert) => ({ ...alert, entry: entry.sequence }))
        })
        const byMatch = Map.groupBy(raised, ({ entry, key, events, at }) => `${entry} ${key} ${events} ${at}`)
        for (const seen of byMatch.values()) {
          const live = seen.filter((alert) => alert.mode === 'live')
          expect(live.length).toBeLessThanOrEqual(1)
          if (seen.length > 1) shared++
          for (const alert of seen) expect(alert.decidedBy === undefined).toBe(alert.mode === 'live')
        }
      }),
      { numRuns: 120 },
    )
    expect(shared).toBeGreaterThan(15)
  })

  test('nothing is left when all of it is over', () => {
    fc.assert(
      fc.property(lives, (entries) => {
        const { rows, partition } = play(entries, { cut: (index) => index % 7 === 0 })
        expect([...rows].filter((id) => /^[ekbp]\//.test(id))).toEqual([])
        for (const { versions } of partition.ruleStatistics())
          expect(versions.filter(({ role }) => role === 'draining')).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})

describe('a version that drains', () => {
  const before: Text = { pattern: 'logs', withinMs: 400 }

  test.each(Object.keys(PATTERNS) as PatternName[])('finishes exactly what it began (%s)', (pattern) => {
    let finished = 0
    fc.assert(
      fc.property(
        fc.array(happening, { minLength: 40, maxLength: 90, size: 'max' }),
        fc.nat(100),
        (events, place) => {
          const change = Math.floor((place / 101) * events.length)
          const log = (first: unknown, second: unknown): LogEntry[] => {
            const writer = new LogWriter()
            let at = BASE
            writer.add(at, 'sequitur.log.rule', reader)
            writer.add(at, 'sequitur.log.rule', first as never)
            events.forEach((event, index) => {
              if (index === change) writer.add(at, 'sequitur.log.rule', second as never)
              at += event.gap
              happen(writer, at, event)
            })
            return end(writer, at)
          }
          const one = put({ version: 1, text: { pattern, withinMs: 400 } })
          const two = put({ version: 2, text: { pattern, withinMs: 600 }, partialMatches: 'drain' })
          const nothing = { kind: 'remove', id: 'another', version: 1 }
          const changed = alertsIn(play(log(one, two), { cut: (index) => index % 3 === 0 }).effects)
          const onlyOld = alertsIn(play(log(one, nothing)).effects)
          const onlyNew = alertsIn(play(log(nothing, two)).effects)
          const entries = log(one, nothing)
          const { watermark } = play(entries.slice(0, change + 3)).partition
          const isBegun = ({ first }: Seen): boolean =>
            first.time < watermark || (first.time === watermark && first.sequence <= change + 3)
          const expected = onlyOld.filter(isBegun)
          finished += expected.length
          expect(changed.filter(({ version }) => version === 1)).toEqual(expected)
          expect(changed.filter(({ version }) => version === 2)).toEqual(onlyNew)
        },
      ),
      { numRuns: 80 },
    )
    expect(finished).toBeGreaterThan(30)
  })

  const log = (): LogWriter =>
    new LogWriter()
      .add(BASE, 'sequitur.log.rule', put({ version: 1, text: before }))
      .add(BASE, 'demo.a', { user: 'u1', n: 1, at: BASE })
      .add(BASE + 200, 'sequitur.log.tick', {})

  test('says what it has left, until when, and what came of it', () => {
    const writer = log().add(
      BASE + 200,
      'sequitur.log.rule',
      put({ version: 2, text: { ...before, withinMs: 600 }, partialMatches: 'drain' }),
    )
    const [rule] = play(writer.entries).partition.ruleStatistics()
    expect(rule?.change).toEqual({ version: 2, kept: 0, drained: 1, dropped: 0 })
    expect(rule?.versions).toMatchObject([
      { version: 2, role: 'in-force', partialMatches: 0 },
      { version: 1, role: 'draining', partialMatches: 1 },
    ])
    writer
      .add(BASE + 210, 'demo.b', { user: 'u1', n: 1, at: BASE + 210 })
      .add(BASE + 220, 'demo.c', { user: 'u1', n: 1, at: BASE + 220 })
      .add(BASE + 600, 'sequitur.log.tick', {})
    const { partition, effects } = play(writer.entries)
    expect(partition.ruleStatistics()[0]?.versions.map(({ version }) => version)).toEqual([2])
    expect(alertsIn(effects)).toMatchObject([{ version: 1, mode: 'live' }])
    writer.add(BASE + 2_000, 'sequitur.log.tick', {})
    expect(notices(play(writer.entries).effects)).toMatchObject([
      { code: 'partial-matches-draining', version: 1, count: 1 },
      { code: 'drain-ended', version: 1, alerts: 1, dropped: 0, why: 'drain-ended' },
    ])
  })

  test('stands beside the others when partial matches are asked for', () => {
    const text = { ...before, withinMs: 600 }
    const { entries } = log()
      .add(BASE + 200, 'sequitur.log.rule', put({ version: 2, text, partialMatches: 'drain' }))
      .add(
        BASE + 200,
        'sequitur.log.rule',
        put({ version: 3, textVersion: 2, text, candidate: { version: 3, text: before, share: 0 } }),
      )
      .add(BASE + 205, 'demo.a', { user: 'u2', n: 1, at: BASE + 205 })
      .add(BASE + 400, 'sequitur.log.tick', {})
    const waiting = [...play(entries).partition.inspect('r')]
    expect(waiting.map(({ version, role, key: { user } }) => [version, role, user])).toEqual([
      [2, 'in-force', 'u2'],
      [3, 'candidate', 'u2'],
      [1, 'draining', 'u1'],
    ])
  })

  test('is joined by a second one, up to the limit; then the oldest drops what it has left', () => {
    const writer = log()
    const change = (version: number, withinMs: number): void => {
      const at = BASE + 200 + version
      writer.add(
        at,
        'sequitur.log.rule',
        put({ version, text: { ...before, withinMs }, partialMatches: 'drain' }),
      )
      writer.add(at, 'demo.a', { user: `u${version}`, n: 1, at })
      writer.add(at + LATENESS_MS, 'sequitur.log.tick', {})
    }
    change(2, 600)
    change(3, 601)
    const limits = { drainingVersionsPerRuleMax: 2 }
    const roles = () => {
      const [rule] = play(writer.entries, { limits }).partition.ruleStatistics()
      return rule?.versions.map(({ version, partialMatches }) => [version, partialMatches])
    }
    expect(roles()).toEqual([
      [3, 1],
      [1, 1],
      [2, 1],
    ])
    change(4, 602)
    expect(roles()).toEqual([
      [4, 1],
      [2, 1],
      [3, 1],
    ])
    expect(notices(play(writer.entries, { limits }).effects)).toContainEqual(
      expect.objectContaining({ code: 'drain-ended', version: 1, dropped: 1, why: 'too-many-versions' }),
    )
  })

  test('ends with its rule', () => {
    const writer = log()
      .add(
        BASE + 200,
        'sequitur.log.rule',
        put({ version: 2, text: { ...before, withinMs: 600 }, partialMatches: 'drain' }),
      )
      .add(BASE + 201, 'sequitur.log.rule', { kind: 'remove', id: 'r', version: 3 })
    const { partition, effects, rows } = play(writer.entries, { cut: () => true })
    expect(partition.statistics()).toMatchObject({ partialMatches: 0 })
    expect(partition.ruleStatistics()).toMatchObject([{ versions: [] }])
    expect(notices(effects).at(-1)).toMatchObject({ code: 'drain-ended', dropped: 1, why: 'removed' })
    expect([...rows].sort()).toEqual(['m', 'r/r'])
  })
})

describe('a candidate', () => {
  const text: Text = { pattern: 'logs', withinMs: 400 }
  const other: Text = { pattern: 'logs', withinMs: 500 }
  const candidate = (share: number) => ({ version: 2, text: other, share })
  const begin = (share: number, status = 'live'): LogWriter =>
    new LogWriter()
      .add(BASE, 'sequitur.log.rule', put({ version: 1, text, status }))
      .add(
        BASE,
        'sequitur.log.rule',
        put({ version: 2, textVersion: 1, text, status, candidate: candidate(share) }),
      )
      .add(BASE, 'demo.z', { at: BASE })
  const match = (log: LogWriter, at: number, user: string): void => {
    for (const [index, kind] of ['a', 'b', 'c'].entries())
      log.add(at + index, `demo.${kind}`, { user, n: 1, at: at + index })
    log.add(at + 200, 'sequitur.log.tick', {})
  }
  const seen = (log: LogWriter) =>
    alertsIn(play(log.entries).effects).map(({ version, mode: how, key }) => `${key} ${version} ${how}`)

  test('runs in shadow beside the version in force, and both are counted from the same moment', () => {
    const log = new LogWriter().add(BASE, 'sequitur.log.rule', put({ version: 1, text }))
    match(log, BASE + 10, 'u1')
    log.add(
      BASE + 220,
      'sequitur.log.rule',
      put({ version: 2, textVersion: 1, text, candidate: candidate(0) }),
    )
    match(log, BASE + 300, 'u1')
    expect(seen(log)).toEqual(['u1 1 live', 'u1 1 live', 'u1 2 shadow'])
    const [rule] = play(log.entries, { cut: () => true }).partition.ruleStatistics()
    expect(rule).toMatchObject({ version: 2, inForce: 1, alerts: 2, shadowAlerts: 1, matches: 3 })
    expect(rule?.versions).toMatchObject([
      { role: 'in-force', version: 1, counts: { alerts: 1, matches: 1 } },
      { role: 'candidate', version: 2, share: 0, counts: { alerts: 0, shadowAlerts: 1, matches: 1 } },
    ])
  })

  test('decides the keys of its share, and no others', () => {
    const log = begin(50)
    for (const [index, user] of USERS.entries()) match(log, BASE + 10 + index * 10, user)
    const decides = new Set(USERS.filter((user) => isInShare('r', user, 50)))
    expect(decides.size).toBeGreaterThan(0)
    expect(decides.size).toBeLessThan(USERS.length)
    for (const { key, version, mode: how } of alertsIn(play(log.entries).effects))
      expect(how).toBe((version === 2) === decides.has(key) ? 'live' : 'shadow')
  })

  test('beside a version in shadow raises nothing', () => {
    const log = begin(100, 'shadow')
    match(log, BASE + 10, 'u1')
    expect(seen(log)).toEqual(['u1 1 shadow', 'u1 2 shadow'])
  })

  test('that does not run is said, and the version in force goes on', () => {
    const log = begin(0)
    const broken = { ...put({ version: 3, textVersion: 1, text, candidate: candidate(100) }) }
    log.add(BASE, 'sequitur.log.rule', {
      ...broken,
      candidate: { version: 3, share: 100, format: 'json', source: '{"rule":"r"}' },
    })
    match(log, BASE + 10, 'u1')
    const { effects } = play(log.entries, { cut: () => true })
    expect(notices(effects)).toMatchObject([{ code: 'rule-quarantined', version: 3, running_version: 1 }])
    expect(alertsIn(effects)).toMatchObject([{ version: 1, mode: 'live' }])
  })

  test('with other keys decides nothing', () => {
    const log = begin(0)
    const record = put({
      version: 3,
      textVersion: 1,
      text,
      candidate: { version: 3, text: other, share: 100 },
    })
    const twoKeys = (record.candidate?.source ?? '').replace('"user"', '["user", "n"]')
    log.add(BASE, 'sequitur.log.rule', {
      ...record,
      candidate: { ...record.candidate, source: twoKeys },
    } as never)
    match(log, BASE + 10, 'u1')
    expect(seen(log)).toEqual(['u1 1 live', 'u1 3 shadow'])
  })

  test('that is promoted goes on with what it began and what it keeps back', () => {
    const suppressed = (record: object): never =>
      JSON.parse(
        JSON.stringify(record).replaceAll(
          '\\"suppress\\":false',
          '\\"suppress\\":{\\"for\\":\\"1 minute\\"}',
        ),
      ) as never
    for (const partialMatches of [undefined, 'drain', 'drop']) {
      const log = new LogWriter()
        .add(BASE, 'sequitur.log.rule', suppressed(put({ version: 1, text })))
        .add(
          BASE,
          'sequitur.log.rule',
          suppressed(put({ version: 2, textVersion: 1, text, candidate: candidate(100) })),
        )
        .add(BASE, 'demo.z', { at: BASE })
      match(log, BASE + 10, 'u1')
      log.add(BASE + 220, 'demo.a', { user: 'u2', n: 1, at: BASE + 220 })
      log.add(BASE + 400, 'sequitur.log.tick', {})
      log.add(
        BASE + 400,
        'sequitur.log.rule',
        suppressed(
          put({
            version: 3,
            text: other,
            promoted: 2,
            ...(partialMatches === undefined ? {} : { partialMatches }),
          }),
        ),
      )
      match(log, BASE + 410, 'u1')
      match(log, BASE + 620, 'u2')
      const { effects, partition } = play(log.entries, { cut: () => true })
      const live = alertsIn(effects).filter((alert) => alert.mode === 'live')
      expect(live.map(({ key, version }) => [key, version])).toEqual([
        ['u1', 2],
        ['u2', 3],
      ])
      // The match of u2 began before the promotion.
      expect(live[1]?.first.time).toBe(BASE + 220)
      expect(partition.ruleStatistics()).toMatchObject([{ inForce: 3, versions: [{ role: 'in-force' }] }])
    }
  })

  test('with the same pattern is promoted without losing what was begun before it came', () => {
    const same: Text = { ...text, severity: 'low' }
    const log = new LogWriter()
      .add(BASE, 'sequitur.log.rule', put({ version: 1, text }))
      .add(BASE, 'demo.a', { user: 'u1', n: 1, at: BASE })
      .add(BASE + 200, 'sequitur.log.tick', {})
      .add(
        BASE + 200,
        'sequitur.log.rule',
        put({ version: 2, textVersion: 1, text, candidate: { version: 2, text: same, share: 0 } }),
      )
      .add(BASE + 200, 'sequitur.log.rule', put({ version: 3, text: same, promoted: 2 }))
      .add(BASE + 210, 'demo.b', { user: 'u1', n: 1, at: BASE + 210 })
      .add(BASE + 220, 'demo.c', { user: 'u1', n: 1, at: BASE + 220 })
      .add(BASE + 400, 'sequitur.log.tick', {})
    expect(seen(log)).toEqual(['u1 3 live'])
    const { change } = play(log.entries).partition.ruleStatistics()[0] ?? {}
    expect(change).toEqual({ version: 3, kept: 1, drained: 0, dropped: 0 })
  })

  test('is promoted beside a version whose text no longer runs', () => {
    const log = begin(0).add(BASE + 220, 'demo.a', { user: 'u2', n: 1, at: BASE + 220 })
    log.add(BASE + 400, 'sequitur.log.tick', {})
    const partition = createPartition(OPTIONS)
    partition.process(log.entries)
    const rows = (partition.takeStep()?.rows ?? []).map(({ id, value }) => {
      if (id !== 'r/r' || value === undefined) return { id, value }
      const stored = JSON.parse(new TextDecoder().decode(value))
      stored.record.source = '{"rule":"r"}'
      return { id, value: new TextEncoder().encode(JSON.stringify(stored)) }
    })
    const restored = restorePartition(OPTIONS, rows)
    const known = log.entries.length
    log.add(BASE + 400, 'sequitur.log.rule', put({ version: 3, text: other, promoted: 2 }))
    log.add(BASE + 410, 'demo.b', { user: 'u2', n: 1, at: BASE + 410 })
    log.add(BASE + 420, 'demo.c', { user: 'u2', n: 1, at: BASE + 420 })
    log.add(BASE + 600, 'sequitur.log.tick', {})
    restored.process(log.entries.slice(known))
    const alerts = alertsIn(restored.takeStep()?.effects ?? [])
    expect(alerts).toMatchObject([{ version: 3, mode: 'live', key: 'u2' }])
  })

  test('that is taken away leaves its keys to the version in force', () => {
    const log = begin(100)
    log.add(BASE, 'sequitur.log.rule', put({ version: 3, textVersion: 1, text }))
    match(log, BASE + 10, 'u1')
    const { effects, rows } = play(log.entries, { cut: () => true })
    expect(alertsIn(effects)).toMatchObject([{ version: 1, mode: 'live' }])
    expect([...rows].filter((id) => id.includes('@'))).toEqual([])
  })
})

test('a rule that was never more than one version is stored as it always was', () => {
  const record = put({ version: 1, text: { pattern: 'logs', withinMs: 400 } })
  const log = new LogWriter().add(BASE, 'sequitur.log.rule', record)
  const partition = createPartition(OPTIONS)
  partition.process(log.entries)
  const rows = partition.takeStep()?.rows ?? []
  const row = rows.find(({ id }) => id === 'r/r')
  const { kind: _, ...stored } = record
  expect(JSON.parse(new TextDecoder().decode(row?.value))).toEqual({ version: 1, record: stored })
  expect(restorePartition(OPTIONS, rows).statistics()).toEqual(partition.statistics())
})

describe('a share', () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `customer-${index}`)

  test('has about as many keys as it says, the same in every larger one, others for another rule', () => {
    let smaller = new Set<string>()
    for (const percent of [0, 0.5, 10, 20, 50, 99, 100]) {
      const larger = new Set(keys.filter((key) => isInShare('r', key, percent)))
      expect(Math.abs(larger.size / keys.length - percent / 100)).toBeLessThan(0.01)
      expect([...smaller].filter((key) => !larger.has(key))).toEqual([])
      smaller = larger
    }
    const other = keys.filter((key) => isInShare('other', key, 10) && isInShare('r', key, 10))
    expect(Math.abs(other.length / keys.length - 0.01)).toBeLessThan(0.005)
  })

  test.each([2, 3, 4, 8])('is spread over %i partitions alike', (count) => {
    const inShare = keys.filter((key) => isInShare('r', key, 10))
    for (let partition = 0; partition < count; partition++) {
      const own = inShare.filter((key) => fnv1a32(key) % count === partition)
      expect(Math.abs(own.length / inShare.length - 1 / count)).toBeLessThan(0.04)
    }
  })
})
