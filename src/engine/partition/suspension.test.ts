import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CodegenSetting, codegenSetting, setCodegen } from '../expression/index.ts'
import { eventTime, type JsonObject, streamSequence } from '../model/index.ts'
import { compileRule, readRules } from '../rule/index.ts'
import type { RuleProgram } from '../rule/program.ts'
import type { Effect, GuestStatistics, LogEntry, RuleStatistics, StateRow } from './contract.ts'
import { createPartition, restorePartition } from './create.ts'
import type { PartitionOptions } from './options.ts'
import { extrasRow } from './row-ids.ts'
import type { RuleExtras } from './rule-runtime.ts'

const BASE = 1_767_225_600_000
const OPTIONS: PartitionOptions = { index: 0, count: 1, stream: 'INPUT' }
const encoder = new TextEncoder()
/** So that a log needs no millions of entries. */
const LIMITS = { ruleFuelPerSecondMax: 2_000 }

/** Takes about 9,000 fuel and is false. */
const DEAR = '$sum([1..2900].($ * 2)) < 0'

interface Said {
  readonly rule?: Readonly<Record<string, unknown>>
  readonly version?: number
  readonly status?: string
  /** More of the rule's record. */
  readonly record?: Readonly<Record<string, unknown>>
  readonly event?: JsonObject
  readonly subject?: string
}

/** A log with gaps: a suspension is over after few entries that way, and what is earned between two of them is still little. */
function logOf(said: readonly Said[], step = 800): LogEntry[] {
  return said.map(({ rule, version = 1, status = 'live', record, event, subject }, index) => {
    const id = rule?.['rule']
    const put = { kind: 'put', id, version, status, format: 'json', ...record }
    const payload = rule === undefined ? event : { ...put, source: JSON.stringify(rule) }
    return {
      sequence: streamSequence(1 + index * step),
      subject: rule === undefined ? (subject ?? 'demo.a') : 'sequitur.log.rule',
      ingestedAt: eventTime(BASE + index),
      payload: encoder.encode(JSON.stringify(payload)),
    }
  })
}

const ruleWith = (name: string, more: Readonly<Record<string, unknown>>): Said => ({
  rule: { rule: name, by: 'user', events: { hit: 'demo.a' }, pattern: 'hit', suppress: false, ...more },
})
const ruleWhere = (name: string, where: string): Said =>
  ruleWith(name, { events: { hit: { from: 'demo.a', where } } })
const eventsOf = (count: number, from = 0): Said[] =>
  Array.from({ length: count }, (_, index) => ({
    event: { user: `u${(from + index) % 5}`, n: from + index },
  }))

interface Ran {
  readonly effects: readonly Effect[]
  readonly rules: readonly RuleStatistics[]
  readonly guests: readonly GuestStatistics[]
  readonly rows: ReadonlyMap<string, Uint8Array>
}

/** Runs a log; behind each of `cuts` the partition is stored, forgotten and restored. */
function run(
  log: readonly LogEntry[],
  cuts: ReadonlySet<number> = new Set(),
  limits: PartitionOptions['limits'] = LIMITS,
  others: readonly Said[] = [],
): Ran {
  const rules = others.map(({ rule }) => ({ program: programOf(JSON.stringify(rule)) }))
  const options = { ...OPTIONS, limits, rules }
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
  log.forEach((entry, index) => {
    partition.process([entry])
    if (!cuts.has(index)) return
    take()
    const stored: StateRow[] = [...rows].map(([id, value]) => ({ id, value })).reverse()
    partition = restorePartition(options, stored)
  })
  take()
  return { effects, rules: partition.ruleStatistics(), guests: partition.statistics().guests, rows }
}

function programOf(text: string): RuleProgram {
  const read = readRules(text, { format: 'json' })
  if (!read.ok || read.value[0] === undefined) throw new Error('the rule is one')
  const compiled = compileRule(read.value[0], { version: 1 })
  if (!compiled.ok) throw new Error('the rule compiles')
  return compiled.value
}

const noticesOf = ({ effects }: Ran, rule?: string): JsonObject[] =>
  effects
    .filter(({ kind }) => kind === 'notice')
    .map(({ payload }) => JSON.parse(payload) as JsonObject)
    .filter((notice) => rule === undefined || notice['rule'] === rule)
