import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DemoWorld } from '../../src/cli/demo/generator.ts'
import { compileRule, type PartitionOptions, readRules, type SourceOptions } from '../../src/engine/index.ts'
import type { Broker } from '../../src/service/broker/index.ts'

export const STREAM = 'SEQUITUR_INPUT'
/** How far events are out of order; the demo's generator keeps within it. */
const LATENESS_MS = 2_000
const EVENTS_PER_SECOND = 4_000
const BATCH = 500

const sources: readonly SourceOptions[] = [
  { name: 'demo', subjects: ['>'], timestamp: { path: 'time' }, latenessMs: LATENESS_MS },
]

/** The rules of all packs, live. */
export function packEngine(): Omit<PartitionOptions, 'index' | 'count'> {
  const folder = join(import.meta.dirname, '../../rules')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.yaml'),
  )
  const rules = files.flatMap((file) => {
    const read = readRules(readFileSync(join(folder, file), 'utf8'), { file })
    if (!read.ok) throw new Error(`${file} is no rule`)
    return read.value.map((definition) => {
      const compiled = compileRule(definition)
      if (!compiled.ok) throw new Error(`${file} does not compile`)
      return { program: compiled.value, status: 'live' as const }
    })
  })
  return { stream: STREAM, sources, rules }
}

/** The smallest rule there is, for the latency of an alert. */
export function pairEngine(): Omit<PartitionOptions, 'index' | 'count'> {
  const text = `
rule: pair
by: user
events:
  A: demo.a
  B: demo.b
pattern: A followed by B within 5 minutes
suppress: false
`
  const read = readRules(text, { file: 'pair.yaml' })
  const compiled = read.ok && read.value[0] !== undefined ? compileRule(read.value[0]) : undefined
  if (compiled?.ok !== true) throw new Error('the rule does not compile')
  return { stream: STREAM, rules: [{ program: compiled.value, status: 'live' }] }
}

/** Hours of the demo's traffic, fraud and mishaps included, compressed into one stream. Returns its length in bytes. */
export async function fill(broker: Broker, events: number): Promise<number> {
  const world = new DemoWorld({ seed: 'bench', rate: EVENTS_PER_SECOND, now: Date.now() - 3_600_000 })
  const { connection } = broker
  let bytes = 0
  for (let done = 0; done < events; ) {
    const size = Math.min(BATCH, events - done)
    for (let index = 1; index <= size; index += 1) {
      const { subject, data } = world.next()
      bytes += data.length
      // The answer to the last one says that all before it are stored.
      if (index < size) connection.publish(subject, data)
      else await connection.request(subject, data, { timeout: 20_000 })
    }
    done += size
  }
  return bytes
}
