import jsonata from 'jsonata'
import { CODEGEN, type Codegen, compileExpression, NO_CODEGEN } from '../src/engine/expression/index.ts'
import {
  type Expression,
  type ExpressionScope,
  eventTime,
  type Frame,
  type JsonObject,
  type StepAccess,
  type StreamEvent,
  streamSequence,
} from '../src/engine/index.ts'
import { CASES, type World } from './expressions/cases.ts'
import { worlds } from './expressions/worlds.ts'
import { cpuMicroseconds, cpuOf } from './support/measure.ts'

/*
 * `npm run bench:expressions`: twelve predicates of the acceptance rules and of fraud practice, as CPU nanoseconds per evaluation and as
 * ratios to the reference interpreter and to a hand-written function; with 100 other rules loaded, with one and eight event shapes: by
 * default (generated source for what is hot) and by closures alone. Then both with up to 10,000 distinct rules taking turns.
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
const ROUNDS = 5

function eventOf(data: JsonObject): StreamEvent {
  const time = eventTime(0)
  return { sequence: streamSequence(1), time, ingestedAt: time, subject: 's', id: 'i', data }
}

/** As the matcher's: one class, lists by slot. */
class Taken implements StepAccess {
  readonly #lists: ReadonlyArray<readonly StreamEvent[]>

  constructor(lists: ReadonlyArray<readonly StreamEvent[]>) {
    this.#lists = lists
  }

  taken(slot: number): readonly StreamEvent[] {
    return this.#lists[slot] ?? []
  }

  count(slot: number): number {
    return this.taken(slot).length
  }
}

function frameOf(world: World): Frame {
  const taken = [[eventOf(world.login)], world.pay.map(eventOf)]
  return {
    event: eventOf(world.data),
    steps: new Taken(taken),
    key: null,
    lists: { has: () => false },
    time: eventTime(0),
  }
}

/** Hot sooner than by default, so that thousands of rules are hot before the measurement; room for as many functions. */
const SOONER: Codegen = { hotAfter: 50, admit: CODEGEN.admit }

function compiled(text: string, codegen: Codegen): Expression {
  const result = compileExpression(text, { scope: SCOPE, codegen })
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
      n % 2 === 0 ? CODEGEN : NO_CODEGEN,
    )
  })
  for (let round = 0; round < 20; round++)
    for (const other of others)
      for (let i = 0; i < 64; i++) sink += other.test(frames[i * 8] as Frame) === 1 ? 1 : 0
  return others
}

const nanoseconds = (calls: number, round: () => void): number =>
  cpuMicroseconds(calls, round, { samples: 1, warmUps: 1 }) * 1_000

function measureTest(expression: Expression, frames: readonly Frame[]): number {
  return nanoseconds(OURS, () => {
    for (let i = 0; i < OURS; i++) sink += expression.test(frames[i & (WORLDS - 1)] as Frame)
  })
}

