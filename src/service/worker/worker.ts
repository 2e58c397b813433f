import type { ObservablePartition, PartitionOptions } from '../../engine/index.ts'
import { answerOfConnection, type Broker } from '../broker/index.ts'
import { type ErasablePartition, runEraser } from '../erasure/index.ts'
import type { PartitionStatus } from '../inspection.ts'
import { acquireLease, type Lease, ownerId } from '../ownership/index.ts'
import { lowerHelpers } from '../priority.ts'
import { isServiceError, ServiceError } from '../service-error.ts'
import type { Log, PartitionReading, WorkerMetrics } from '../telemetry/index.ts'
import { LISTS, RULES, SILENCES } from './activated.ts'
import { type Activated, runActivator } from './activator.ts'
import { systemClock } from './clock.ts'
import { answerInspection } from './inspector.ts'
import { PartitionRunner, type RunnerPorts } from './partition-runner.ts'
import type { Clock } from './ports.ts'
import { readRules } from './readings.ts'
import { runTicker } from './ticker.ts'

export interface WorkerOptions {
  readonly broker: Broker
  /** Checkpoints are kept in it. */
  readonly dataDir: string
  /** Fixed when the data folder is made. */
  readonly partitions: number
  /** Default: all of them. */
  readonly own?: readonly number[]
  readonly engine: Pick<PartitionOptions, 'stream' | 'sources' | 'limits' | 'redact' | 'rules' | 'lists'>
  readonly commitIntervalMs: number
  readonly outboxRetentionMs?: number
  readonly tickIntervalMs?: number
  readonly log: Log
  readonly metrics: WorkerMetrics
  readonly clock?: Clock
  readonly ports?: Partial<RunnerPorts>
}

export interface WorkerStatus {
  readonly worker: string
  /** Partitions that wait until another worker lets go of them. */
  readonly standby: readonly number[]
  readonly partitions: readonly PartitionStatus[]
}

export interface Worker {
  status(): WorkerStatus
  /** Resolves after `close`; rejects when a partition stopped by itself, with the reason. */
  readonly done: Promise<void>
  /** Stops reading, commits and publishes what was processed, lets go of the partitions. */
  close(): Promise<void>
}

const OUTBOX_RETENTION_MS = 600_000
const TICK_INTERVAL_MS = 1_000
const LET_GO_MS_MAX = 2_000

