import {
  createPartition,
  eventTime,
  type LogEntry,
  type RuleProgram,
  streamSequence,
} from '../src/engine/index.ts'
import { shippedRules } from '../test/support/shipped-rules.ts'
import { manyRules } from './support/many-rules.ts'
import { collectGarbage, cpuOf, median, printTable, type Row } from './support/measure.ts'
import { pairRules, pairText, pairTraffic, programsOf, tenAsFrequent } from './support/pair-rules.ts'
import { traffic } from './support/traffic.ts'

/*
 * The partition alone, without a broker and a store: µs of CPU per event from log entry to effects, and per event for the rows of a
 * checkpoint, with the shipped rules in order and out of order, and with 10 and 10,000 rules. Beside it the JSON.parse of the event.
 * The case 'rule changes' changes one of 10,000 rules after every hundredth of a second's events and says how long events wait for it.
 *
 *   npm run bench:partition [-- --json] [--events 200000] [--case '12 rules, in']
 */

const isJson = process.argv.includes('--json')
const only = process.argv.includes('--case') ? process.argv[process.argv.indexOf('--case') + 1] : undefined
const EVENTS = Number(process.argv[process.argv.indexOf('--events') + 1]) || 200_000
const BATCH = 500
/** Entries per checkpoint: a second's worth. */
const STEP = 20_000
const decoder = new TextDecoder()

/** Parts of the traffic at a time: the entries of a real log do not fill the heap either. */
function* shippedTraffic(disorderMs: number): Generator<LogEntry> {
  for (let start = 0; start < EVENTS; start += STEP) {
    yield* traffic({ events: Math.min(STEP, EVENTS - start), start, disorderMs })
  }
}

function measure(
  name: string,
  programs: readonly RuleProgram[],
  log: Iterable<LogEntry>,
  latenessMs: number,
): Row {
  const partition = createPartition({
    index: 0,
    count: 1,
    stream: 'BENCH',
    rules: programs.map((program) => ({ program })),
    sources: [
      { name: 'all', subjects: ['>'], latenessMs, ...(latenessMs > 0 ? { timestamp: { path: 'at' } } : {}) },
    ],
  })
  const cost = { parse: 0, process: 0, step: 0 }
  let events = 0
  let rows = 0
  let longest = 0
  let batch: LogEntry[] = []
  for (const entry of log) {
    batch.push(entry)
    if (batch.length < BATCH) continue
    events += BATCH
    // The first part warms up.
    const counts = events > EVENTS / 4
    const entries = batch
    batch = []
    const parse = cpuOf(() => entries.forEach(({ payload }) => void JSON.parse(decoder.decode(payload))))
    const work = cpuOf(() => partition.process(entries))
    if (counts) {
      cost.parse += parse
      cost.process += work
    }
    if (events % STEP !== 0) continue
    const step = cpuOf(() => {
      rows += counts ? (partition.takeStep()?.rows.length ?? 0) : 0
      if (!counts) partition.takeStep()
    })
    if (!counts) continue
    longest = Math.max(longest, step / 1000)
    cost.step += step
  }
  const counted = events * 0.75
  const { partialMatches, effects } = partition.statistics()
  return {
    case: name,
    'JSON.parse': cost.parse / counted,
    process: cost.process / counted,
    'rows of a checkpoint': cost.step / counted,
    'process/parse': cost.process / cost.parse,
    'rows/event': rows / counted,
    'µs/row': cost.step / rows,
    'longest checkpoint ms': longest,
    'partial matches': partialMatches,
    effects,
  }
}

