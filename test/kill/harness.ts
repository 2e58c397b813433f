import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import {
  type Broker,
  connectBroker,
  type EmbeddedServer,
  ensureAlertStream,
  ensureInputStream,
  obtainNatsServer,
  startEmbeddedServer,
} from '../../src/service/broker/index.ts'
import { STREAM, SUBJECTS } from './engine.ts'
import { history, randomSource } from './history.ts'
import { judge, readAlerts, readInput, type Verdict } from './oracle.ts'
import type { PlantedBug } from './planted-bugs.ts'

export interface KillOptions {
  readonly cycles: number
  readonly seed: number
  readonly partitions?: number
  readonly bug?: PlantedBug
  readonly eventsPerSecond?: number
  readonly say?: (line: string) => void
}

export interface KillReport extends Verdict {
  readonly seed: number
  readonly server: string
  readonly cycles: number
  readonly brokerKills: number
  readonly zombies: number
  /** Paused workers that, woken beside their successor, ended because they were fenced. */
  readonly zombiesFenced: number
  readonly events: number
  /** Why the last worker could not read to the end; absent when it did. */
  readonly unfinished?: string
  /** Cycles by the place where the worker ended. */
  readonly places: Readonly<Record<string, number>>
}

const FAIL_POINTS = [
  'before-commit',
  'in-commit',
  'after-commit',
  'mid-publish',
  'after-publish',
  'after-restore',
  'in-drain',
  'in-fold',
]

/**
 * A publisher writes a known history while workers are ended in every way there is and the broker with them; in the end a last
 * worker finishes, and a run over the same log that nobody interrupted says what should be in the alert log.
 */