function measureHand(hand: (world: World) => boolean, all: readonly World[]): number {
  return nanoseconds(OURS, () => {
    for (let i = 0; i < OURS; i++) if (hand(all[i & (WORLDS - 1)] as World)) sink++
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

const COLUMNS = [9, 10, 9, 11, 13, 9, 14] as const
const line = (name: string, cells: readonly (string | number)[]): string =>
  `${name.padEnd(18)}${cells.map((cell, i) => column(cell, COLUMNS[i] ?? 9)).join('')}`

/** Both loops have met more than one predicate before anything is measured: none is inlined into the loop that measures it. */
function meetAll(frames: readonly Frame[], all: readonly World[]): void {
  for (const { text, hand } of CASES) {
    measureTest(compiled(text, CODEGEN), frames)
    measureHand(hand, all)
  }
}

async function table(shapes: number): Promise<void> {
  const all = worlds(WORLDS, shapes)
  const frames = all.map(frameOf)
  const others = loadOthers(frames)
  meetAll(frames, all)
  console.log(`\n${shapes} event shape${shapes === 1 ? '' : 's'}, 100 other rules loaded: ns per evaluation`)
  console.log(
    line('predicate', ['default', 'closures', 'hand', 'reference', '× reference', 'of hand', 'closures: of']),
  )
  const toReference: number[] = []
  const toHand: number[] = []
  const closuresToHand: number[] = []
  for (const { name, text, hand } of CASES) {
    const expression = compiled(text, CODEGEN)
    const closures = compiled(text, NO_CODEGEN)
    for (let i = 0; i < WORLDS; i++)
      for (const one of [expression, closures])
        if ((one.test(frames[i] as Frame) === 1) !== hand(all[i] as World))
          throw new Error(`${text}: the hand-written function disagrees`)
    const ours: number[] = []
    const slow: number[] = []
    const byHand: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(measureTest(expression, frames))
      byHand.push(measureHand(hand, all))
      slow.push(measureTest(closures, frames))
    }
    const reference = await measureReference(text, all)
    toReference.push(reference / median(ours))
    toHand.push(median(byHand) / median(ours))
    closuresToHand.push(median(byHand) / median(slow))
    console.log(
      line(name, [
        median(ours).toFixed(1),
        median(slow).toFixed(1),
        median(byHand).toFixed(1),
        reference.toFixed(0),
        (reference / median(ours)).toFixed(0),
        (median(byHand) / median(ours)).toFixed(2),
        (median(byHand) / median(slow)).toFixed(2),
      ]),
    )
  }
  const least = (values: readonly number[]): number => Math.min(...values)
  console.log(
    `× reference: least ${least(toReference).toFixed(0)}, median ${median(toReference).toFixed(0)}; of hand: least ${least(toHand).toFixed(2)}, median ${median(toHand).toFixed(2)}; closures of hand: least ${least(closuresToHand).toFixed(2)}, median ${median(closuresToHand).toFixed(2)}; ${others.length} others`,
  )
}

/** Distinct rules in turn: what each costs when none is hot, with generated source and without. */
async function manyRules(count: number, shapes: number): Promise<void> {
  // Functions whose expressions are gone make room for others.
  globalThis.gc?.()
  await new Promise((resolve) => setImmediate(resolve))
  const frames = worlds(WORLDS, shapes).map(frameOf)
  const byDefault: Expression[] = []
  const closures: Expression[] = []
  // One after the other in memory: with thousands, where they lie costs more than what they do.
  for (let n = 0; n < count; n++) {
    const text = CASES[n % CASES.length]?.variant(n) ?? 'true'
    byDefault.push(compiled(text, SOONER))
    closures.push(compiled(text, NO_CODEGEN))
  }
  const calls = Math.max(2, Math.round(200_000 / count)) * count
  const turn = (expressions: readonly Expression[]): number =>
    cpuOf(() => {
      // Rules and worlds do not take turns in step.
      for (let i = 0; i < calls; i++)
        sink += (expressions[i % count] as Expression).test(frames[(i * 7) & (WORLDS - 1)] as Frame)
    })
  for (let call = 0; call < (SOONER.hotAfter + 1) * count; call += calls) turn(byDefault)
  // The host compiles what has run some hundred times; the first rules are the ones that there was room for.
  for (let i = 0; i < 1_000; i++)
    for (let n = 0; n < Math.min(count, 1_000); n++) {
      sink += (byDefault[n] as Expression).test(frames[i & (WORLDS - 1)] as Frame)
      sink += (closures[n] as Expression).test(frames[i & (WORLDS - 1)] as Frame)
    }
  const samples = Array.from({ length: 9 }, (_, sample) => {
    if (sample % 2 === 0) return { first: turn(byDefault), second: turn(closures) }
    const second = turn(closures)
    return { first: turn(byDefault), second }
  })
  const cost = (of: 'first' | 'second'): number =>
    (median(samples.slice(2).map((sample) => sample[of])) * 1_000) / calls
  console.log(
    `${column(count, 7)} distinct rules in turn, ${shapes} event shape${shapes === 1 ? '' : 's'}: default ${cost('first').toFixed(1)}, closures ${cost('second').toFixed(1)} ns per evaluation (${(cost('second') / cost('first')).toFixed(2)} times as fast)`,
  )
}

await table(1)
await table(8)
console.log('')
for (const shapes of [1, 8]) for (const count of [1, 100, 1_000, 10_000]) await manyRules(count, shapes)
if (sink === -1) console.log('')