const alertsOf = ({ effects }: Ran, rule: string): string[] =>
  effects.filter(({ subject }) => subject.includes(`.${rule}.`)).map(({ payload }) => payload)
const ruleOf = ({ rules }: Ran, id: string): RuleStatistics | undefined =>
  rules.find((rule) => rule.id === id)

describe('a rule that uses too much fuel', () => {
  const log = logOf([ruleWhere('dear', DEAR), ruleWhere('plain', 'n >= 0'), ...eventsOf(600)])
  const ran = run(log)

  test('is suspended with a notice, and comes back for a trial', () => {
    const [first, second, third] = noticesOf(ran, 'dear')
    expect(first).toMatchObject({
      code: 'rule-suspended',
      version: 1,
      used_up_by: 'hit',
      fuel_per_second: 2_000,
    })
    expect(second).toMatchObject({ code: 'rule-resumed' })
    expect(third).toMatchObject({ code: 'rule-suspended' })
    expect(ruleOf(ran, 'dear')).toMatchObject({ state: 'suspended', suspensions: 2 })
    expect(ruleOf(ran, 'dear')?.suspendedUntil).toBe(third?.['until_sequence'])
  })

  test('is suspended for twice as long the second time', () => {
    const suspended = noticesOf(ran, 'dear').filter(({ code }) => code === 'rule-suspended')
    const [first, second] = suspended.map((notice) => Number(notice['until_sequence']))
    expect(first).toBeLessThan(440_000)
    expect(second).toBeGreaterThan(1_200_000)
  })

  test('does nothing to its neighbours', () => {
    const alone = run(log.filter((_, index) => index !== 0))
    expect(alertsOf(ran, 'plain')).toHaveLength(600)
    expect(alertsOf(ran, 'plain')).toEqual(alertsOf(alone, 'plain'))
    expect(ruleOf(ran, 'plain')).toMatchObject({ state: 'running', fuel: 0 })
  })

  test('runs again at once as a new version', () => {
    const better = { ...ruleWhere('dear', 'n >= 0'), version: 2 }
    const changed = run(logOf([ruleWhere('dear', DEAR), ...eventsOf(30), better, ...eventsOf(30)]))
    expect(noticesOf(changed).map(({ code }) => code)).toEqual(['rule-suspended'])
    expect(ruleOf(changed, 'dear')).toMatchObject({
      state: 'running',
      version: 2,
      alerts: 30,
      suspensions: 1,
    })
  })

  test('can be disabled, and enabled', () => {
    const off = { ...ruleWhere('dear', DEAR), version: 2, status: 'disabled' }
    const changed = run(
      logOf([ruleWhere('dear', DEAR), ...eventsOf(30), off, ...eventsOf(600)]),
      new Set([20, 40]),
    )
    expect(noticesOf(changed).map(({ code }) => code)).toEqual(['rule-suspended'])
    expect(ruleOf(changed, 'dear')?.state).toBe('stopped')
  })

  test('has nothing more evaluated for the event that used it up', () => {
    const dear = Array.from({ length: 30 }, (_, index) => `$sum([1..2900].($ * ${index + 2})) > 0`)
    const once = run(logOf([ruleWhere('dear', dear[0] as string), ...eventsOf(1)]))
    const many = run(logOf([ruleWhere('dear', dear.join(' and ')), ...eventsOf(1)]))
    expect(ruleOf(many, 'dear')?.state).toBe('suspended')
    expect(ruleOf(many, 'dear')?.fuel).toBeLessThanOrEqual(2 * (ruleOf(once, 'dear')?.fuel ?? 0))
  })

  test('may use as much as the limit says', () => {
    const rich = run(log, new Set(), { ruleFuelPerSecondMax: 20_000_000 })
    expect(noticesOf(rich)).toEqual([])
    expect(ruleOf(rich, 'dear')?.fuel).toBeGreaterThan(600 * 5_000)
  })
})

