import {
  type Effect,
  type LogEntry,
  type ObservablePartition,
  type PartitionOptions,
  type PartitionParts,
  restorePartition,
  type StateRow,
  streamSequence,
} from '../../engine/index.ts'
import { type Broker, findStream } from '../broker/index.ts'
import { openCheckpointStore } from '../checkpoint/index.ts'
import { logOf, readSettled, Tombstones } from '../erasure/index.ts'
import { failPoint } from '../fail-point.ts'
import { openReader, positionProof, verifyPosition } from '../ingest/index.ts'
import { Backoff, openAlertSink } from '../publish/index.ts'
import { describeError, isServiceError, ServiceError } from '../service-error.ts'
import type { Log, WorkerMetrics } from '../telemetry/index.ts'
import type { AlertSink, BatchSource, CheckpointStore, Clock, StreamIdentity } from './ports.ts'
import { Publisher } from './publisher.ts'

/** What a runner works with; tests put other ones in. */
export interface RunnerPorts {
  readonly parts?: PartitionParts
  readonly openStore: typeof openCheckpointStore
  readonly openSink: typeof openAlertSink
}

export interface RunnerOptions {
  readonly broker: Broker
  readonly ports?: Partial<RunnerPorts>
  readonly engine: PartitionOptions
  readonly dataDir: string
  readonly commitIntervalMs: number
  readonly outboxRetentionMs: number
  readonly clock: Clock
  readonly log: Log
  readonly metrics: WorkerMetrics
}

/** Effects that may be committed and unpublished before reading stops. */
const UNPUBLISHED_MAX = 20_000
/** Entries that may be processed and uncommitted before reading stops: a disk that is full or slow must not fill the memory. */
const UNCOMMITTED_MAX = 200_000
/** Entries processed between two looks at the event loop, at most; and how long that may take, as far as single entries allow. */
const SLICE = 1_000
const SLICE_MS_MAX = 20
/** Entries processed between two looks at the clock. */
const PIECE = 5
/** How long a stop waits for an alert log that does not answer; what is committed is published after the next start. */
const DRAIN_MS_MAX = 5_000

type Proof = { readonly identity: StreamIdentity; readonly positionProof: string }

/** One partition at work: read, process, commit, publish; nothing waits for anything that it need not wait for. */
export class PartitionRunner {
  readonly #options: RunnerOptions
  readonly #store: CheckpointStore
  readonly #sink: AlertSink
  readonly #source: BatchSource
  readonly #publisher: Publisher
  readonly #identity: StreamIdentity
  readonly partition: ObservablePartition
  #lastEntry: Proof | undefined
  #commit: Promise<void> | undefined
  #commitTimer: NodeJS.Timeout | undefined
  #committedAt = 0
  #committedPosition = 0
  #newestEntryAt = 0
  #heardAt = 0
  #isBehind = false
  #stopping = false
  #isAbandoned = false
  #failure: unknown
  #trouble: ServiceError | undefined
  #done: Promise<void> | undefined

