import { type JetStreamClient, jetstream } from '@nats-io/jetstream'
import type {
  Belonging,
  DoneErasure,
  Effect,
  ErasedKey,
  LogEntry,
  ObservablePartition,
} from '../../engine/index.ts'
import type { Broker } from '../broker/index.ts'
import { findStream } from '../broker/index.ts'
import { describeError, isServiceError, ServiceError } from '../service-error.ts'
import type { Log } from '../telemetry/index.ts'
import { countEmitted, eraseEmitted, findEntries } from './erase-streams.ts'
import { isMadeOf, type MadeOfKey } from './made-of.ts'
import { type Erasure, type ErasureProgress, type PartitionErasure, stateOf } from './records.ts'
import { type ErasureStore, natsErasureStore } from './store.ts'
import { ensureErasureStream, eraseMessage } from './stream.ts'
import { logOf, TOMBSTONES_PER_PAGE, type Tombstone, tombstonesOf, writeTombstones } from './tombstones.ts'

/** A partition that runs here, as an erasure needs it. */
export interface ErasablePartition {
  readonly index: number
  readonly partition: ObservablePartition
  /** Whether the state behind the erasure is committed, and all effects before it are in the alert log. */
  isOut(done: DoneErasure): boolean
  /** Blanks those effects in the outbox, and leaves no deleted bytes in the file; gives the number of effects. */
  scrub(isErased: (effect: Effect) => boolean): Promise<number>
}

export interface EraserOptions {
  readonly broker: Broker
  /** Name of the input log. */
  readonly stream: string
  /** Of all workers together. */
  readonly partitions: number
  /** Those that run here now. */
  readonly own: () => readonly ErasablePartition[]
  readonly now: () => number
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly log: Log
  readonly signal: AbortSignal
}

/** Between two looks at an erasure that is going on; partitions pass its entry without telling anybody. */
const GOING_ON_MS = 200
const TROUBLE_MS = 2_000
/** Without anything to do: until somebody asks, or at the latest after this. */
const LOOK_MS = 10_000

/**
 * Carries erasures out, step by step, and goes on after a crash where it was: every step may be done twice. Each worker does its own
 * partitions; the one that has partition 0 does what belongs to no partition. The log is erased last: before that, everybody has
 * read it.
 */
export async function runEraser(options: EraserOptions): Promise<void> {
  const { broker, log, signal, sleep } = options
  // A stop does not wait for a broker that does not answer: every step may be done again.
  const stopped = new Promise<Outcome>((resolve) => {
    signal.addEventListener('abort', () => resolve('idle'), { once: true })
  })
  while (!signal.aborted) {
    const ending = new AbortController()
    const end = (): void => ending.abort()
    signal.addEventListener('abort', end, { once: true })
    const woken = broker.connection.subscribe('sequitur.erasure.key.*', {
      callback: (error) => {
        if (error === null) end()
      },
    })
    try {
      const outcome = await Promise.race([advance(options), stopped])
      if (outcome === 'going-on') await sleep(GOING_ON_MS, signal)
      else if (outcome === 'trouble') await sleep(TROUBLE_MS, signal)
      else await sleep(LOOK_MS, ending.signal)
    } catch (error) {
      if (signal.aborted) return
      log.warn({ error }, `erasures cannot be read for now: ${describeError(error)}`)
      await sleep(TROUBLE_MS, signal)
    } finally {
      woken.unsubscribe()
      signal.removeEventListener('abort', end)
    }
  }
}

type Outcome = 'idle' | 'going-on' | 'trouble'

async function advance(options: EraserOptions): Promise<Outcome> {
  await ensureErasureStream(options.broker)
  return new Eraser(options).advanceAll()
}

class Eraser {
  readonly #options: EraserOptions
  readonly #store: ErasureStore
  readonly #client: JetStreamClient

  constructor(options: EraserOptions) {
    this.#options = options
    this.#store = natsErasureStore(options.broker)
    this.#client = jetstream(options.broker.connection, { timeout: 5_000 })
  }

