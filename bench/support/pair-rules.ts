import {
  type CompileOptions,
  compileRule,
  eventTime,
  type LogEntry,
  type RuleProgram,
  readRules,
  streamSequence,
} from '../../src/engine/index.ts'
import { sharedCompilers } from '../../src/engine/rule/index.ts'
import { mixEvents } from './many-rules.ts'

/** Rules `A followed by B` whose first event has a condition of its own; compiled as a partition does it, sharing what they have in common. */
export function pairRules(conditions: readonly string[]): RuleProgram[] {
  const shared = sharedCompilers()
  return conditions.flatMap((condition, index) => programsOf(pairText(index, condition), shared))
}

export const pairText = (index: number, condition: string): string =>
  `{ "rule": "r${index}", "by": "user", "events": { "A": ${JSON.stringify(`bench.a where ${condition}`)}, "B": "bench.b" }, "pattern": "A followed by B within 5 minutes" }`

/** Ten conditions that together hold as often as ten thousand of `manyRules` do: for one event in three. */
export const tenAsFrequent = (): string[] =>
  Array.from({ length: 10 }, (_, index) => `type = "t${index}" and amount >= 294`)

export function programsOf(text: string, options: Omit<CompileOptions, 'version'> = {}): RuleProgram[] {
  const rules = readRules(text)
  if (!rules.ok) throw new Error(rules.problems[0]?.message)
  return rules.value.map((definition) => {
    const program = compileRule(definition, { ...options, version: 1 })
    if (!program.ok) throw new Error(program.problems[0]?.message)
    return program.value
  })
}

/** Three events that may begin something, then one that may complete it. */
export function* pairTraffic(events: number): Generator<LogEntry> {
  const payloads = mixEvents(20_000).map((event) => new TextEncoder().encode(JSON.stringify(event)))
  for (let index = 0; index < events; index++) {
    yield {
      sequence: streamSequence(index + 1),
      subject: index % 4 === 3 ? 'bench.b' : 'bench.a',
      ingestedAt: eventTime(1_767_225_600_000 + index),
      payload: payloads[index % payloads.length] as Uint8Array,
    }
  }
}