/** Rules that change while events come: text to running rule, one of 10,000 at a time. */
function ruleChanges(): Row {
  const conditions = manyRules(10_000, 'few')
  collectGarbage()
  const empty = process.memoryUsage().heapUsed
  const partition = createPartition({
    index: 0,
    count: 1,
    stream: 'BENCH',
    sources: [{ name: 'all', subjects: ['>'], latenessMs: 0 }],
  })
  const encoder = new TextEncoder()
  let sequence = 0
  let at = 0
  const put = (number: number, condition: string): LogEntry => ({
    sequence: streamSequence(++sequence),
    subject: 'sequitur.log.rule',
    ingestedAt: eventTime(1_767_225_600_000 + at),
    payload: encoder.encode(
      JSON.stringify({
        kind: 'put',
        id: `r${number}`,
        version: sequence,
        status: 'live',
        format: 'json',
        source: pairText(number, condition),
      }),
    ),
  })
  conditions.forEach((condition, number) => void partition.process([put(number, condition)]))
  partition.takeStep()
  // What the start left behind is not what a change costs.
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  const events = [...pairTraffic(EVENTS)]
  const others = manyRules(20_000, 'few')
  const changes: number[] = []
  const compiles: number[] = []
  const batches: number[] = []
  for (let change = 0; change < CHANGES; change++) {
    const number = (change * 7919) % 10_000
    const condition = others[10_000 + change] as string
    if (change % 10 === 0) compiles.push(wallOf(() => void programsOf(pairText(number, condition))))
    const entry = put(number, condition)
    changes.push(wallOf(() => partition.process([entry])))
    for (let batch = 0; batch < 4; batch++) {
      const entries = events
        .slice(at, at + 50)
        .map((entry) => ({ ...entry, sequence: streamSequence(++sequence) }))
      at = (at + 50) % (EVENTS - 50)
      batches.push(wallOf(() => partition.process(entries)))
    }
    if (change % 50 === 0) partition.takeStep()
  }
  // The first compile the machine code of what changes a rule.
  const warm = changes.slice(CHANGES / 10)
  return {
    case: 'rule changes at 10,000',
    changes: CHANGES,
    'MB of 10,000': (before - empty) / 1e6,
    'median ms': median(warm),
    'p99 ms': percentile(warm, 0.99),
    'longest ms': Math.max(...warm),
    'of the first ms': Math.max(...changes.slice(0, CHANGES / 10)),
    'compiled alone ms': median(compiles),
    '50 events behind it: median ms': median(batches),
    'longest of these ms': Math.max(...batches.slice(batches.length / 10)),
  }
}

const CHANGES = 1000

function wallOf(round: () => void): number {
  const started = performance.now()
  round()
  return performance.now() - started
}

const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN

const TEN = '10 rules, as many matches as 10,000'
const TEN_THOUSAND = '10,000 rules'
const shipped = shippedRules().flatMap(({ source }) => programsOf(source))
const cases: ReadonlyArray<
  readonly [string, () => readonly RuleProgram[], () => Iterable<LogEntry>, number]
> = [
  ['no rules', () => [], () => shippedTraffic(0), 0],
  ['12 rules, in order', () => shipped, () => shippedTraffic(0), 0],
  ['12 rules, 2 s out of order', () => shipped, () => shippedTraffic(2000), 2000],
  ['10 rules', () => pairRules(manyRules(10, 'few')), () => pairTraffic(EVENTS), 0],
  [TEN, () => pairRules(tenAsFrequent()), () => pairTraffic(EVENTS), 0],
  [TEN_THOUSAND, () => pairRules(manyRules(10_000, 'few')), () => pairTraffic(EVENTS), 0],
]
const results = cases
  .filter(([name]) => only === undefined || name.startsWith(only))
  .map(([name, programs, log, latenessMs]) => measure(name, programs(), log(), latenessMs))
const changed = only === undefined || 'rule changes'.startsWith(only) ? [ruleChanges()] : []
if (isJson) console.log(JSON.stringify([...results, ...changed]))
else {
  if (results.length > 0) printTable('The partition alone (µs of CPU per event)', results)
  if (changed.length > 0) printTable('A rule that changes while events come (on the wall)', changed)
  // In parses of the same events, measured in between: they tell how busy the machine was.
  const [ten, tenThousand] = [TEN, TEN_THOUSAND].map((name) =>
    Number(results.find((row) => row['case'] === name)?.['process/parse']),
  )
  if (ten !== undefined && tenThousand !== undefined && ten + tenThousand > 0) {
    const speed = (ten / tenThousand).toFixed(2)
    console.log(
      `\nWith as many matches, 10,000 rules run at ${speed} of the speed of 10; wanted: at least 0.70.`,
    )
  }
}
