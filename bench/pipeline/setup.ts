import { DemoWorld } from '../../src/cli/demo/generator.ts'
import type { PartitionOptions, RuleProgram, SourceOptions } from '../../src/engine/index.ts'
import type { Broker } from '../../src/service/broker/index.ts'
import { shippedRules } from '../../test/support/shipped-rules.ts'
import { manyRules } from '../support/many-rules.ts'
import { pairRules, pairTraffic, programsOf, tenAsFrequent } from '../support/pair-rules.ts'

export const STREAM = 'SEQUITUR_INPUT'
/** How far events are out of order; the demo's generator keeps within it. */
const LATENESS_MS = 2_000
const EVENTS_PER_SECOND = 4_000
const BATCH = 500

const sources: readonly SourceOptions[] = [
  { name: 'demo', subjects: ['>'], timestamp: { path: 'time' }, latenessMs: LATENESS_MS },
]

type BenchEngine = Pick<PartitionOptions, 'stream' | 'sources' | 'rules'>

const live = (programs: readonly RuleProgram[]): BenchEngine => ({
  stream: STREAM,
  rules: programs.map((program) => ({ program, status: 'live' as const })),
})

/** The rules of all packs, or of one. */
export const packEngine = (pack?: string): BenchEngine => ({
  ...live(shippedRules(pack).flatMap(({ source }) => programsOf(source))),
  sources,
})

/** The smallest rule there is, for the latency of an alert. */
export const pairEngine = (): BenchEngine =>
  live(
    programsOf(`
rule: pair
by: user
events:
  A: demo.a
  B: demo.b
pattern: A followed by B within 5 minutes
suppress: false
`),
  )

/** `A followed by B` ten or ten thousand times, with as many matches. */
export const manyEngine = (rules: 'ten' | 'ten-thousand'): BenchEngine =>
  live(pairRules(rules === 'ten' ? tenAsFrequent() : manyRules(10_000, 'few')))

/** What these rules read. Returns its length in bytes. */
export const fillPairs = (broker: Broker, events: number): Promise<number> =>
  publish(broker, pairTraffic(events))

/** Hours of the demo's traffic, fraud and mishaps included, compressed into one stream. Returns its length in bytes. */
export function fill(broker: Broker, events: number): Promise<number> {
  const world = new DemoWorld({ seed: 'bench', rate: EVENTS_PER_SECOND, now: Date.now() - 3_600_000 })
  return publish(broker, demoEvents(world, events))
}

function* demoEvents(world: DemoWorld, events: number): Generator<Published> {
  for (let done = 0; done < events; done += 1) {
    const { subject, data } = world.next()
    yield { subject, payload: data }
  }
}

interface Published {
  readonly subject: string
  readonly payload: Uint8Array | string
}

async function publish({ connection }: Broker, events: Iterable<Published>): Promise<number> {
  let bytes = 0
  let sent = 0
  let held: Published | undefined
  for (const event of events) {
    if (held !== undefined) await send(held, ++sent % BATCH === 0)
    held = event
    bytes += event.payload.length
  }
  if (held !== undefined) await send(held, true)
  return bytes

  /** The answer to one says that all before it are stored. */
  async function send({ subject, payload }: Published, isAnswered: boolean): Promise<void> {
    if (isAnswered) await connection.request(subject, payload, { timeout: 20_000 })
    else connection.publish(subject, payload)
  }
}
