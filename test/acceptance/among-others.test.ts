import { describe, expect, test } from 'vitest'
import { random } from '../../bench/support/traffic.ts'
import {
  DEFAULT_LIMITS,
  type LogEntry,
  type PartitionOptions,
  streamSequence,
} from '../../src/engine/index.ts'
import { type Cut, playLog, restoredEvery } from '../support/play-log.ts'

/*
 * What rules share is how they are found: fields that are read once, values that are looked up once, keys that are computed once, and
 * which rules wait for a key. None of it may be seen: among others, a rule says and counts what it says and counts alone, also while
 * others come and go and when everything is restored in between.
 */
const OPTIONS: PartitionOptions = {
  index: 0,
  count: 1,
  stream: 'INPUT',
  sources: [{ name: 'all', subjects: ['>'], timestamp: { path: 'at' }, latenessMs: 30_000 }],
  limits: { ...DEFAULT_LIMITS, suppressionKeysPerRuleMax: 3 },
}
const START = 1_767_225_600_000
const encoder = new TextEncoder()

type Below = (limit: number) => number
const of = <T>(below: Below, values: readonly T[]): T => values[below(values.length)] as T

const SUBJECTS = ['shop.orders', 'shop.payments', 'bank.payments']
const FILTERS = [...SUBJECTS, 'shop.*', '*.payments', '>']
const KEYS = ['user', 'card', 'account.id', 'partner', '[user, card]', '$uppercase(user)']

function condition(below: Below): string {
  const limit = below(20) * 5
  return of(below, [
    () => `kind = "k${below(4)}"`,
    () => `kind = "k${below(4)}" and amount > ${limit}`,
    () => `kind = "k${below(4)}" and amount >= ${limit} and amount < ${limit + 15}`,
    () => `kind in ["k${below(4)}", "k${below(4)}", "other"] and amount <= ${limit}`,
    () => `amount > ${limit}`,
    () => `place.city = "c${below(3)}" and kind = "k${below(4)}" and amount != ${limit}`,
    () => `$contains(text, "w${below(4)}")`,
    () => `$contains(text, /W${below(4)}+/i) and amount < ${limit}`,
    () => `$exists(extra)`,
    () => `$length(text) > ${below(6)}`,
    () => `tags = "t${below(3)}"`,
    () => `$key != "u1" and amount > ${limit}`,
    () => `card in $list("watched") and amount > ${limit}`,
  ])()
}

/** The later of two event definitions: it may also look at the first. */
const laterCondition = (below: Below): string =>
  of(below, [
    () => condition(below),
    () => condition(below),
    () => 'amount >= $a.amount',
    () => `kind = $a.kind and amount < ${below(20) * 5}`,
  ])()

const PATTERNS = [
  'a followed by b within 5 minutes',
  'a immediately followed by b within 5 minutes',
  'at least 2 a followed by b within 10 minutes',
  'a not followed by b within 3 minutes',
  'a followed by b without c within 10 minutes',
  'a followed by b followed by c within 20 minutes',
  'a followed within 2 minutes by b followed by c within 20 minutes',
  'a followed by any b followed by c within 20 minutes',
  'a followed by optional b followed by c within 20 minutes',
  'a followed by no b for 1 minute followed by c within 20 minutes',
  'one or more a until b followed by c within 20 minutes',
  'a followed by (b followed by c without d) within 30 minutes',
  'a followed by (b followed by c within 5 minutes) followed by d within 30 minutes',
  'all of a, b and c within 10 minutes',
  'at least 3 a within 4 minutes',
]

function rule(below: Below, id: string): string {
  const pattern = of(below, PATTERNS)
  const key = of(below, KEYS)
  // A key of its own has as many parts as that of the rule.
  const own = (): string =>
    !key.startsWith('[') && below(4) === 0 ? ` by ${of(below, KEYS.slice(0, 4))}` : ''
  const definitions = ['a', 'b', 'c', 'd']
    .filter((name) => pattern.split(' ').includes(name))
    .map((name) => {
      const where = name === 'b' ? laterCondition(below) : condition(below)
      const text = `${of(below, FILTERS)}${own()}${below(6) === 0 ? '' : ` where ${where}`}`
      return `  ${name}: ${JSON.stringify(text)}`
    })
  return `rule: ${id}
by: ${key}
events:
${definitions.join('\n')}
pattern: ${pattern}
${below(3) === 0 ? 'afterMatch: no-skip\n' : ''}${below(2) === 0 ? 'suppress: false\n' : ''}alert:
  evidence: { seen: $a.amount }
`
}

function event(below: Below, at: number): unknown {
  const user = `u${below(5)}`
  const all: Record<string, unknown> = {
    user,
    card: `u${below(5)}`,
    account: { id: `u${below(5)}` },
    partner: `u${below(5)}`,
    kind: `k${below(4)}`,
    amount: below(100),
    place: { city: `c${below(3)}` },
    text: `w${below(4)} W${below(4)}`,
    tags: below(3) === 0 ? [`t${below(3)}`, `t${below(3)}`] : `t${below(3)}`,
  }
  if (below(3) === 0) all['extra'] = below(2)
  // Now and then something is missing, or is not what it should be.
  for (const name of Object.keys(all)) {
    const odd = below(60)
    if (odd === 0) delete all[name]
    if (odd === 1) all[name] = of<unknown>(below, [null, 7, 'x', [1, 'k1'], { id: 1 }, true])
  }
  // Out of order, a few too late.
  return { ...all, at: at - below(3) * below(40_000) }
}

interface Control {
  /** Undefined: it concerns all. */
  readonly rule: string | undefined
  readonly subject: string
  readonly payload: unknown
}