test('what a suspended rule had begun is dropped, and no absence comes of events that it did not see', () => {
  const watch = {
    events: { a: { from: 'demo.a', where: `n = 0 or ${DEAR}` }, b: 'demo.b' },
    pattern: 'a not followed by b within 1 second',
  }
  const log = [
    ruleWith('watch', watch),
    ...eventsOf(40),
    { subject: 'demo.b', event: { user: 'u0' } },
    ...eventsOf(2_000),
  ]
  const ran = run(logOf(log, 10))
  expect(noticesOf(ran, 'watch')[0]).toMatchObject({ code: 'rule-suspended', partial_matches_dropped: 1 })
  expect(alertsOf(ran, 'watch')).toEqual([])
})

describe('versions side by side', () => {
  /** Is true, and takes about 9,000 fuel for all but the first events. */
  const dearly = (name: string): Said => ruleWhere(name, 'n < 20 or $sum([1..2900].($ * 2)) > 0')
  const plainly = (name: string): Said => ruleWhere(name, 'n >= 0')
  const beside = (live: Said, candidate: Said, share: number, version = 2): Said => ({
    ...live,
    version,
    record: {
      textVersion: 1,
      candidate: { version: 2, format: 'json', source: JSON.stringify(candidate.rule), share },
    },
  })
  const versionOf = (ran: Ran, version: number) =>
    ruleOf(ran, 'r')?.versions.find((each) => each.version === version)
  /** Of live alerts: the number of the event by the version that raised it. */
  const raised = ({ effects }: Ran): Array<readonly [version: number, n: number]> =>
    effects
      .filter(({ kind }) => kind === 'alert')
      .map(({ payload }) => {
        const { data } = JSON.parse(payload) as { data: { version: number; events: Array<{ seq: number }> } }
        return [data.version, data.events[0]?.seq ?? 0]
      })

  test('a suspended candidate decides nothing: each event after it is for the version in force', () => {
    const ran = run(logOf([plainly('r'), beside(plainly('r'), dearly('r'), 60), ...eventsOf(100)]))
    expect(noticesOf(ran, 'r')).toMatchObject([{ code: 'rule-suspended', version: 2 }])
    expect(ruleOf(ran, 'r')).toMatchObject({ state: 'running', suspendedUntil: undefined, suspensions: 1 })
    expect(versionOf(ran, 2)).toMatchObject({ role: 'candidate', share: 0 })
    expect(versionOf(ran, 2)?.suspendedUntil).toBeGreaterThan(0)
    const byCandidate = raised(ran).filter(([version]) => version === 2)
    expect(byCandidate.length).toBeGreaterThan(0)
    // The event on which it ran out of fuel was its own.
    const last = byCandidate.at(-1)?.[1] ?? 0
    expect(new Set(raised(ran).map(([, n]) => n)).size).toBeGreaterThanOrEqual(99)
    expect(raised(ran).filter(([version, n]) => version === 1 && n > last).length).toBeGreaterThan(50)
  })

  test('it decides its share again when it comes back', () => {
    const mild = ruleWhere('r', `n >= 30 or $sum([1..2900].($ * 2)) > 0`)
    const ran = run(logOf([plainly('r'), beside(plainly('r'), mild, 60), ...eventsOf(600)]))
    expect(
      noticesOf(ran, 'r')
        .map(({ code }) => code)
        .slice(0, 2),
    ).toEqual(['rule-suspended', 'rule-resumed'])
  })

  test('a suspended version in force leaves the candidate its share', () => {
    const ran = run(logOf([dearly('r'), beside(dearly('r'), plainly('r'), 60), ...eventsOf(100)]))
    expect(ruleOf(ran, 'r')).toMatchObject({ state: 'suspended', suspensions: 1 })
    expect(versionOf(ran, 2)).toMatchObject({ share: 60 })
    const [suspended] = noticesOf(ran, 'r')
    expect(suspended).toMatchObject({ code: 'rule-suspended', version: 1 })
    const after = raised(ran).slice(-20)
    expect(after.every(([version]) => version === 2)).toBe(true)
  })

  test('promoted, a suspended candidate runs at once with nothing used', () => {
    const promotion: Said = { ...dearly('r'), version: 3, record: { promoted: 2 } }
    const ran = run(
      logOf([
        plainly('r'),
        beside(plainly('r'), dearly('r'), 10),
        ...eventsOf(60),
        promotion,
        ...eventsOf(1),
      ]),
    )
    expect(noticesOf(ran, 'r').map(({ code }) => code)).toEqual(['rule-suspended'])
    expect(ruleOf(ran, 'r')).toMatchObject({ state: 'running', inForce: 3, suspensions: 1 })
    expect(raised(ran).at(-1)?.[0]).toBe(3)
  })

  test('withdrawn, or with another share, it is what it was', () => {
    const withdrawn: Said = { ...plainly('r'), version: 3, record: { textVersion: 1 } }
    const shifted = beside(plainly('r'), dearly('r'), 90, 3)
    const before = [plainly('r'), beside(plainly('r'), dearly('r'), 10), ...eventsOf(60)]
    const less = run(logOf([...before, withdrawn, ...eventsOf(60)]))
    expect(ruleOf(less, 'r')).toMatchObject({ state: 'running', suspensions: 1 })
    expect(ruleOf(less, 'r')?.versions).toHaveLength(1)
    const more = run(logOf([...before, shifted, ...eventsOf(60)]))
    expect(versionOf(more, 2)).toMatchObject({ share: 0 })
  })

  const drained = (): Said[] => {
    const pair = (where: string): Said =>
      ruleWith('r', {
        events: { a: { from: 'demo.a', where: 'n < 5' }, b: { from: 'demo.a', where } },
        pattern: 'a followed by b within 1 hour',
      })
    const next: Said = { ...pair('n > 1e9'), version: 2, record: { partialMatches: 'drain' } }
    return [pair('n > 8 and $sum([1..2900].($ * $a.n)) < 0'), ...eventsOf(8), next, ...eventsOf(100, 8)]
  }

  test('a version that drains has nothing to come back for: it ends', () => {
    const ran = run(logOf(drained()))
    expect(noticesOf(ran, 'r').map(({ code, why }) => why ?? code)).toEqual([
      'partial-matches-draining',
      'fuel-used-up',
    ])
    expect(ruleOf(ran, 'r')).toMatchObject({ state: 'running', dropped: 5, suspensions: 0 })
    expect(ruleOf(ran, 'r')?.versions).toHaveLength(1)
  })

  test('stored and restored anywhere, all of that is the same', () => {
    const log = [
      plainly('r'),
      beside(plainly('r'), dearly('r'), 60),
      ...eventsOf(520),
      { ...dearly('r'), version: 3, record: { promoted: 2 } },
      ...drained().map((said) =>
        said.rule === undefined ? said : { ...said, rule: { ...said.rule, rule: 'q' } },
      ),
      ...eventsOf(50),
      { ...plainly('r'), version: 4 },
      ...eventsOf(20),
    ]
    const straight = run(logOf(log))
    expect(straight.rules.map(({ suspensions }) => suspensions)).toEqual([0, 2])
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(log.length - 1), { minLength: 1, maxLength: 12 }), (cuts) => {
        const cut = run(logOf(log), new Set(cuts))
        expect(cut.effects).toEqual(straight.effects)
        expect(cut.rules).toEqual(straight.rules)
      }),
      { numRuns: 20 },
    )
  })

  test('an erasure reaches what a suspended rule alone reads', () => {
    const partition = createPartition({ ...OPTIONS, limits: LIMITS })
    partition.process(logOf([dearly('r'), ...eventsOf(60)]))
    expect(partition.statisticsOf('r')?.state).toBe('suspended')
    const [entry] = logOf([{ event: { user: 'u1' } }]) as [LogEntry]
    expect(partition.belonging({ key: 'u1' })(entry)).toMatchObject({ kind: 'event' })
  })
})