/** Runs the partitions that it owns or gets to own, and carries rules and ticks into the log. Returns once they run or stand by. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  lowerHelpers()
  const worker = new RunningWorker(options)
  await worker.start()
  return worker
}

interface Slot {
  readonly index: number
  runner: PartitionRunner | undefined
  lease: Lease | undefined
  stopAnswering: (() => void) | undefined
}

class RunningWorker implements Worker {
  readonly done: Promise<void>
  readonly #options: WorkerOptions
  readonly #clock: Clock
  readonly #id: string
  readonly #slots: readonly Slot[]
  readonly #closing = new AbortController()
  readonly #background: Promise<unknown>[] = []
  #stopWatching: (() => void) | undefined
  #end: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#id = ownerId(options.dataDir)
    const own = options.own ?? Array.from({ length: options.partitions }, (_, index) => index)
    this.#slots = own.map((index) => ({
      index,
      runner: undefined,
      lease: undefined,
      stopAnswering: undefined,
    }))
    this.done = new Promise((resolve, reject) => {
      this.#end = { resolve, reject }
    })
    // Whoever waits for it hears of a failure; nobody has to.
    this.done.catch(() => undefined)
  }

  async start(): Promise<void> {
    const { broker, log } = this.#options
    const signal = this.#closing.signal
    const standby = this.#slots.map((slot) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const running = this.#own(slot, resolve)
      this.#background.push(running.catch((error: unknown) => this.#end?.reject(error)))
      return Promise.race([promise, running])
    })
    try {
      await Promise.all(standby)
    } catch (error) {
      await this.close()
      throw error
    }
    this.#stopWatching = this.#options.metrics.watch(() => this.#readings())
    this.#background.push(
      ...(
        [
          [RULES, () => this.#knownVersions((partition) => partition.ruleVersions())],
          [LISTS, () => this.#knownVersions((partition) => partition.activated().lists)],
          [SILENCES, () => this.#knownVersions((partition) => partition.activated().silences)],
        ] satisfies ReadonlyArray<readonly [Activated, () => ReadonlyMap<string, number> | undefined]>
      ).map(([what, knownVersions]) =>
        runActivator({ broker, what, log, clock: this.#clock, signal, knownVersions }),
      ),
      runEraser({
        broker,
        stream: this.#options.engine.stream,
        partitions: this.#options.partitions,
        own: () => this.#erasable(),
        now: () => this.#clock.now(),
        sleep: (ms, until) => this.#clock.sleep(ms, until),
        log,
        signal,
      }),
      runTicker({
        broker,
        clock: this.#clock,
        signal,
        intervalMs: this.#options.tickIntervalMs ?? TICK_INTERVAL_MS,
        isNeeded: () => this.#needsTick(),
      }),
    )
  }

  status(): WorkerStatus {
    return {
      worker: this.#id,
      standby: this.#slots.filter(({ runner }) => runner === undefined).map(({ index }) => index),
      partitions: this.#slots.flatMap((slot) =>
        slot.runner === undefined ? [] : [this.#statusOf(slot.index, slot.runner)],
      ),
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#stopWatching?.()
    for (const slot of this.#slots) slot.stopAnswering?.()
    await Promise.all(this.#slots.map(({ runner }) => runner?.stop()))
    // A broker that is away need not be told; what it does not hear ends by itself.
    const letGo = Promise.allSettled([
      ...this.#slots.map(({ lease }) => lease?.release()),
      ...this.#background,
    ])
    const enough = new AbortController()
    await Promise.race([letGo, this.#clock.sleep(LET_GO_MS_MAX, enough.signal)])
    enough.abort()
    this.#end?.resolve()
  }

  /** Resolves when the partition runs; `onStandby` is called when somebody else has it, and the wait goes on. */
  async #own(slot: Slot, onStandby: () => void): Promise<void> {
    const { broker, log, engine, partitions, dataDir, commitIntervalMs, metrics } = this.#options
    slot.lease = await acquireLease(broker, {
      partition: slot.index,
      owner: this.#id,
      clock: this.#clock,
      signal: this.#closing.signal,
      onStandby: (owner) => {
        log.info({ partition: slot.index, owner }, 'another worker has the partition; standing by')
        onStandby()
      },
    })
    if (slot.lease === undefined) return
    const runner = await PartitionRunner.start({
      broker,
      dataDir,
      commitIntervalMs,
      metrics,
      ...(this.#options.ports === undefined ? {} : { ports: this.#options.ports }),
      outboxRetentionMs: this.#options.outboxRetentionMs ?? OUTBOX_RETENTION_MS,
      clock: this.#clock,
      log: log.child({ partition: slot.index }),
      engine: { ...engine, index: slot.index, count: partitions },
    })
    slot.runner = runner
    if (this.#closing.signal.aborted) {
      await runner.stop()
      return
    }
    slot.stopAnswering = answerInspection(broker, {
      index: slot.index,
      partition: runner.partition,
      status: () => this.#statusOf(slot.index, runner),
      readings: () => readRules(runner.partition),
    })
    runner.done.catch((error: unknown) => this.#end?.reject(error))
    // Whoever hears that the worker runs may ask it at once.
    await answerOfConnection(broker, broker.connection.flush()).catch(() => undefined)
    slot.lease.lost
      .then(async () => {
        if (this.#closing.signal.aborted) return
        slot.stopAnswering?.()
        await runner.stop()
        this.#end?.reject(
          new ServiceError('partition-lost', `the lease of partition ${slot.index} went to another worker`),
        )
      })
      .catch(() => undefined)
  }

  #statusOf(index: number, runner: PartitionRunner): PartitionStatus {
    const reason = this.#whyStopped(runner)
    return {
      ...this.#readingOf(index, runner),
      worker: this.#id,
      rules: runner.partition.statistics().rules,
      ...(reason === undefined ? {} : { stopped: stoppedBecause(reason) }),
    }
  }

  /** For good, or until what it waits for is there. */
  #whyStopped(runner: PartitionRunner): unknown {
    const reason = runner.failure ?? runner.trouble
    if (reason !== undefined || this.#options.broker.isConnected()) return reason
    return new ServiceError('broker-unreachable', 'the connection to NATS is lost; it is being restored')
  }

  #readings(): readonly PartitionReading[] {
    return this.#slots.flatMap(({ index, runner }) =>
      runner === undefined ? [] : [{ ...this.#readingOf(index, runner), rules: readRules(runner.partition) }],
    )
  }

  #readingOf(index: number, runner: PartitionRunner): Omit<PartitionReading, 'rules'> {
    const { partition } = runner
    const isBehind = runner.newestEntryAt > 0 && (runner.isBehind || runner.pendingEntries > 0)
    return {
      partition: index,
      running: this.#whyStopped(runner) === undefined,
      position: partition.position,
      pendingEntries: runner.pendingEntries,
      lagMs: isBehind ? Math.max(0, this.#clock.now() - runner.newestEntryAt) : 0,
      watermark: partition.watermark,
      outboxEffects: runner.unpublished,
      counters: partition.counters,
      guests: partition.statistics().guests,
    }
  }

  /** Of any partition here: every partition reads the whole log, so what one of them has the log holds. */
  #knownVersions(
    of: (partition: ObservablePartition) => ReadonlyMap<string, number>,
  ): ReadonlyMap<string, number> | undefined {
    if (this.#slots.every(({ runner }) => runner === undefined)) return undefined
    const versions = new Map<string, number>()
    for (const { runner } of this.#slots)
      for (const [id, version] of runner === undefined ? [] : of(runner.partition))
        versions.set(id, Math.max(version, versions.get(id) ?? 0))
    return versions
  }

  #erasable(): readonly ErasablePartition[] {
    return this.#slots.flatMap(({ index, runner }) =>
      runner === undefined || runner.failure !== undefined
        ? []
        : [
            {
              index,
              partition: runner.partition,
              isOut: (done) => runner.isOut(done),
              scrub: (isErased) => runner.scrub(isErased),
            },
          ],
    )
  }

  #needsTick(): boolean {
    // A little less than the interval, because the last entry may be a tick itself.
    const quietMs = 0.9 * (this.#options.tickIntervalMs ?? TICK_INTERVAL_MS)
    const quietSince = this.#clock.monotonicMs() - quietMs
    return this.#slots.some(({ runner }) => {
      if (runner === undefined || runner.heardAt > quietSince) return false
      const { partialMatches, waitingEvents } = runner.partition.statistics()
      return partialMatches > 0 || waitingEvents > 0
    })
  }
}

const stoppedBecause = (failure: unknown): { readonly code: string; readonly message: string } => ({
  code: isServiceError(failure) ? failure.code : 'engine-failed',
  message: failure instanceof Error ? failure.message : String(failure),
})
