import { DemoWorld } from '../../src/cli/demo/generator.ts'
import {
  createPartition,
  type Effect,
  eventTime,
  type LogEntry,
  type ObservablePartition,
  type RuleProgram,
  type RuleStatistics,
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

export interface RulesToRun {
  readonly programs: readonly RuleProgram[]
  /** Namespaces that are guests. */
  readonly guests?: readonly string[]
}

export interface Run {
  /** CPU of the thread per entry in the second half: without checkpoints. */
  readonly micros: number
  /** In the first half, in which what costs too much is found out. */
  readonly firstMicros: number
  /** The longest that a piece of five entries took there, CPU of the thread: on a busy machine the clock measures the others. */
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
  sets: readonly RulesToRun[],
  entries: number,
  isNeighbour: (effect: Effect) => boolean,
): Run[] {
  const running = sets.map((set) => new RunningSet(set, isNeighbour))
  const half = Math.floor(entries / CHUNK / 2) * CHUNK
  let done = 0
  for (const chunk of chunks(steadyTraffic(entries))) {
    const part = done < half ? 'first' : 'second'
    done += chunk.length
    for (const set of running) set.process(chunk, part, done % STEP === 0)
  }
  return running.map((set) => set.end())
}

type Half = 'first' | 'second'

class RunningSet {
  readonly #partition: ObservablePartition
  readonly #isNeighbour: (effect: Effect) => boolean
  readonly #effects: string[] = []
  /** CPU of each thousand entries. */
  readonly #micros: Readonly<Record<Half, number[]>> = { first: [], second: [] }
  #stallMs = 0

  constructor({ programs, guests = [] }: RulesToRun, isNeighbour: (effect: Effect) => boolean) {
    this.#isNeighbour = isNeighbour
    this.#partition = createPartition({
      index: 0,
      count: 1,
      stream: 'BENCH',
      sources: [{ name: 'demo', subjects: ['>'], timestamp: { path: 'time' }, latenessMs: 2_000 }],
      rules: programs.map((program) => ({ program })),
      limits: { guestNamespaces: guests },
    })
  }

  process(chunk: readonly LogEntry[], part: Half, commits: boolean): void {
    const cpu = process.threadCpuUsage()
    if (part === 'first') this.#processInPieces(chunk)
    // Looking at the clock costs about as much as an entry.
    else this.#partition.process(chunk)
    const { user, system } = process.threadCpuUsage(cpu)
    this.#micros[part].push((user + system) / chunk.length)
    if (commits) this.#take()
  }

  #processInPieces(chunk: readonly LogEntry[]): void {
    for (let at = 0; at < chunk.length; at += PIECE) {
      const before = process.threadCpuUsage()
      this.#partition.process(chunk.slice(at, at + PIECE))
      const { user, system } = process.threadCpuUsage(before)
      this.#stallMs = Math.max(this.#stallMs, (user + system) / 1_000)
    }
  }

  end(): Run {
    this.#take()
    const { first, second } = this.#micros
    return {
      micros: mean(second),
      firstMicros: mean(first),
      stallMs: this.#stallMs,
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