describe('a namespace that is a guest', () => {
  const limits = { guestNamespaces: ['sandbox'], guestFuelPerSecondMax: 10_000 }
  const guest = (name: string, where: string): Said => {
    const { rule } = ruleWhere(name, where)
    return { rule: { ...rule, namespace: 'sandbox' } }
  }
  const log = logOf(
    [
      ruleWhere('neighbour', 'n >= 0'),
      guest('storm', 'n >= 0'),
      guest('asks', 'n * 2 < 0'),
      guest('quiet', 'n = 77'),
      ...eventsOf(2_000),
    ],
    1,
  )
  const suspended = (ran: Ran): unknown[] =>
    noticesOf(ran)
      .filter(({ code }) => code === 'rule-suspended')
      .map(({ rule, used_up_by, fuel_per_second }) => [rule, used_up_by, fuel_per_second])

  test('loses the rule that uses most, and no other', () => {
    const ran = run(log, new Set(), limits)
    expect(suspended(ran)).toEqual([['storm', 'its namespace', 10_000]])
    expect(ruleOf(ran, 'neighbour')).toMatchObject({ state: 'running', alerts: 2_000 })
    expect(ruleOf(ran, 'quiet')).toMatchObject({ state: 'running', alerts: 1 })
    expect(ran.guests).toMatchObject([{ namespace: 'sandbox', suspensions: 1 }])
  })

  test('says what it used and what is left, which fills up with the log', () => {
    const guestsOf = (...said: Said[]): readonly GuestStatistics[] =>
      run(logOf([guest('storm', 'n >= 0'), ...said], 1), new Set(), limits).guests
    expect(guestsOf()).toEqual([{ namespace: 'sandbox', used: 0, left: 1, suspensions: 0 }])
    const [event] = eventsOf(1) as [Said]
    const [after] = guestsOf(event)
    // An alert is most of it. The budget holds 2.5 s of what it may use.
    expect(after?.used).toBeGreaterThan(90)
    expect(after?.left).toBeCloseTo(1 - (after?.used ?? 0) / 25_000, 10)
    // An entry brings half a millisecond and the one since the last: 15 fuel.
    const [later] = guestsOf(event, { event: {}, subject: 'demo.other' })
    expect(later?.used).toBe(after?.used)
    expect(later?.left).toBeCloseTo((after?.left ?? 0) + 15 / 25_000, 10)
  })

  test('loses one after the other while they use too much together', () => {
    const ran = run(log, new Set(), { ...limits, guestFuelPerSecondMax: 3_000 })
    expect(suspended(ran).map((each) => (each as string[])[0])).toEqual(['storm', 'asks'])
    expect(ran.guests).toMatchObject([{ suspensions: 2 }])
    expect(ruleOf(ran, 'quiet')?.state).toBe('running')
  })

  test('loses, of many that use the same, each time as many as have used half', () => {
    const storms = Array.from('hgfedcba', (name) => guest(`storm-${name}`, 'n >= 0'))
    const crowd = logOf([...storms, ...eventsOf(2_000)], 1)
    const notices = noticesOf(run(crowd, new Set(), limits)).filter(({ code }) => code === 'rule-suspended')
    const times = Map.groupBy(notices, ({ until_sequence }) => until_sequence)
    expect([...times.values()].map((each) => each.map(({ rule }) => rule))).toEqual([
      ['storm-a', 'storm-b', 'storm-c', 'storm-d'],
      ['storm-e', 'storm-f'],
      ['storm-g'],
      ['storm-h'],
    ])
  })

  test('pays as if it were alone', () => {
    const alone = run(
      log.filter((_, index) => index !== 0),
      new Set(),
      limits,
    )
    const beside = run(log, new Set(), limits)
    for (const rule of ['storm', 'asks', 'quiet']) {
      expect(ruleOf(beside, rule)).toEqual(ruleOf(alone, rule))
      expect(alertsOf(beside, rule)).toEqual(alertsOf(alone, rule))
    }
  })

  test('pays the same wherever it is stored and restored, generated source or not', () => {
    const tight = { ...limits, guestFuelPerSecondMax: 3_000 }
    const straight = run(log, new Set(), tight)
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(log.length - 1), { minLength: 1, maxLength: 12 }), (cuts) => {
        const cut = run(log, new Set(cuts), tight)
        expect(cut.effects).toEqual(straight.effects)
        expect(cut.rules).toEqual(straight.rules)
        expect(cut.guests).toEqual(straight.guests)
      }),
      { numRuns: 15 },
    )
    const before = codegenSetting()
    try {
      setCodegen(before === 'off' ? 'auto' : 'off')
      expect(run(log, new Set(), tight).effects).toEqual(straight.effects)
    } finally {
      setCodegen(before)
    }
  })

  test('is what the namespace of the text in force is', () => {
    const moved: Said = { ...ruleWhere('storm', 'n >= 0'), version: 2 }
    const [first, ...rest] = [guest('storm', 'n >= 0'), moved, ...eventsOf(2_000)]
    expect(suspended(run(logOf([first as Said, ...rest], 1), new Set(), limits))).toEqual([])
    const back = [{ ...moved, version: 1 }, { ...guest('storm', 'n >= 0'), version: 2 }, ...eventsOf(2_000)]
    expect(suspended(run(logOf(back, 1), new Set(), limits))).toHaveLength(1)
  })

  test('is nobody by default', () => {
    const ran = run(log, new Set(), {})
    expect([suspended(ran), ran.guests]).toEqual([[], []])
  })
})

