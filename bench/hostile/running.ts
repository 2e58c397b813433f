import { DemoWorld } from '../../src/cli/demo/generator.ts'
import {
  compileRule,
  createPartition,
  type Effect,
  eventTime,
  type LogEntry,
  type ObservablePartition,
  type RuleProgram,
  type RuleStatistics,
  readRules,
  streamSequence,
} from '../../src/engine/index.ts'

const EVENTS_PER_SECOND = 2_000
const NOW = Date.parse('2026-03-01T00:00:00Z')
/** Entries between two looks at the event loop, as the worker makes them where entries are dear. */
const PIECE = 5
/** Entries that are made at a time. */
const CHUNK = 1_000
/** Entries per checkpoint. */
const STEP = 20_000

/** The demo's events at a steady pace, without the months that it begins with. */
function* steadyTraffic(entries: number): Generator<LogEntry> {
  const world = new DemoWorld({ seed: 'hostile', rate: EVENTS_PER_SECOND, now: NOW })
  const encoder = new TextEncoder()
  let event = world.next()
  while (event.sentAt < NOW) event = world.next()
  for (let sequence = 1; sequence <= entries; sequence++, event = world.next())
    yield {
      sequence: streamSequence(sequence),
      subject: event.subject,
      ingestedAt: eventTime(event.sentAt),
      payload: encoder.encode(event.data),
    }
}

export function programOf(text: string): RuleProgram {
  const read = readRules(text)
  if (!read.ok || read.value[0] === undefined) throw new Error(read.problems[0]?.message)
  const compiled = compileRule(read.value[0], { version: 1 })
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  return compiled.value
}

export interface Run {
  /** CPU of the thread per entry in the second half: without checkpoints. */
  readonly micros: number
  /** In the first half, in which what costs too much is found out. */
  readonly firstMicros: number
  /** The longest that a piece of five entries took, CPU of the thread: on a busy machine the clock measures the others; in the first half and in the second. */
  readonly firstStallMs: number
  readonly stallMs: number
  /** Alerts, withheld alerts and so on of the neighbours, as they would be published. */
  readonly effects: readonly string[]
  readonly rules: readonly RuleStatistics[]
}

/**
 * A partition with rows for each set of rules, as a worker runs it, from entries to effects and checkpoints. All take the log in turns, a
 * thousand entries at a time, so that whatever else the machine does meanwhile is done to all of them.
 */
export function runRules(
  sets: ReadonlyArray<readonly RuleProgram[]>,
  entries: number,
  isNeighbour: (effect: Effect) => boolean,
): Run[] {
  const running = sets.map((programs) => new RunningSet(programs, isNeighbour))
  const half = Math.floor(entries / CHUNK / 2) * CHUNK
  let done = 0
  for (const chunk of chunks(steadyTraffic(entries))) {
    const part = done < half ? 'first' : 'second'
    done += chunk.length
    for (const set of running) set.process(chunk, part, done % STEP === 0)
  }
  return running.map((set) => set.end())
}

interface Halves {
  first: number
  second: number
}

class RunningSet {
  readonly #partition: ObservablePartition
  readonly #isNeighbour: (effect: Effect) => boolean
  readonly #effects: string[] = []
  /** CPU of each thousand entries. */
  readonly #micros: Readonly<Record<keyof Halves, number[]>> = { first: [], second: [] }
  readonly #stalls: Halves = { first: 0, second: 0 }

  constructor(programs: readonly RuleProgram[], isNeighbour: (effect: Effect) => boolean) {
    this.#isNeighbour = isNeighbour
    this.#partition = createPartition({
      index: 0,
      count: 1,
      stream: 'BENCH',
      sources: [{ name: 'demo', subjects: ['>'], timestamp: { path: 'time' }, latenessMs: 2_000 }],
      rules: programs.map((program) => ({ program })),
    })
  }

  process(chunk: readonly LogEntry[], part: keyof Halves, commits: boolean): void {
    const cpu = process.threadCpuUsage()
    for (let at = 0; at < chunk.length; at += PIECE) {
      const before = process.threadCpuUsage()
      this.#partition.process(chunk.slice(at, at + PIECE))
      const { user, system } = process.threadCpuUsage(before)
      this.#stalls[part] = Math.max(this.#stalls[part], (user + system) / 1_000)
    }
    const { user, system } = process.threadCpuUsage(cpu)
    this.#micros[part].push((user + system) / chunk.length)
    if (commits) this.#take()
  }

  end(): Run {
    this.#take()
    const { first, second } = this.#micros
    return {
      micros: mean(second),
      firstMicros: mean(first),
      stallMs: this.#stalls.second,
      firstStallMs: this.#stalls.first,
      effects: this.#effects,
      rules: this.#partition.ruleStatistics(),
    }
  }

  #take(): void {
    for (const effect of this.#partition.takeStep()?.effects ?? [])
      if (this.#isNeighbour(effect)) this.#effects.push(`${effect.kind} ${effect.id} ${effect.payload}`)
  }
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

function* chunks(log: Iterable<LogEntry>): Generator<readonly LogEntry[]> {
  let chunk: LogEntry[] = []
  for (const entry of log) {
    if (chunk.push(entry) < CHUNK) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
