import { Engine, type RuleProperties } from 'json-rules-engine'
import type { JsonObject, StreamEvent } from '../src/engine/index.ts'
import { detectionEvents, detectionRules } from './support/detection.ts'
import { type Mix, manyRules, mixEvents } from './support/many-rules.ts'
import {
  collectGarbage,
  cpuBeyond,
  cpuMicroseconds,
  cpuOf,
  median,
  printTable,
  type Row,
  stallOf,
} from './support/measure.ts'
import { conjunctsOf, evaluateOneByOne, eventOf, RoutedRules } from './support/routed-rules.ts'
import { random } from './support/traffic.ts'

/*
 * What one more rule costs. The rule stage (an event to the rules that can take it) by number of rules, beside the same compiled
 * predicates evaluated one by one, json-rules-engine, and the JSON.parse of the event; rule churn; detection-style rules.
 *
 *   npm run bench:index [-- --json] [--quick] [--case few | many | churn | detection]
 */

const isJson = process.argv.includes('--json')
const isQuick = process.argv.includes('--quick')
const only = process.argv.includes('--case') ? process.argv[process.argv.indexOf('--case') + 1] : undefined
const isWanted = (name: string): boolean => only === undefined || only === name
const SIZES = isQuick ? [10, 1000, 10_000] : [1, 10, 100, 1000, 10_000, 100_000]
const EVENTS = 4000
const WARM_UP_EVENTS = 200_000

async function scaling(): Promise<Row[]> {
  const rows: Row[] = []
  for (const mix of ['few', 'many'] as const) {
    if (!isWanted(mix)) continue
    for (const count of SIZES) rows.push(await measureSize(mix, count))
  }
  return rows
}

async function measureSize(mix: Mix, count: number): Promise<Row> {
  const conditions = manyRules(count, mix)
  const data = mixEvents(EVENTS)
  const events = data.map(eventOf)
  const rules = new RoutedRules(conditions)
  const { stage, parse, behind } = stageOf(events, rules)
  rules.deliveries = 0
  for (const event of events) rules.route(event)
  const matches = rules.deliveries / EVENTS
  const oneByOne = conditions.map(conjunctsOf)
  // Enough to be measured, little enough to end.
  const some = events.slice(0, Math.max(5, Math.min(EVENTS, Math.floor(2_000_000 / count))))
  const naive = cpuMicroseconds(
    some.length,
    () => some.forEach((event) => void evaluateOneByOne(oneByOne, event)),
    { samples: 3, warmUps: 1 },
  )
  check(
    some.map((event) => evaluateOneByOne(oneByOne, event)),
    some.map((event) => deliveriesOf(rules, event)),
  )
  const peer =
    count <= 1000 ? await jsonRulesEngine(conditions, data.slice(0, count <= 100 ? 200 : 20)) : undefined
  return {
    mix,
    rules: count,
    matches,
    stage,
    'JSON.parse': parse,
    'stage/parse': stage / parse,
    'behind a parse': behind / parse,
    'one by one': naive,
    'times faster': naive / stage,
    'json-rules-engine': peer ?? '-',
  }
}

/**
 * µs of the stage on parsed events, as the conditions are evaluated one by one, and of JSON.parse, each by itself; and `behind`: what an
 * event costs more when it is parsed and then routed than when it is only parsed. That is more than the stage: parsing and rules push each
 * other out of the processor's caches, and the parser has to fetch its tables of texts again.
 */
function stageOf(
  events: readonly StreamEvent[],
  rules: RoutedRules,
): { readonly stage: number; readonly parse: number; readonly behind: number } {
  const round = (): void => {
    for (const event of events) rules.route(event)
  }
  // The CPU of the threads that make machine code would be counted too: until then it is warming up.
  const warmUps = Math.ceil(WARM_UP_EVENTS / events.length)
  const stage = cpuMicroseconds(events.length, round, { samples: 25, warmUps })
  const texts = events.map(({ data }) => JSON.stringify(data))
  let sequences = 0
  const { part, beyond } = cpuBeyond(
    texts.length,
    () => {
      for (const text of texts) sequences += eventOf(JSON.parse(text), 0).sequence
    },
    () => {
      for (const text of texts) rules.route(eventOf(JSON.parse(text), 0))
    },
  )
  if (sequences === 0) throw new Error('nothing was parsed')
  return { stage, parse: part, behind: beyond }
}

function deliveriesOf(rules: RoutedRules, event: Parameters<RoutedRules['route']>[0]): number {
  const before = rules.deliveries
  rules.route(event)
  return rules.deliveries - before
}

/** A stage that is fast because it is wrong is not measured. */
function check(wanted: readonly number[], got: readonly number[]): void {
  const at = wanted.findIndex((count, index) => count !== got[index])
  if (at >= 0) throw new Error(`event ${at}: ${got[at]} rules found, ${wanted[at]} hold`)
}