describe('partial matches in an index', () => {
  /** Some wait for a value behind a condition that costs; they come in waves, so that there is an index, is none, and is one again. */
  const waves = ruleWith('r', {
    by: '"all"',
    events: {
      a: { from: 'demo.a', where: 'n % 160 < 90' },
      b: { from: 'demo.a', where: '$sum([1..20].($ * $a.n)) >= 0 and user = $a.user and n = $a.n + 5' },
    },
    pattern: 'a followed by any b within 70 ms',
    afterMatch: 'no-skip',
  })
  const PLENTY = { ruleFuelPerSecondMax: 100_000_000 }
  const log = logOf([waves, ...eventsOf(500)], 1)
  const straight = run(log, new Set(), PLENTY)

  test('cost those that an event is shown to', () => {
    expect(straight.rules[0]).toMatchObject({ suspensions: 0 })
    expect(straight.rules[0]?.fuel).toBeGreaterThan(10_000)
  })

  test('cost the same wherever they are stored and restored', () => {
    for (let start = 0; start < log.length; start += 19) {
      const cut = run(log, new Set([start, start + 3]), PLENTY)
      expect(cut.rules[0]?.fuel, `restored behind entry ${start}`).toBe(straight.rules[0]?.fuel)
    }
  })

  test('cost the same beside others', () => {
    const others = Array.from({ length: 40 }, (_, index) => ({
      rule: { ...waves.rule, rule: `other-${index}` },
    }))
    expect(run(log, new Set(), PLENTY, others).rules.find(({ id }) => id === 'r')?.fuel).toBe(
      straight.rules[0]?.fuel,
    )
  })

  test('many that an event does not concern cost nothing', () => {
    const orders = ruleWith('r', {
      by: '"all"',
      events: { a: 'demo.a', b: { from: 'demo.b', where: 'n = $a.n' } },
      pattern: 'a followed by b within 1 hour',
      afterMatch: 'no-skip',
    })
    const paid = eventsOf(400).map(({ event }) => ({ event: event as JsonObject, subject: 'demo.b' }))
    expect(ruleOf(run(logOf([orders, ...eventsOf(400), ...paid], 1), new Set(), {}), 'r')).toMatchObject({
      fuel: 0,
      matches: 400,
    })
  })
})