/** Reads everything, so that all that waits for its time is kept whatever the other rules read. */
const READER: Control = {
  rule: undefined,
  subject: 'sequitur.log.rule',
  payload: {
    kind: 'put',
    id: 'reader',
    version: 1,
    status: 'live',
    format: 'yaml',
    source:
      'rule: reader\nby: user\nevents:\n  a: ">"\n  b: no.subject\npattern: a followed by b within 1 minute\n',
  },
}

/** Events, and between them what changes rules and what rules look at. */
function drawnLog(
  seed: number,
  rules: number,
  events: number,
): { readonly ids: string[]; readonly log: Array<Control | LogEntry> } {
  const below = random(seed)
  const ids = Array.from({ length: rules }, (_, index) => `r${index}`)
  const change = (payload: { readonly id: string }): Control => ({
    rule: payload.id,
    subject: 'sequitur.log.rule',
    payload,
  })
  const put = (id: string, version: number): Control =>
    change({
      kind: 'put',
      id,
      version,
      status: below(5) === 0 ? 'shadow' : 'live',
      format: 'yaml',
      source: rule(below, id),
      partialMatches: of(below, ['keep', 'drain', 'drop']),
      ...(version === 1 || below(3) > 0
        ? {}
        : {
            candidate: { version: version - 1, format: 'yaml', source: rule(below, id), share: below(101) },
          }),
    } as { readonly id: string })
  const log: Array<Control | LogEntry> = [READER, ...ids.map((id) => put(id, 1))]
  let time = START
  const forAll = (version: number): Control =>
    of(below, [
      (): Control => ({
        rule: undefined,
        subject: 'sequitur.log.list',
        payload: { list: 'watched', put: [{ value: `u${below(5)}`, until: time + below(300_000) }] },
      }),
      (): Control => ({
        rule: undefined,
        subject: 'sequitur.log.silence',
        payload: {
          id: `s${below(3)}`,
          version,
          match: { key: `u${below(5)}` },
          from: time,
          until: time + below(200_000),
        },
      }),
      (): Control => ({ rule: undefined, subject: 'sequitur.log.tick', payload: {} }),
    ])()
  for (let index = 0; index < events; index++) {
    time += below(20_000)
    if (below(20) === 0) {
      const id = of(below, ids)
      log.push(
        below(4) === 0
          ? change({ kind: 'remove', id, version: index + 2 } as { id: string })
          : put(id, index + 2),
      )
    }
    if (below(25) === 0) log.push(forAll(index + 1))
    log.push({
      sequence: streamSequence(1),
      subject: of(below, SUBJECTS),
      ingestedAt: time as LogEntry['ingestedAt'],
      payload: encoder.encode(JSON.stringify(event(below, time))),
    })
  }
  return { ids, log }
}

/** The log as a partition gets it; of other rules than `id`, when it is given, something stands in their places that concerns no rule. */
function entriesOf(log: ReadonlyArray<Control | LogEntry>, id?: string): LogEntry[] {
  let ingestedAt = START as LogEntry['ingestedAt']
  return log.map((each, index) => {
    const sequence = streamSequence(index + 1)
    if (!('rule' in each)) {
      ingestedAt = each.ingestedAt
      return { ...each, sequence }
    }
    const isWanted = id === undefined || each.rule === undefined || id === each.rule
    const { subject, payload } = isWanted ? each : NOTHING
    return { sequence, ingestedAt, subject, payload: encoder.encode(JSON.stringify(payload)) }
  })
}

const NOTHING = { subject: 'sequitur.log.list', payload: { list: 'nobody_asks', put: [{ value: 'x' }] } }

interface Said {
  readonly effects: Map<string, string[]>
  readonly statistics: Map<string, unknown>
}

/** What every rule said and counted. */
function run(entries: readonly LogEntry[], cut?: (index: number) => Cut): Said {
  const played = playLog(entries, OPTIONS, cut)
  const effects = new Map<string, string[]>()
  for (const { kind, payload } of played.effects) {
    const { data, detail } = JSON.parse(payload)
    const id = data?.rule ?? detail?.rule
    if (id === undefined) continue
    const all = effects.get(id) ?? []
    effects.set(id, all)
    all.push(`${kind} ${JSON.stringify(data ?? detail)}`)
  }
  const statistics = new Map(played.partition.ruleStatistics().map((each) => [each.id, each]))
  return { effects, statistics }
}

function compare(
  seed: number,
  rules: number,
  events: number,
): { readonly alerts: number; readonly errors: number } {
  const { ids, log } = drawnLog(seed, rules, events)
  const together = run(entriesOf(log))
  const restored = run(entriesOf(log), restoredEvery(97))
  let alerts = 0
  let errors = 0
  for (const id of ids) {
    const alone = run(entriesOf(log, id))
    const wanted = { id, seed, effects: alone.effects.get(id), statistics: alone.statistics.get(id) }
    expect({ id, seed, effects: together.effects.get(id), statistics: together.statistics.get(id) }).toEqual(
      wanted,
    )
    expect({ id, seed, effects: restored.effects.get(id), statistics: restored.statistics.get(id) }).toEqual(
      wanted,
    )
    alerts += wanted.effects?.length ?? 0
    errors += JSON.stringify(wanted.statistics ?? {}).includes('"code"') ? 1 : 0
  }
  return { alerts, errors }
}

describe('a rule among others', () => {
  test.each([1, 2, 3, 4])('says and counts what it says and counts alone: seed %i', (seed) => {
    const { alerts, errors } = compare(seed, 80, 300)
    expect(alerts).toBeGreaterThan(500)
    expect(errors).toBeGreaterThan(5)
  })
})