export async function runKills(options: KillOptions): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'sequitur-kill-'))
  const world = new World(options, folder)
  try {
    return await world.run()
  } finally {
    await world.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

class World {
  readonly #options: KillOptions
  readonly #folder: string
  readonly #random: (below: number) => number
  readonly #partitions: number
  readonly #children = new Set<Child>()
  readonly #places: Record<string, number> = {}
  #server: EmbeddedServer | undefined
  #port = 0
  #broker: Broker | undefined
  #events = 0
  #brokerKills = 0
  #zombies = 0
  #zombiesFenced = 0
  #publishing = true
  #unfinished: string | undefined

  constructor(options: KillOptions, folder: string) {
    this.#options = options
    this.#folder = folder
    this.#random = randomSource(options.seed ^ 0x5eed)
    this.#partitions = options.partitions ?? 1
  }

  async run(): Promise<KillReport> {
    const { cycles, seed, say } = this.#options
    await this.#startBroker()
    this.#broker = await connectBroker({ url: this.#url(), name: 'kill-harness' })
    await ensureInputStream(this.#broker, {
      stream: STREAM,
      subjects: SUBJECTS,
      sourceStreams: [],
      inPlace: false,
      retentionMs: 0,
      bytesMax: 0,
    })
    await ensureAlertStream(this.#broker, { retentionMs: 0, bytesMax: 0 })
    const publishing = this.#publish()
    for (let cycle = 1; cycle <= cycles; cycle += 1) {
      const since = performance.now()
      const place = await this.#cycle(cycle)
      if (process.env['KILL_VERBOSE'] !== undefined)
        say?.(`cycle ${cycle}: ${place}, ${Math.round(performance.now() - since)} ms`)
      this.#places[place] = (this.#places[place] ?? 0) + 1
      if (cycle % 25 === 0) say?.(`${cycle} of ${cycles} cycles, ${this.#events} events`)
    }
    this.#publishing = false
    await publishing
    const positions = await this.#finish()
    const verdict = judge(await readInput(this.#need()), await readAlerts(this.#need()), positions)
    return {
      ...verdict,
      seed,
      server: this.#need().serverVersion,
      cycles,
      brokerKills: this.#brokerKills,
      zombies: this.#zombies,
      zombiesFenced: this.#zombiesFenced,
      events: this.#events,
      places: this.#places,
      ...(this.#unfinished === undefined ? {} : { unfinished: this.#unfinished }),
    }
  }

  async end(): Promise<void> {
    this.#publishing = false
    for (const child of this.#children) child.kill('SIGKILL')
    await this.#broker?.close()
    await this.#server?.stop()
  }

  async #cycle(cycle: number): Promise<string> {
    if (cycle % 20 === 7) return this.#killBroker()
    if (cycle % 12 === 5) return this.#wakeZombie(cycle)
    const draw = this.#random(3)
    if (draw === 0) {
      const worker = this.#spawn()
      await worker.running
      await sleep(this.#random(150))
      worker.kill('SIGKILL')
      await worker.ended
      return 'random'
    }
    const point = FAIL_POINTS[this.#random(FAIL_POINTS.length)] ?? 'in-commit'
    const worker = this.#spawn({ SEQUITUR_FAIL_POINT: `${point}:${1 + this.#random(6)}` })
    if (point === 'in-drain') {
      await Promise.race([worker.running, worker.ended])
      await sleep(this.#random(100))
      worker.kill('SIGTERM')
    }
    await worker.running
    const slow = setTimeout(() => worker.kill('SIGKILL'), 400)
    await worker.ended
    clearTimeout(slow)
    return point
  }

  async #killBroker(): Promise<string> {
    this.#brokerKills += 1
    const worker = this.#spawn()
    await worker.running
    await sleep(this.#random(150))
    process.kill(this.#server?.pid ?? 0, 'SIGKILL')
    await this.#server?.ended
    if (this.#random(2) === 0) {
      worker.kill('SIGKILL')
      await worker.ended
      await this.#startBroker()
      return 'broker-and-worker'
    }
    await sleep(this.#random(200))
    await this.#startBroker()
    await sleep(300 + this.#random(300))
    worker.kill('SIGKILL')
    await worker.ended
    return 'broker'
  }

  /** A worker is paused in its work, a successor takes over from the same data, and the first one wakes and goes on. */
  async #wakeZombie(cycle: number): Promise<string> {
    const paused = this.#spawn()
    await paused.running
    await sleep(this.#random(100))
    paused.kill('SIGSTOP')
    const successor = this.#spawn()
    await successor.running
    if (successor.stoppedBecause === 'checkpoint-locked') {
      // Paused within a transaction, it still holds the file: it is no zombie, and nobody can succeed it.
      paused.kill('SIGCONT')
      await sleep(this.#random(100))
      paused.kill('SIGKILL')
      await paused.ended
      return 'paused-in-commit'
    }
    await sleep(100 + this.#random(100))
    this.#zombies += 1
    paused.kill('SIGCONT')
    const deadline = setTimeout(() => paused.kill('SIGKILL'), 15_000)
    await paused.ended
    clearTimeout(deadline)
    if (paused.stoppedBecause === 'fenced') this.#zombiesFenced += 1
    else this.#options.say?.(`cycle ${cycle}: a zombie ended with ${paused.stoppedBecause ?? 'SIGKILL'}`)
    successor.kill('SIGKILL')
    await successor.ended
    return 'zombie'
  }

  /** A last worker reads to the end of the log, commits, publishes and says how far each partition is. */
  async #finish(): Promise<readonly number[]> {
    const worker = this.#spawn()
    await worker.running
    const last = async (): Promise<number> => (await this.#need().manager.streams.info(STREAM)).state.last_seq
    const goal = await last()
    this.#options.say?.(`the last worker reads to ${goal}`)
    const until = performance.now() + 60_000
    const isDone = () =>
      worker.positions.length === this.#partitions && worker.positions.every((position) => position >= goal)
    while (performance.now() < until && !isDone()) await sleep(50)
    worker.kill('SIGTERM')
    await worker.ended
    if (isDone()) return worker.positions
    this.#unfinished = `stopped at ${worker.positions.join(', ')} of ${goal}: ${worker.stoppedBecause ?? 'no reason'}`
    return Array.from({ length: this.#partitions }, () => goal)
  }

  async #publish(): Promise<void> {
    const perRound = Math.max(1, Math.round((this.#options.eventsPerSecond ?? 1_000) / 100))
    const events = history(this.#options.seed, Date.now() - 3_600_000)
    const client = jetstream(this.#need().connection, { timeout: 2_000 })
    while (this.#publishing) {
      const round = Array.from({ length: perRound }, () => events.next().value)
      for (const event of round) {
        if (event === undefined) continue
        // The message id makes a retry after a lost answer no second event.
        while (this.#publishing) {
          try {
            const sent = headers()
            await client.publish(event.subject, event.payload, { msgID: event.id, headers: sent })
            this.#events += 1
            break
          } catch {
            await sleep(50)
          }
        }
      }
      await sleep(10)
    }
  }

  async #startBroker(): Promise<void> {
    this.#server = await startEmbeddedServer({
      server: await obtainNatsServer(),
      folder: join(this.#folder, 'nats'),
      host: '127.0.0.1',
      port: this.#port,
    })
    this.#port = Number(new URL(this.#server.url).port)
  }

  #spawn(environment: Readonly<Record<string, string>> = {}): Child {
    const child = new Child({
      KILL_NATS_URL: this.#url(),
      KILL_DATA: join(this.#folder, 'data'),
      KILL_PARTITIONS: String(this.#partitions),
      NODE_COMPILE_CACHE: join(tmpdir(), 'sequitur-compile-cache'),
      KILL_BUG: this.#options.bug ?? '',
      ...environment,
    })
    this.#children.add(child)
    void child.ended.then(() => this.#children.delete(child))
    return child
  }

  #url(): string {
    return `nats://127.0.0.1:${this.#port}`
  }

  #need(): Broker {
    if (this.#broker === undefined) throw new Error('the harness has no connection yet')
    return this.#broker
  }
}

interface Said {
  readonly kind: 'running' | 'status' | 'closed' | 'stopped'
  readonly code?: string
  readonly message?: string
  readonly partitions?: ReadonlyArray<{ readonly position: number }>
}

class Child {
  /** Resolves when it runs, or has ended without ever running. */
  readonly running: Promise<void>
  readonly ended: Promise<void>
  positions: readonly number[] = []
  stoppedBecause: string | undefined
  readonly #process: ChildProcess

  constructor(environment: Readonly<Record<string, string>>) {
    this.#process = spawn(process.execPath, [join(import.meta.dirname, 'worker-child.ts')], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', process.env['KILL_VERBOSE'] === undefined ? 'ignore' : 'inherit'],
    })
    this.ended = new Promise((resolve) => this.#process.once('close', () => resolve()))
    const { promise, resolve } = Promise.withResolvers<void>()
    this.running = Promise.race([promise, this.ended])
    let rest = ''
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#hear(JSON.parse(line) as Said, resolve)
    })
  }

  kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(signal)
  }

  #hear(said: Said, onRunning: () => void): void {
    if (said.kind === 'running') onRunning()
    if (said.kind === 'stopped') this.stoppedBecause ??= said.code
    if (said.partitions !== undefined && said.partitions.length > 0)
      this.positions = said.partitions.map(({ position }) => position)
  }
}