describe('what costs', () => {
  const dear = (text: string): string => `$sum([1..2900].($ * 2)) ${text}`
  test.each<readonly [string, Said]>([
    ['a condition', ruleWhere('r', DEAR)],
    ['a condition with an error', ruleWhere('r', `$number($string(${dear('')}) & "x") = 1`)],
    ['a condition on the key', ruleWhere('r', `${DEAR} or $key = "nobody" and ${DEAR}`)],
    ['a key', ruleWith('r', { by: `$string(${dear('')})` })],
    [
      'a condition on what was taken',
      ruleWith('r', {
        events: { a: 'demo.a', b: { from: 'demo.a', where: `$a.n > 1e9 or ${DEAR}` } },
        pattern: 'a followed by b within 1 hour',
      }),
    ],
    ['having', ruleWith('r', { having: `$hit.n < 0 or ${DEAR}` })],
    ['an exception', ruleWith('r', { except: [{ name: 'x', when: DEAR }] })],
    ['evidence', ruleWith('r', { alert: { evidence: { e: dear('') } } })],
    ['a message', ruleWith('r', { alert: { message: `{{ ${dear('')} }}` } })],
    [
      'suppression by',
      ruleWith('r', { suppress: { for: '1 ms', by: `$string(${dear('')}) & $string($hit.n)` } }),
    ],
    [
      'a crowd of partial matches',
      ruleWith('r', {
        by: '"all"',
        events: { a: 'demo.a', b: { from: 'demo.a', where: 'n > $a.n + 1000000' } },
        pattern: 'a followed by any b within 1 day',
        afterMatch: 'no-skip',
      }),
    ],
    [
      'a crowd of matches',
      ruleWith('r', {
        by: '"all"',
        events: { a: 'demo.a', b: 'demo.a' },
        pattern: 'a followed by any b within 1 day',
        afterMatch: 'no-skip',
      }),
    ],
    [
      'combinations of them',
      ruleWith('r', {
        by: '"all"',
        events: { a: 'demo.a', b: 'demo.a' },
        pattern: {
          steps: [
            { kind: 'event', events: ['a'], quantifier: { min: 1, inner: 'non-deterministic-relaxed' } },
            { kind: 'event', events: ['b'], contiguity: 'non-deterministic-relaxed' },
          ],
          withinMs: 3_600_000,
        },
        afterMatch: 'no-skip',
      }),
    ],
    [
      'hundreds of plain conditions',
      ruleWhere('r', Array.from({ length: 200 }, (_, i) => `n * ${i} != -1`).join(' and ')),
    ],
  ])('%s is charged', (_, rule) => {
    const ran = run(logOf([rule, ...eventsOf(400)], 1), new Set(), { ruleFuelPerSecondMax: 5_000 })
    expect(noticesOf(ran, 'r').at(-1)?.['code']).toBe('rule-suspended')
    expect(ruleOf(ran, 'r')?.fuel).toBeLessThan(40_000)
  })

  test.each(['n > 5', 'user = "u1" and $contains(user, "u")', 'n in [1, 2, 3] or $length(user) > 100'])(
    'nothing is charged for %s',
    (where) => expect(ruleOf(run(logOf([ruleWhere('r', where), ...eventsOf(1_200)])), 'r')?.fuel).toBe(0),
  )
})

