import { parseArgs } from 'node:util'
import type { Effect } from '../src/engine/index.ts'
import { HOSTILE_NAMESPACE, hostileRules } from '../test/support/hostile-rules.ts'
import { shippedRules } from '../test/support/shipped-rules.ts'
import { type ReadRule, readThroughApi } from './hostile/reading.ts'
import { type Run, runRules } from './hostile/running.ts'
import { median, printTable, type Row } from './support/measure.ts'
import { programsOf } from './support/pair-rules.ts'
import { random } from './support/traffic.ts'

/*
 * 200 hostile rules. First they are sent to an API, whose other answers are timed meanwhile; then those that were accepted run beside
 * the shipped rules on the demo's traffic, and the CPU that an entry of the log takes is compared with that of the shipped rules alone.
 * The first half of the log is apart: that is when what costs too much is found out, once. Three groups: what was suspended; what does no
 * more than any rule may; and rules that alert as often as they are let. Then all of them, and all of them in a namespace that is a guest.
 *
 *   npm run bench:hostile [-- --json] [--rules 200] [--entries 200000] [--rounds 3] [--seed 7]
 */

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rules: { type: 'string', default: '200' },
    entries: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '3' },
    seed: { type: 'string', default: '7' },
  },
})
const note = (line: string): void => void (values.json || console.error(line))

const isNeighbours = ({ payload, subject, kind }: Effect): boolean =>
  // Its running number is that of all effects.
  kind !== 'notice' && !subject.includes('hostile-') && !payload.includes('"rule":"hostile-')
const reading = await readThroughApi(hostileRules(Number(values.rules), random(Number(values.seed))))
const accepted = reading.rules.filter(({ status }) => status < 300)
note(`${accepted.length} of ${reading.rules.length} rules accepted`)

const entries = Number(values.entries)
const packs = shippedRules().flatMap(({ source }) => programsOf(source))
const programs = new Map(accepted.map(({ rule }) => [rule.id, programsOf(rule.text)]))
interface Case {
  readonly ids: readonly string[]
  readonly guests?: readonly string[]
}
const runAll = (sets: readonly Case[], count = entries): Run[] =>
  runRules(
    sets.map(({ ids, guests = [] }) => ({
      programs: [...packs, ...ids.flatMap((id) => programs.get(id) ?? [])],
      guests,
    })),
    count,
    isNeighbours,
  )

// Also warms up. What is not suspended by then is only little above what any rule may.
const [trial] = runAll([{ ids: [...programs.keys()] }], entries / 2) as [Run]
const suspended = trial.rules.filter(({ suspensions }) => suspensions > 0).map(({ id }) => id)
const alerting = trial.rules
  .filter(({ id, alerts, suspensions }) => programs.has(id) && suspensions === 0 && alerts > entries / 400)
  .map(({ id }) => id)
const ordinary = [...programs.keys()].filter((id) => !suspended.includes(id) && !alerting.includes(id))

const cases = [
  { name: 'the shipped rules', ids: [] },
  { name: 'and what is suspended', ids: suspended },
  { name: 'and what does no more than any rule may', ids: ordinary },
  { name: 'and what alerts as often as it is let', ids: alerting },
  { name: 'and all', ids: [...programs.keys()] },
  { name: 'and all, as guests', ids: [...programs.keys()], guests: [HOSTILE_NAMESPACE] },
]
const runs: Run[][] = cases.map(() => [])
for (let round = 1; round <= Number(values.rounds); round++) {
  const all = runAll(cases)
  all.forEach((run, index) => void runs[index]?.push(run))
  note(`round ${round}: ${all.map((run) => run.micros.toFixed(2)).join(', ')} µs`)
}

const micros = (index: number): number => median(runs[index]?.map((run) => run.micros) ?? [])
const alone = micros(0)
const rows: Row[] = cases.map(({ name, ids }, index) => {
  const of = runs[index] ?? []
  const beside = micros(index)
  return {
    case: name,
    rules: ids.length,
    'µs/entry': beside,
    'events/s': Math.round(1e6 / beside),
    'of alone': alone / beside,
    'µs/entry a rule': ids.length === 0 ? alone / packs.length : (beside - alone) / ids.length,
    'first half: µs/entry': median(of.map((run) => run.firstMicros)),
    'longest five entries ms': median(of.map((run) => run.stallMs)),
    "neighbours' effects": of.every(({ effects }) => isSame(effects, runs[0]?.[0]?.effects ?? []))
      ? 'same'
      : 'OTHER',
  }
})
const neighbours = trial.rules.filter(({ id }) => !programs.has(id))
const fuel = Math.max(...neighbours.map((rule) => rule.fuel)) / (entries / 2)

const kinds = [...Map.groupBy(reading.rules, ({ rule }) => rule.kind)].map(([kind, rules]) =>
  kindRow(kind, rules),
)
const { others } = reading
if (values.json) console.log(JSON.stringify({ reading: { kinds, others }, rows, fuel }))
else {
  printTable('What became of the rules', kinds)
  console.log(
    `\n${others.requests} other requests meanwhile: median ${others.medianMs.toFixed(1)} ms, p99 ${others.p99Ms.toFixed(1)} ms, longest ${others.maxMs.toFixed(1)} ms.`,
  )
  printTable('Beside the shipped rules', rows)
  console.log(`\nThe shipped rule that uses most uses ${fuel.toPrecision(2)} fuel an entry.`)
}

function kindRow(kind: string, rules: readonly ReadRule[]): Row {
  const statistics = trial.rules.filter(({ id }) => rules.some(({ rule }) => rule.id === id))
  return {
    kind,
    rules: rules.length,
    refused: [...new Set(rules.flatMap(({ codes }) => codes))].join(', '),
    'longest reading ms': Math.max(...rules.map(({ ms }) => ms)),
    running: statistics.length,
    suspended: statistics.filter(({ suspensions }) => suspensions > 0).length,
    'fuel/entry':
      statistics.reduce((sum, rule) => sum + rule.fuel, 0) / (entries / 2) / Math.max(1, statistics.length),
    alerts: statistics.reduce((sum, rule) => sum + rule.alerts, 0),
    errors: statistics.reduce((sum, rule) => sum + rule.errors.reduce((all, { count }) => all + count, 0), 0),
  }
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((line, index) => line === right[index])
}
