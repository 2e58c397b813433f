import { describe, expect, it } from 'vitest'
import { eventTime, type JsonObject, streamSequence } from '../model/index.ts'
import type { LogEntry } from '../partition/index.ts'
import { compileRule, readRules } from '../rule/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import { type Trace, type TraceSetup, traceRule } from './index.ts'

const START = 1_767_225_600_000
const encoder = new TextEncoder()

type Told = readonly [minute: number, subject: string, data?: JsonObject, storedAt?: number]

function program(source: string): RuleProgram {
  const read = readRules(source)
  if (!read.ok) throw new Error(JSON.stringify(read.problems))
  const [rule] = read.value
  if (rule === undefined) throw new Error('no rule')
  const compiled = compileRule(rule, { version: 1 })
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return compiled.value
}

const SETUP: TraceSetup = { stream: 'INPUT' }

function trace(
  source: string,
  told: readonly Told[],
  setup: Partial<TraceSetup> = {},
  untilMinute?: number,
): Trace {
  const entries = told.map(
    ([minute, subject, data = {}, storedAt = minute], index): LogEntry => ({
      sequence: streamSequence(index + 1),
      subject,
      ingestedAt: eventTime(START + storedAt * 60_000),
      payload: encoder.encode(JSON.stringify({ user: 'u7', at: START + minute * 60_000, ...data })),
    }),
  )
  const until = untilMinute === undefined ? {} : { until: eventTime(START + untilMinute * 60_000) }
  return traceRule(program(source), entries, { ...SETUP, ...setup }, { key: 'u7', ...until })
}

const rule = (events: string, pattern: string, more = ''): string =>
  `rule: sample\nby: user\nevents:\n${events}\npattern: ${pattern}\n${more}`

const AB = '  A: t.a\n  B: t.b\n  C: t.c'

/** Kinds and texts of what came of the event of a sequence. */
const of = (found: Trace, sequence: number): ReadonlyArray<readonly [string, string]> =>
  found.events.find((event) => event.sequence === sequence)?.steps.map(({ kind, text }) => [kind, text]) ?? []