describe('charges are those of the rule alone', () => {
  const rules = [
    ruleWhere('dear', `n >= 0 and ${DEAR}`),
    ruleWhere('dear-first', `${DEAR} and n >= 0`),
    ruleWith('key', { by: '$string($sum([1..300].($ * 2))) & user' }),
    ruleWith('pair', {
      events: {
        a: 'demo.a',
        b: { from: 'demo.a', where: `$contains(user, "u") and $sum([1..100].($ * 2)) > 0` },
      },
      pattern: 'a followed by b within 1 second',
    }),
    ruleWhere('errs', 'user > 5 and n * 2 >= 0'),
  ]
  const said = (ran: Ran, rule: string): unknown => [
    ruleOf(ran, rule),
    alertsOf(ran, rule),
    noticesOf(ran, rule).map(({ time: _, ...notice }) => notice),
  ]
  const crowd = Array.from({ length: 60 }, (_, index) =>
    ruleWith(`crowd-${index}`, {
      events: {
        a: { from: 'demo.a', where: `n >= ${index}` },
        b: { from: 'demo.a', where: `user = "u${index}" and ${DEAR}` },
      },
      pattern: 'a followed by b within 1 hour',
    }),
  )

  test.each(rules.map((rule) => [String(rule.rule?.['rule']), rule] as const))('%s', (name, rule) => {
    const log = logOf([rule, ...eventsOf(500)])
    // All that shares a subject, a key or a condition with it is taken up before it, in another order.
    const others = [...crowd, ...rules.filter((other) => other !== rule).toReversed()]
    const beside = run(log, new Set(), LIMITS, others)
    expect(said(beside, name)).toEqual(said(run(log), name))
    expect(ruleOf(beside, name)?.fuel).toBeGreaterThan(0)
  })
})

