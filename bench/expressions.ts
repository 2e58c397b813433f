import jsonata from 'jsonata'
import { compileExpression } from '../src/engine/expression/index.ts'
import {
  type Expression,
  type ExpressionScope,
  eventTime,
  type Frame,
  type JsonObject,
  type StreamEvent,
  streamSequence,
} from '../src/engine/index.ts'
import { CASES, type World } from './expressions/cases.ts'
import { worlds } from './expressions/worlds.ts'
import { cpuMicroseconds } from './support/measure.ts'

/*
 * `npm run bench:expressions`: twelve predicates of the acceptance rules and of fraud practice, as CPU nanoseconds per evaluation and as
 * ratios to the reference interpreter and to a hand-written function; with 100 other rules loaded, with one and eight event shapes; then
 * with 1,000 and 10,000 distinct rules taking turns.
 */

const SCOPE: ExpressionScope = {
  steps: [
    { name: 'login', counted: false },
    { name: 'pay', counted: true },
  ],
}

const WORLDS = 512
const OURS = 400_000
const REFERENCE = 4_096

function eventOf(data: JsonObject): StreamEvent {
  const time = eventTime(0)
  return { sequence: streamSequence(1), time, ingestedAt: time, subject: 's', id: 'i', data }
}

function frameOf(world: World): Frame {
  const taken = [[eventOf(world.login)], world.pay.map(eventOf)]
  return {
    event: eventOf(world.data),
    steps: { taken: (slot) => taken[slot] ?? [], count: (slot) => taken[slot]?.length ?? 0 },
    key: null,
    lists: { has: () => false },
    time: eventTime(0),
  }
}

function compiled(text: string): Expression {
  const result = compileExpression(text, { scope: SCOPE })
  if (!result.ok) throw new Error(`${text}: ${JSON.stringify(result.problems)}`)
  return result.value
}

let sink = 0

/** Makes the closures' inline caches see what they see in a service. */
function loadOthers(frames: readonly Frame[]): Expression[] {
  const others = Array.from({ length: 100 }, (_, n) => {
    const field = `field_${n % 17}`
    return compiled(
      [
        `${field} = "v${n}" or amount > ${n}`,
        `$contains(${field}, "x${n}") or $exists(note)`,
        `${field}.inner_${n % 5} in ["a", ${n}] and severity <= ${n % 9}`,
        `$sum($pay.${n % 2 === 0 ? 'amount' : field}) > ${n} and host != "h${n}"`,
      ][n % 4] as string,
    )
  })
  for (let round = 0; round < 20; round++)
    for (const other of others)
      for (let i = 0; i < 64; i++) sink += other.test(frames[i * 8] as Frame) === 1 ? 1 : 0
  return others
}

const nanoseconds = (calls: number, round: () => void): number => cpuMicroseconds(calls, round) * 1_000

function measureTest(expression: Expression, frames: readonly Frame[]): number {
  return nanoseconds(OURS, () => {
    for (let i = 0; i < OURS; i++) sink += expression.test(frames[i & (WORLDS - 1)] as Frame)
  })
}

function measureHand(hand: (world: World) => boolean, all: readonly World[]): number {
  return nanoseconds(OURS * 4, () => {
    for (let i = 0; i < OURS * 4; i++) if (hand(all[i & (WORLDS - 1)] as World)) sink++
  })
}

async function measureReference(text: string, all: readonly World[]): Promise<number> {
  const expression = jsonata(text)
  const samples: number[] = []
  for (let sample = 0; sample < 4; sample++) {
    const start = process.cpuUsage()
    for (let i = 0; i < REFERENCE; i++) {
      const { data, login, pay } = all[i & (WORLDS - 1)] as World
      if ((await expression.evaluate(data, { login, pay })) === true) sink++
    }
    const { user, system } = process.cpuUsage(start)
    samples.push(((user + system) * 1_000) / REFERENCE)
  }
  return samples.slice(1).sort((a, b) => a - b)[1] as number
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number
const column = (text: string | number, width: number): string => String(text).padStart(width)

async function table(shapes: number): Promise<void> {
  const all = worlds(WORLDS, shapes)
  const frames = all.map(frameOf)
  loadOthers(frames)
  console.log(`\n${shapes} event shape${shapes === 1 ? '' : 's'}, 100 other rules loaded: ns per evaluation`)
  console.log(
    `${'predicate'.padEnd(18)}${column('ours', 9)}${column('hand', 9)}${column('reference', 11)}${column('× reference', 13)}${column('of hand', 9)}`,
  )
  const toReference: number[] = []
  const toHand: number[] = []
  for (const { name, text, hand } of CASES) {
    const expression = compiled(text)
    for (let i = 0; i < WORLDS; i++)
      if ((expression.test(frames[i] as Frame) === 1) !== hand(all[i] as World))
        throw new Error(`${text}: the hand-written function disagrees`)
    const ours = measureTest(expression, frames)
    const byHand = measureHand(hand, all)
    const reference = await measureReference(text, all)
    toReference.push(reference / ours)
    toHand.push(byHand / ours)
    console.log(
      `${name.padEnd(18)}${column(ours.toFixed(1), 9)}${column(byHand.toFixed(1), 9)}${column(reference.toFixed(0), 11)}${column((reference / ours).toFixed(0), 13)}${column((byHand / ours).toFixed(2), 9)}`,
    )
  }
  console.log(
    `× reference: least ${Math.min(...toReference).toFixed(0)}, median ${median(toReference).toFixed(0)}; of hand: least ${Math.min(...toHand).toFixed(2)}, median ${median(toHand).toFixed(2)}`,
  )
}

/** Distinct rules in turn: what each costs when none is hot. */
function manyRules(count: number): void {
  const frames = worlds(WORLDS, 8).map(frameOf)
  const expressions = Array.from({ length: count }, (_, n) => {
    const found = CASES[n % CASES.length]
    return compiled(found?.variant(n) ?? 'true')
  })
  const calls = Math.max(1, Math.round(200_000 / count)) * count
  const cost = nanoseconds(calls, () => {
    for (let i = 0; i < calls; i++)
      sink += (expressions[i % count] as Expression).test(frames[i & (WORLDS - 1)] as Frame)
  })
  console.log(`${column(count, 7)} distinct rules in turn: ${cost.toFixed(1)} ns per evaluation`)
}

await table(1)
await table(8)
console.log('')
for (const count of [12, 1_000, 10_000]) manyRules(count)
if (sink === -1) console.log('')