describe('why an event was not taken', () => {
  const cases: ReadonlyArray<
    readonly [
      name: string,
      source: string,
      told: readonly Told[],
      sequence: number,
      outcome: readonly [string, string],
    ]
  > = [
    [
      'where is false, with both sides',
      rule('  A: t.a where kind = "x" and amount >= limit\n  B: t.b', 'A followed by B within 5 minutes'),
      [[0, 't.a', { kind: 'x', amount: 3, limit: 5 }]],
      1,
      ['where-false', 'not A: `amount >= limit` is false: amount is 3, limit is 5'],
    ],
    [
      'where is false, with the fields of a call',
      rule('  A: t.a where $contains(note, "x")\n  B: t.b', 'A followed by B within 5 minutes'),
      [[0, 't.a', { note: 'abc' }]],
      1,
      ['where-false', 'not A: `$contains(note, "x")` is false: note is "abc"'],
    ],
    [
      'where failed',
      rule('  A: t.a where amount >= 5\n  B: t.b', 'A followed by B within 5 minutes'),
      [[0, 't.a', { amount: 'many' }]],
      1,
      [
        'where-false',
        expect.stringMatching(/`amount >= 5` failed \(T20\d\d .*amount is "many"/) as unknown as string,
      ],
    ],
    [
      'a condition on earlier steps is false',
      rule('  A: t.a\n  B: t.b where session = $A.session', 'A followed by B within 5 minutes'),
      [
        [0, 't.a', { session: 1 }],
        [1, 't.b', { session: 2 }],
      ],
      2,
      ['condition-false', 'NOT taken as B: `session = $A.session` is false: session is 2, $A.session is 1'],
    ],
    [
      'the limit of a hop is passed',
      rule(AB, 'A followed within 15 minutes by B within 1 hour'),
      [
        [0, 't.a'],
        [20, 't.b'],
      ],
      2,
      ['limit-passed', 'NOT taken as B, 20m after A, limit 15m'],
    ],
    [
      'the limit of the whole is passed',
      rule(AB, 'A followed by B within 15 minutes'),
      [
        [0, 't.a'],
        [15, 't.b'],
      ],
      2,
      ['limit-passed', 'NOT taken as B, 15m after A, limit 15m'],
    ],
    [
      'the count is not reached',
      rule(AB, 'at least 3 A followed by B within 15 minutes'),
      [
        [0, 't.a'],
        [1, 't.a'],
        [2, 't.b'],
      ],
      3,
      ['count-not-reached', 'NOT taken as B: 2 of at least 3 A came before'],
    ],
    [
      'nothing waits for it',
      rule(AB, 'A followed by B within 15 minutes'),
      [[0, 't.b']],
      1,
      ['not-waiting', 'NOT taken as B: no partial match waits for it'],
    ],
    [
      'it is forbidden',
      rule(AB, 'A followed by B without C within 15 minutes'),
      [
        [0, 't.a'],
        [1, 't.c'],
      ],
      2,
      ['forbidden', 'C ends the partial match: it must not come here'],
    ],
    [
      'an absence is broken in time',
      rule(AB, 'A not followed by C within 15 minutes'),
      [
        [0, 't.a'],
        [1, 't.c'],
      ],
      2,
      ['forbidden', 'C ends the partial match: it must not come here'],
    ],
    [
      'it came too early',
      rule(AB, 'A followed by no C for 10 minutes followed by B within 1 hour'),
      [
        [0, 't.a'],
        [1, 't.b'],
      ],
      2,
      ['too-early', 'NOT taken as B: the time in which nothing may come is not over'],
    ],
    [
      'contiguity is broken',
      rule(AB, 'A immediately followed by B within 15 minutes'),
      [
        [0, 't.a'],
        [1, 't.c'],
      ],
      2,
      ['contiguity', 'ends the partial match: B has to follow immediately'],
    ],
    [
      'having is false',
      rule(AB, 'A followed by B within 15 minutes', 'having: $B.amount > $A.amount\n'),
      [
        [0, 't.a', { amount: 5 }],
        [1, 't.b', { amount: 4 }],
      ],
      2,
      [
        'having-false',
        'complete, but having `$B.amount > $A.amount` is false: $B.amount is 4, $A.amount is 5',
      ],
    ],
  ]
  it.each(cases)('%s', (_, source, told, sequence, outcome) => {
    expect(of(trace(source, told), sequence)).toContainEqual(outcome)
  })

  it('an event without the key belongs to nobody, and is shown', () => {
    const { withoutKey } = trace(rule(AB, 'A followed by B within 5 minutes'), [
      [0, 't.a', { user: null }],
      [1, 't.a'],
      [2, 't.a', { user: 'x'.repeat(300) }],
    ])
    expect(withoutKey.count).toBe(2)
    expect(withoutKey.events.map(({ steps }) => steps[0])).toMatchObject([
      { kind: 'no-key', fault: 'key-missing' },
      { kind: 'no-key', fault: 'key-too-long' },
    ])
  })

  it('a late event says by how much', () => {
    const sources = [
      { name: 'all', subjects: ['>'], timestamp: { path: 'at', unit: 'ms' as const }, latenessMs: 60_000 },
    ]
    const found = trace(
      rule(AB, 'A followed by B within 5 minutes'),
      [
        [10, 't.a', { user: 'other' }],
        [5, 't.a', {}, 10],
      ],
      { sources },
    )
    expect(found.events).toMatchObject([
      { sequence: 2, outcome: 'late', note: 'late by 240000 ms: not processed' },
    ])
  })
})

describe('what became of a match', () => {
  it('waits', () => {
    const found = trace(rule(AB, 'A followed by B within 5 minutes'), [[0, 't.a']])
    expect(found.partialMatches).toMatchObject([
      { start: 1, end: { kind: 'waiting', waitingFor: ['B'], deadline: '2026-01-01T00:05:00.000Z' } },
    ])
  })

  it('expired, with how far it was', () => {
    const found = trace(
      rule(AB, 'at least 3 A within 5 minutes'),
      [
        [0, 't.a'],
        [1, 't.a'],
      ],
      {},
      30,
    )
    expect(found.partialMatches.map(({ end }) => end.kind)).toEqual(['expired', 'expired'])
    expect(found.lines.map(({ text }) => text)).toContain('partial match expired: 2 of at least 3 A')
  })

  it('completes because nothing came', () => {
    const found = trace(rule(AB, 'A not followed by B within 5 minutes'), [[0, 't.a']], {}, 30)
    expect(found.alerts).toMatchObject([{ kind: 'alert', at: '2026-01-01T00:05:00.000Z' }])
    expect(found.lines.map(({ text }) => text)).toContain(
      'complete: nothing that the rule forbids came after A',
    )
  })

  it('is suppressed', () => {
    const told: Told[] = [
      [0, 't.a'],
      [1, 't.a'],
    ]
    const found = trace(rule(AB, 'A', 'suppress: { for: 1 hour }\n'), told)
    expect(found.alerts.map(({ kind }) => kind)).toEqual(['alert', 'withheld-alert'])
    expect(found.alerts[1]?.text).toContain('suppressed until 2026-01-01T01:00:00')
  })

  it('is excepted', () => {
    const except = 'except:\n  - { name: staff, why: they test, when: $A.staff = true }\n'
    const found = trace(rule(AB, 'A', except), [[0, 't.a', { staff: true }]])
    expect(found.alerts.map(({ text }) => text)).toEqual(['complete, but excepted by staff: they test'])
    expect(found.nearestMiss).toBeUndefined()
  })

  it('is beyond the rate', () => {
    const told: Told[] = [
      [0, 't.a'],
      [0, 't.a'],
    ]
    const found = trace(rule(AB, 'A', 'suppress: false\n'), told, { limits: { alertsPerMinuteMax: 1 } })
    expect(found.alerts[1]?.withheld).toEqual({ reason: 'rate-limited' })
  })

  it('sees the lists as they were', () => {
    const source = rule('  A: t.a where $in_list("known", user)', 'A')
    const known: LogEntry = {
      sequence: streamSequence(1),
      subject: 'sequitur.log.list',
      ingestedAt: eventTime(START),
      payload: encoder.encode('{"list":"known","put":[{"value":"u7"}]}'),
    }
    const event: LogEntry = {
      ...known,
      sequence: streamSequence(2),
      subject: 't.a',
      payload: encoder.encode('{"user":"u7"}'),
    }
    expect(traceRule(program(source), [known, event], SETUP, { key: 'u7' }).alerts).toHaveLength(1)
    expect(traceRule(program(source), [event], SETUP, { key: 'u7' }).alerts).toHaveLength(0)
  })
})

describe('the nearest miss', () => {
  const cases: ReadonlyArray<readonly [string, string, readonly Told[], string, string]> = [
    [
      'a longer hop',
      rule(AB, 'A followed within 15 minutes by B within 1 hour'),
      [
        [0, 't.a'],
        [19.5, 't.b'],
      ],
      'limit',
      '"followed within 20 minutes by B" instead of "followed within 15 minutes by B"',
    ],
    [
      'the limit itself is outside',
      rule(AB, 'A followed within 15 minutes by B within 1 hour'),
      [
        [0, 't.a'],
        [20, 't.b'],
      ],
      'limit',
      '"followed within 21 minutes by B" instead of "followed within 15 minutes by B"',
    ],
    [
      'one fewer',
      rule(AB, 'at least 5 A within 1 hour'),
      [
        [0, 't.a'],
        [1, 't.a'],
        [2, 't.a'],
        [3, 't.a'],
      ],
      'count',
      '"at least 4 A" instead of "at least 5 A"',
    ],
    [
      'a constant',
      rule('  A: t.a where amount >= 100 and kind = "x"', 'A'),
      [
        [0, 't.a', { amount: 60, kind: 'x' }],
        [1, 't.a', { amount: 90, kind: 'x' }],
        [2, 't.a', { amount: 99, kind: 'y' }],
      ],
      'constant',
      'A: `amount >= 90` instead of `amount >= 100`',
    ],
    [
      'a conjunct',
      rule('  A: t.a where $contains(kind, "x") and amount > 1', 'A'),
      [[0, 't.a', { amount: 9, kind: 'y' }]],
      'condition',
      'A: without `$contains(kind, "x")`',
    ],
    [
      'a shorter absence',
      rule(AB, 'A not followed by B within 15 minutes'),
      [
        [0, 't.a'],
        [12, 't.b'],
      ],
      'limit',
      '"within 12 minutes" instead of "within 15 minutes"',
    ],
    [
      'what was forbidden',
      rule(AB, 'A followed by B without C within 15 minutes'),
      [
        [0, 't.a'],
        [1, 't.c'],
        [2, 't.b'],
      ],
      'absence',
      'C allowed',
    ],
    [
      'having',
      rule(AB, 'A followed by B within 15 minutes', 'having: $B.amount > 10\n'),
      [
        [0, 't.a'],
        [1, 't.b', { amount: 10 }],
      ],
      'having',
      'having: `$B.amount > 9` instead of `$B.amount > 10`',
    ],
  ]
  it.each(cases)('is %s', (_, source, told, kind, change) => {
    expect(trace(source, told, {}, 60 * 24).nearestMiss).toMatchObject({ kind, change })
  })

  it('is not said where two things would have to change', () => {
    const source = rule('  A: t.a where $contains(kind, "x") and $contains(note, "x")', 'A')
    expect(trace(source, [[0, 't.a', { kind: 'y', note: 'y' }]]).nearestMiss).toBeUndefined()
  })

  it('is not said where there was an alert', () => {
    expect(trace(rule(AB, 'A'), [[0, 't.a']]).nearestMiss).toBeUndefined()
  })
})

describe('hidden fields', () => {
  it('never show, neither in values nor in a proposed change', () => {
    const source = rule('  A: t.a where pin = "1234" and $length(pin) = 4 and amount > 1', 'A')
    const found = trace(source, [[0, 't.a', { pin: '987654', amount: 5 }]], { redact: ['pin'] })
    const text = JSON.stringify(found)
    expect(text).toContain('[redacted]')
    expect(text).not.toContain('987654')
  })
})

it('reads as a story', () => {
  const source = rule(AB, 'exactly 3 A followed within 15 minutes by B within 1 hour')
  const found = trace(source, [
    [0, 't.a'],
    [1, 't.a'],
    [2, 't.a'],
    [19, 't.b'],
  ])
  expect(found.lines).toEqual([
    { at: '2026-01-01T00:00:00.000Z', text: 'A × 3: taken (seq 1, 2, 3)' },
    { at: '2026-01-01T00:17:00.000Z', text: expect.stringMatching(/^partial match.* expired/) },
    {
      at: '2026-01-01T00:19:00.000Z',
      text: expect.stringContaining('NOT taken as B, 17m after A, limit 15m'),
    },
    { text: expect.stringMatching(/^nearest miss: 3m\. With "followed within 18 minutes by B"/) },
  ])
})