test('an alert that no broker would take goes without its evidence', () => {
  const long = {
    message: '{{ $pad("x", 120000) }} {{ $pad("x", 120000) }}',
    evidence: { e: '$pad("y", 120000)' },
  }
  const { effects } = run(logOf([ruleWith('long', { alert: long }), ...eventsOf(1)]), new Set(), {})
  const { data } = JSON.parse(effects[0]?.payload ?? '') as { data: Record<string, unknown> }
  expect(effects[0]?.payload.length).toBeLessThan(10_000)
  expect(data).toMatchObject({ evidence: {}, events: [{ step: 'hit' }], key: { user: 'u0' } })
  expect(data['evidence_error']).toEqual({ alert: expect.stringContaining('longer than 262144 characters') })
})

test('an alert of ten thousand events has the first and the last of them', () => {
  const many = { by: '"all"', pattern: 'exactly 10000 hit within 1 hour' }
  const { effects } = run(logOf([ruleWith('many', many), ...eventsOf(10_000)], 1))
  const { data } = JSON.parse(effects[0]?.payload ?? '') as {
    data: { events: Array<{ seq: number }>; evidence_error: object }
  }
  expect(effects[0]?.payload.length).toBeLessThan(262_144)
  expect(data.events.at(0)?.seq).toBe(2)
  expect(data.events.at(-1)?.seq).toBe(10_001)
  expect(data.evidence_error).toEqual({ alert: expect.stringMatching(/without \d+ of its events/) })
})

test('generated source or not, the charges are the same', () => {
  const before: CodegenSetting = codegenSetting()
  const log = logOf(
    [
      ruleWhere('light', 'n * 2 >= 0 and $contains(user, "u")'),
      ruleWhere('mixed', `n * 2 >= 0 and $sum([1..200].($ * 2)) > 0`),
      ruleWith('pair', {
        events: {
          a: 'demo.a',
          b: {
            from: 'demo.a',
            where: '$a.n < n and $not($contains($a.none, "u")) and $sum([1..50].($ * 2)) > 0',
          },
        },
        pattern: 'a followed by b within 1 hour',
      }),
      ...eventsOf(2_500),
    ],
    1,
  )
  try {
    setCodegen('off')
    const closures = run(log)
    setCodegen('auto')
    const generated = run(log)
    expect(generated).toEqual(closures)
    expect(ruleOf(closures, 'mixed')?.suspensions).toBeGreaterThan(0)
  } finally {
    setCodegen(before)
  }
})

test('stored and restored anywhere, the same rules are suspended at the same entries', () => {
  const log = logOf([
    ruleWhere('dear', `n >= 10 and ${DEAR}`),
    ruleWith('key', { by: '$string($sum([1..900].($ * 2))) & user' }),
    ruleWith('pair', {
      events: {
        a: { from: 'demo.a', where: 'n % 3 = 0' },
        b: { from: 'demo.a', where: `n > 5 and $count($a) > 0 and $sum([1..900].($ * 2)) > 0` },
      },
      pattern: 'at least 2 a followed by b within 1 minute',
    }),
    ruleWith('alerts', { alert: { evidence: { e: '$sum([1..1500].($ * 2))' } } }),
    ruleWhere('plain', 'n > 3'),
    ...eventsOf(1_100),
  ])
  const straight = run(log)
  expect(straight.rules.filter(({ suspensions }) => suspensions > 1).length).toBeGreaterThan(2)
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(log.length - 1), { minLength: 1, maxLength: 12 }), (cuts) => {
      const cut = run(log, new Set(cuts))
      expect(cut.effects).toEqual(straight.effects)
      expect(cut.rules).toEqual(straight.rules)
    }),
    { numRuns: 25 },
  )
})

test('what an older program stored of a rule is read, and the rule begins with a full account', () => {
  const log = logOf([ruleWhere('plain', 'n > 3'), ...eventsOf(20)])
  const { rows } = run(log)
  const older = [...rows].map(([id, value]): StateRow => {
    if (id !== extrasRow('plain')) return { id, value }
    const { fuel: _, counts, ...extras } = JSON.parse(new TextDecoder().decode(value)) as RuleExtras
    const { fuel: __, suspensions: ___, ...known } = counts
    return { id, value: encoder.encode(JSON.stringify({ ...extras, counts: known })) }
  })
  const partition = restorePartition(OPTIONS, older)
  expect(partition.ruleStatistics()[0]).toMatchObject({
    state: 'running',
    alerts: 16,
    fuel: 0,
    suspensions: 0,
  })
})