  async advanceAll(): Promise<Outcome> {
    let outcome: Outcome = 'idle'
    for (const erasure of await this.#store.all()) {
      if (erasure.key === undefined) continue
      try {
        await this.#advance(erasure)
        if (outcome === 'idle') outcome = 'going-on'
      } catch (error) {
        if (this.#options.signal.aborted) return 'idle'
        outcome = 'trouble'
        await this.#report(erasure, error)
      }
    }
    return outcome
  }

  async #advance(erasure: Erasure): Promise<void> {
    const own = this.#options.own()
    for (const partition of own) await this.#advancePartition(erasure, partition)
    const first = own.find(({ index }) => index === 0)
    if (first === undefined) return
    if (erasure.request.dryRun) await this.#look(erasure, first.partition)
    else await this.#lead(erasure, first.partition)
  }

  async #advancePartition(erasure: Erasure, own: ErasablePartition): Promise<void> {
    const { id, dryRun } = erasure.request
    const known = erasure.partitions.get(own.index)
    const report = (next: PartitionErasure): Promise<void> => this.#store.putPartition(id, own.index, next)
    if (known === undefined) {
      if (dryRun) return report({ state: 'scrubbed', effects: 0, ...own.partition.kept(erasedOf(erasure)) })
      const done = own.partition.erasures().get(id)
      if (done === undefined || !own.isOut(done)) return undefined
      const { partialMatches, suppressions, bufferedEvents, effects } = done
      return report({ state: 'passed', effects, partialMatches, suppressions, bufferedEvents })
    }
    if (known.state === 'scrubbed' || stateOf(erasure) !== 'listed') return undefined
    const made = await this.#madeOf(erasure, own.partition)
    const outboxEffects = await own.scrub(({ payload }) => isMadeOf(payload, made))
    return report({ ...known, state: 'scrubbed', outboxEffects })
  }

  /** What belongs to no partition: the entry of the log, and the streams. */
  async #lead(erasure: Erasure, partition: ObservablePartition): Promise<void> {
    const { request, progress } = erasure
    switch (stateOf(erasure)) {
      case 'requested':
        return this.#mark(erasure)
      case 'marked': {
        const effects = this.#allPartitions(erasure, (report) => report !== undefined)
        if (effects === undefined) return undefined
        const events = await this.#list(erasure, partition)
        return this.#put(request.id, { ...progress, state: 'listed', effects, events })
      }
      case 'listed': {
        if (this.#allPartitions(erasure, (report) => report?.state === 'scrubbed') === undefined)
          return undefined
        const made = await this.#madeOf(erasure, partition)
        const { broker, stream } = this.#options
        const emitted = await eraseEmitted(broker, made)
        for (const sequence of made.sequences.keys()) await eraseMessage(broker, stream, sequence)
        await this.#put(request.id, { ...progress, ...emitted, state: 'done' })
        return this.#finish(erasure)
      }
      case 'done':
        return this.#finish(erasure)
    }
  }

  /** A dry run: everything is counted and nothing marked. */
  async #look(erasure: Erasure, partition: ObservablePartition): Promise<void> {
    if (stateOf(erasure) === 'done') return this.#finish(erasure)
    if (this.#allPartitions(erasure, (report) => report !== undefined) === undefined) return
    const { broker, stream } = this.#options
    const erased = erasedOf(erasure)
    const belonging = partition.belonging(erased)
    const sequences = new Set<number>()
    const last = (await findStream(broker, stream))?.state.last_seq ?? 0
    await findEntries(broker, { stream, last, key: erased.key, belonging }, async (found) => {
      for (const { sequence } of found) sequences.add(sequence)
    })
    const emitted = await countEmitted(broker, { erased, belonging, sequences })
    await this.#put(erasure.request.id, { state: 'done', events: sequences.size, ...emitted })
    await this.#finish(erasure)
  }

  async #finish(erasure: Erasure): Promise<void> {
    await this.#store.eraseKey(erasure)
    const { id, dryRun } = erasure.request
    this.#options.log.info({ erasure: id, dryRun }, dryRun ? 'erasure counted' : 'key erased')
  }

  /** The erasure takes its place among the events: what comes behind it belongs to the key anew. */
  async #mark(erasure: Erasure): Promise<void> {
    const { id } = erasure.request
    const { key, rules } = erasedOf(erasure)
    const stored = await this.#client.publish(
      'sequitur.log.erase',
      JSON.stringify({ erasure: id, key, ...(rules === undefined ? {} : { rules }) }),
      { msgID: `erase.${id}` },
    )
    await this.#put(id, { state: 'marked', log: await this.#log(), sequence: stored.seq })
    this.#options.log.info({ erasure: id, sequence: stored.seq }, 'erasure written to the log')
  }

  /** Writes down what the key has in the log; gives the number of its entries. */
  async #list(erasure: Erasure, partition: ObservablePartition): Promise<number> {
    const { broker, stream } = this.#options
    const { id } = erasure.request
    const sequence = erasure.progress?.sequence ?? 0
    const log = erasure.progress?.log ?? ''
    const erased = erasedOf(erasure)
    const belonging = partition.belonging(erased)
    let page = 0
    let events = 0
    const write = async (tombstones: readonly Tombstone[]): Promise<void> => {
      if (tombstones.length > 0) await writeTombstones(broker, log, { id, page: page++, tombstones })
    }
    await findEntries(broker, { stream, last: sequence - 1, key: erased.key, belonging }, async (found) => {
      events += found.length
      for (let at = 0; at < found.length; at += TOMBSTONES_PER_PAGE)
        await write(found.slice(at, at + TOMBSTONES_PER_PAGE).map((each) => withoutKey(each, erased)))
    })
    // Its own entry holds the key, too.
    const own = await broker.manager.streams.getMessage(stream, { seq: sequence })
    if (own !== null) await write([{ sequence, ingestedAt: own.time.getTime() }])
    return events
  }

  async #madeOf(
    erasure: Erasure,
    partition: ObservablePartition,
  ): Promise<MadeOfKey & { readonly sequences: ReadonlyMap<number, Tombstone> }> {
    const { broker } = this.#options
    const erased = erasedOf(erasure)
    const sequences = await tombstonesOf(broker, erasure.progress?.log ?? '', erasure.request.id)
    const isOfKey = partition.belonging(erased)
    // What came behind the erasure's entry is there to stay.
    const end = erasure.progress?.sequence ?? 0
    const belonging = (entry: LogEntry): Belonging | undefined =>
      entry.sequence < end ? isOfKey(entry) : undefined
    return { erased, belonging, sequences, until: end }
  }

  /** The effects of all partitions by number, once all of them are so far. */
  #allPartitions(
    { partitions }: Erasure,
    isSoFar: (report: PartitionErasure | undefined) => boolean,
  ): Readonly<Record<number, number>> | undefined {
    const effects: Record<number, number> = {}
    for (let index = 0; index < this.#options.partitions; index++) {
      const report = partitions.get(index)
      if (!isSoFar(report)) return undefined
      effects[index] = report?.effects ?? 0
    }
    return effects
  }

  async #log(): Promise<string> {
    const info = await findStream(this.#options.broker, this.#options.stream)
    if (info === undefined)
      throw new ServiceError('input-stream-not-found', `there is no stream ${this.#options.stream}`)
    return logOf(info)
  }

  async #put(id: string, progress: Omit<ErasureProgress, 'at'>): Promise<void> {
    const { trouble: _, ...rest } = progress
    await this.#store.putProgress(id, { ...rest, at: new Date(this.#options.now()).toISOString() })
  }

  /** Only where it was marked: before that, nobody looks for progress. */
  async #report({ request, progress }: Erasure, error: unknown): Promise<void> {
    const trouble = {
      code: isServiceError(error) ? error.code : 'erasure-waits',
      message: error instanceof Error ? error.message : String(error),
    }
    this.#options.log.warn({ error, erasure: request.id }, `an erasure waits: ${describeError(error)}`)
    if (progress === undefined || progress.trouble?.message === trouble.message) return
    await this.#store.putProgress(request.id, { ...progress, trouble }).catch(() => undefined)
  }
}

function erasedOf({ key, request }: Erasure): ErasedKey {
  if (key === undefined) throw new ServiceError('erasure-waits', `the key of erasure ${request.id} is gone`)
  return { key: key.key, ...(request.rules === undefined ? {} : { rules: request.rules }) }
}

/** A subject may hold the key; a filter that takes it in its place keeps taking it. */
function withoutKey(tombstone: Tombstone, { key }: ErasedKey): Tombstone {
  const { event } = tombstone
  if (event === undefined) return tombstone
  const parts = typeof key === 'object' && key !== null ? Object.values(key) : [key]
  const texts = parts.map(String).filter((text) => text !== '')
  const subject = event.subject
    .split('.')
    .map((token) => (texts.some((text) => token.includes(text)) ? '_' : token))
    .join('.')
  return { ...tombstone, event: { ...event, subject } }
}