  private constructor(
    options: RunnerOptions,
    parts: {
      readonly store: CheckpointStore
      readonly sink: AlertSink
      readonly source: BatchSource
      readonly partition: ObservablePartition
      readonly identity: StreamIdentity
      readonly epoch: number
    },
  ) {
    this.#options = options
    this.#store = parts.store
    this.#sink = parts.sink
    this.#source = parts.source
    this.#identity = parts.identity
    this.partition = parts.partition
    this.#committedPosition = parts.partition.position
    this.#publisher = new Publisher({
      sink: parts.sink,
      store: parts.store,
      epoch: parts.epoch,
      onStored: (effects) => this.#reportStored(effects),
      onFailure: (error) => {
        if (!this.#isAbandoned) this.#fail(error)
      },
    })
  }

  /** Restores, makes sure the input is the one the checkpoint knows, and takes over the alert log. */
  static async start(options: RunnerOptions): Promise<PartitionRunner> {
    const { broker, engine, clock, log, ports } = options
    const store = await (ports?.openStore ?? openCheckpointStore)({
      folder: options.dataDir,
      partition: engine.index,
      partitions: engine.count,
      outboxRetentionMs: options.outboxRetentionMs,
      now: clock.now,
    })
    let sink: AlertSink | undefined
    try {
      const info = await findStream(broker, engine.stream)
      if (info === undefined)
        throw new ServiceError('input-stream-not-found', `there is no stream ${engine.stream}`)
      // From here on an older owner of the same file can commit nothing, so what is read now stays true.
      const epoch = await store.nextEpoch()
      const { restored } = store
      const tombstones = new Tombstones(broker, engine.stream)
      await tombstones.load()
      await verifyPosition(broker, info, {
        ...restored,
        isErased: (first, last) => tombstones.cover(first, last),
      })
      const rows: StateRow[] = []
      for await (const row of store.rows()) rows.push(row)
      const settled = await readSettled(broker, { log: logOf(info), partition: engine.index })
      const partition = restorePartition(
        settled === undefined || settled.sequence <= restored.position
          ? engine
          : { ...engine, settled: { ...settled, sequence: streamSequence(settled.sequence) } },
        rows,
        ports?.parts,
      )
      failPoint('after-restore')
      const troubles: { told: (error: ServiceError) => void } = { told: () => undefined }
      sink = (ports?.openSink ?? openAlertSink)(broker, {
        partition: engine.index,
        partitions: engine.count,
        ...(settled === undefined ? {} : { settledEffects: settled.effects }),
        backoff: new Backoff(clock),
        onTrouble: (error) => {
          log.warn({ error, code: error.code }, 'the alert log does not take effects; they wait')
          troubles.told(error)
        },
      })
      const runner = new PartitionRunner(options, {
        store,
        sink,
        source: openReader(broker, { stream: engine.stream, after: restored.position }),
        partition,
        identity: { stream: info.config.name, created: info.created },
        epoch,
      })
      troubles.told = (error) => {
        runner.#trouble = error
      }
      await runner.#publisher.start()
      const { stored } = runner.#publisher
      if (settled !== undefined && settled.sequence > restored.position && stored < settled.effects)
        throw new ServiceError(
          'outbox-gap',
          `the alert log ends at effect ${stored}; those up to ${settled.effects} came before an erasure and cannot be made again`,
          { hint: 'restore the stream ALERTS, or the data folder of after the erasure' },
        )
      log.info({ position: restored.position, rows: rows.length, epoch }, 'partition started')
      runner.#done = runner.#run()
      return runner
    } catch (error) {
      await sink?.close()
      await store.close()
      throw error
    }
  }

  /** Resolves when the partition has stopped for good; rejects with the reason when nobody asked it to. */
  get done(): Promise<void> {
    return this.#done ?? Promise.resolve()
  }

  get unpublished(): number {
    return this.#publisher.waiting
  }

  get failure(): unknown {
    return this.#failure
  }

  /** What it waits for at the moment: room on the disk, an alert log that takes effects. */
  get trouble(): ServiceError | undefined {
    return this.#trouble
  }

  /** Broker's time of the newest entry processed; 0 before the first. */
  get newestEntryAt(): number {
    return this.#newestEntryAt
  }

  /** When an entry came last, by the monotonic clock; 0 before the first. */
  get heardAt(): number {
    return this.#heardAt
  }

  /** Entries of the log that were not processed yet, as last seen. */
  get pendingEntries(): number {
    return this.#source.pending
  }

  /** Whether entries were read and not processed yet. */
  get isBehind(): boolean {
    return this.#isBehind
  }

  /** Whether the state behind an entry is committed, and the effects up to a number are in the alert log. */
  isOut({ sequence, effects }: { readonly sequence: number; readonly effects: number }): boolean {
    return this.#committedPosition >= sequence && this.#publisher.stored >= effects
  }

  /** See `CheckpointStore.scrub`. */
  scrub(isErased: (effect: Effect) => boolean): Promise<number> {
    return this.#store.scrub(isErased)
  }

  /** Stops reading, commits and publishes what was processed. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#source.close()
    await this.done.catch(() => undefined)
  }

  async #run(): Promise<void> {
    try {
      for await (const batch of this.#source.batches()) {
        this.#isBehind = true
        for (let done = 0; done < batch.length && !this.#isOver(); ) {
          done = this.#processSome(batch, done)
          const last = batch[done - 1]
          if (last !== undefined) {
            this.#lastEntry = { identity: this.#identity, positionProof: positionProof(last) }
            this.#newestEntryAt = last.ingestedAt
            this.#heardAt = this.#options.clock.monotonicMs()
          }
          this.#commitSoon()
          if (done < batch.length) await new Promise(setImmediate)
        }
        this.#isBehind = false
        if (this.#isOver()) break
        await this.#committed(UNCOMMITTED_MAX)
        await this.#publisher.room(UNPUBLISHED_MAX)
      }
      if (this.#failure === undefined) await this.#drain()
    } catch (error) {
      this.#fail(error)
    } finally {
      clearTimeout(this.#commitTimer)
      await this.#close()
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Processes entries of a batch from `start` on; gives the index of the first that it left. */
  #processSome(batch: readonly LogEntry[], start: number): number {
    const { clock } = this.#options
    const end = Math.min(batch.length, start + SLICE)
    const endAt = clock.monotonicMs() + SLICE_MS_MAX
    let done = start
    do {
      const next = Math.min(end, done + PIECE)
      this.partition.process(batch.slice(done, next))
      done = next
    } while (done < end && clock.monotonicMs() < endAt)
    return done
  }

  #isOver(): boolean {
    return this.#stopping || this.#failure !== undefined
  }

  async #drain(): Promise<void> {
    await this.#commit
    failPoint('in-drain')
    await this.#commitNow()
    const waiting = new AbortController()
    const tooLong = this.#options.clock.sleep(DRAIN_MS_MAX, waiting.signal).then(() => 'too long')
    const outcome = await Promise.race([this.#publisher.idle(), tooLong])
    waiting.abort()
    if (outcome !== 'too long') return
    this.#isAbandoned = true
    this.#options.log.warn(
      { effects: this.#publisher.waiting },
      'the alert log does not answer; what is committed is published after the next start',
    )
    await this.#sink.close()
  }

  /** Resolves when at most `max` entries are processed and not committed: backpressure of the disk. */
  async #committed(max: number): Promise<void> {
    while (this.partition.position - this.#committedPosition > max && !this.#isOver()) {
      if (this.#commit === undefined) {
        clearTimeout(this.#commitTimer)
        this.#commitTimer = undefined
        this.#startCommit()
      }
      await this.#commit
    }
  }

  async #close(): Promise<void> {
    await this.#source.close()
    await this.#commit?.catch(() => undefined)
    await this.#publisher.idle()
    await this.#sink.close()
    await this.#store.close()
  }

  /** One commit at a time; the next begins when the interval is over, and at the latest then. */
  #commitSoon(): void {
    if (this.#commit !== undefined || this.#commitTimer !== undefined || this.#failure !== undefined) return
    const waitMs = this.#committedAt + this.#options.commitIntervalMs - this.#options.clock.monotonicMs()
    if (waitMs <= 0) {
      this.#startCommit()
      return
    }
    this.#commitTimer = setTimeout(() => {
      this.#commitTimer = undefined
      if (this.#commit === undefined && this.#failure === undefined) this.#startCommit()
    }, waitMs)
  }

  #startCommit(): void {
    this.#commit = this.#commitNow()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#commit = undefined
        if (!this.#stopping && this.partition.position > this.#committedPosition) this.#commitSoon()
      })
  }

  async #commitNow(): Promise<void> {
    const proof = this.#lastEntry
    if (proof === undefined) return
    const startedAt = this.#options.clock.monotonicMs()
    this.#committedAt = startedAt
    const step = this.partition.takeStep()
    if (step === undefined) return
    failPoint('before-commit')
    const committing = this.#commitUntilThereIsRoom(step, proof)
    failPoint('in-commit')
    await committing
    failPoint('after-commit')
    this.#committedPosition = step.position
    this.#trouble = undefined
    let bytes = 0
    for (const { value } of step.rows) bytes += value?.length ?? 0
    this.#options.metrics.committed((this.#options.clock.monotonicMs() - startedAt) / 1000, bytes)
    this.#publisher.enqueue(step.effects)
  }

  /** A full disk is waited out; anything else ends the partition, and a restart reads again what was not committed. */
  async #commitUntilThereIsRoom(step: Parameters<CheckpointStore['commit']>[0], proof: Proof): Promise<void> {
    for (;;) {
      try {
        return await this.#store.commit(step, proof)
      } catch (error) {
        if (!isServiceError(error, 'checkpoint-full') || this.#stopping) throw error
        this.#options.log.error({ error }, 'the disk is full; the partition waits for room')
        this.#trouble = error
        await this.#options.clock.sleep(1_000)
      }
    }
  }

  #reportStored(effects: readonly Effect[]): void {
    this.#trouble = undefined
    const now = this.#options.clock.now()
    const { metrics, engine } = this.#options
    for (const effect of effects)
      if (effect.kind === 'alert')
        metrics.alertStored(Math.max(0, now - effect.time) / 1000, effect, engine.index)
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#options.log.error({ error }, `partition stopped: ${describeError(error)}`)
    void this.#source.close()
  }
}