/** µs per event; conditions as json-rules-engine writes them. */
async function jsonRulesEngine(
  conditions: readonly string[],
  events: readonly JsonObject[],
): Promise<number> {
  const engine = new Engine(
    conditions.map(
      (condition): RuleProperties => ({
        conditions: { all: condition.split(' and ').map(asPeer) },
        event: { type: 'match' },
      }),
    ),
    { allowUndefinedFacts: true },
  )
  const before = process.cpuUsage()
  for (const event of events) await engine.run(event)
  const used = process.cpuUsage(before)
  return (used.user + used.system) / events.length
}

const PEER_OPERATORS: Readonly<Record<string, string>> = {
  '=': 'equal',
  in: 'in',
  '<': 'lessThan',
  '>': 'greaterThan',
  '>=': 'greaterThanInclusive',
}

function asPeer(conjunct: string): { fact: string; operator: string; value: unknown } {
  const [, fact = '', operator = '', value = ''] = /^(\w+) (=|in|<|>=|>) (.*)$/.exec(conjunct) ?? []
  return { fact, operator: PEER_OPERATORS[operator] ?? operator, value: JSON.parse(value) }
}

function churn(): Row {
  const count = 10_000
  const rules = new RoutedRules(manyRules(count, 'few'))
  const events = mixEvents(EVENTS).map(eventOf)
  for (const event of events) rules.route(event)
  collectGarbage()
  const below = random(9)
  const updates: number[] = []
  const stops: number[] = []
  const stalls: number[] = []
  for (let update = 0; update < (isQuick ? 200 : 2000); update++) {
    updates.push(cpuOf(() => stops.push(stallOf(() => rules.replace(below(count))))) / 1000)
    // The events right behind an update pay for what it put off.
    for (let next = 0; next < 20; next++) {
      const event = events[below(EVENTS)] as (typeof events)[number]
      stalls.push(stallOf(() => rules.route(event)))
    }
  }
  return {
    rules: count,
    updates: updates.length,
    'median ms': median(updates),
    'longest ms': Math.max(...stops),
    'longest event ms': Math.max(...stalls),
  }
}

function detection(): Row {
  const conditions = detectionRules(3000)
  const data = detectionEvents(1000)
  const events = data.map(eventOf)
  const rules = new RoutedRules(conditions)
  const { stage, parse, behind } = stageOf(events, rules)
  rules.deliveries = 0
  for (const event of events) rules.route(event)
  const matches = rules.deliveries / events.length
  const oneByOne = conditions.map(conjunctsOf)
  const some = events.slice(0, 200)
  const naive = cpuMicroseconds(
    some.length,
    () => some.forEach((event) => void evaluateOneByOne(oneByOne, event)),
    { samples: 3, warmUps: 1 },
  )
  check(
    some.map((event) => evaluateOneByOne(oneByOne, event)),
    some.map((event) => deliveriesOf(rules, event)),
  )
  return {
    matches,
    stage,
    'events/s': 1e6 / stage,
    'JSON.parse': parse,
    'events/s with parse': 1e6 / (behind + parse),
    'one by one': naive,
    'times faster': naive / stage,
  }
}

/** What is wanted, beside what was measured. */
function goals(scaling: readonly Row[], churned: readonly Row[], detected: readonly Row[]): Row[] {
  return [
    ...scaling
      .filter(({ rules }) => rules === 10_000)
      .flatMap((row) => [
        atMost(`10,000 rules, ${row['mix']}: in parses of the event`, row['stage/parse'], 1),
        atLeast(`10,000 rules, ${row['mix']}: times faster than one by one`, row['times faster'], 1000),
      ]),
    ...churned.flatMap((row) => [
      atMost('a rule taken out and put in at 10,000: ms, median', row['median ms'], 1),
      atMost('the longest of them: ms', row['longest ms'], 10),
      atMost('the longest event behind one: ms', row['longest event ms'], 10),
    ]),
    ...detected.map((row) => atLeast('detection: parsed events/s', row['events/s'], 150_000)),
  ]
}

type Cell = Row[string] | undefined

const atMost = (goal: string, got: Cell, limit: number): Row => ({
  goal,
  wanted: `<= ${limit.toLocaleString('en')}`,
  got: Number(got),
  met: Number(got) <= limit ? 'yes' : 'no',
})

const atLeast = (goal: string, got: Cell, limit: number): Row => ({
  goal,
  wanted: `>= ${limit.toLocaleString('en')}`,
  got: Number(got),
  met: Number(got) >= limit ? 'yes' : 'no',
})

const scaled = await scaling()
const churned = isWanted('churn') ? [churn()] : []
const detected = isWanted('detection') ? [detection()] : []
const results = {
  scaling: scaled,
  churn: churned,
  detection: detected,
  goals: goals(scaled, churned, detected),
}
if (isJson) console.log(JSON.stringify(results))
else {
  const tables: ReadonlyArray<readonly [string, readonly Row[]]> = [
    ['The rule stage by number of rules (µs of CPU per event)', results.scaling],
    ['Rules taken out and put in again under load', results.churn],
    ['Detection-style: 3,000 rules, 40-field events', results.detection],
    ['Goals', results.goals],
  ]
  for (const [title, rows] of tables) if (rows.length > 0) printTable(title, rows)
}
