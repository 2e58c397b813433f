import type { Effect } from '../../engine/index.ts'
import { failPoint } from '../fail-point.ts'
import { isServiceError, ServiceError } from '../service-error.ts'
import type { AlertSink, CheckpointStore } from './ports.ts'

export interface PublisherOptions {
  readonly sink: AlertSink
  readonly store: CheckpointStore
  readonly epoch: number
  readonly onStored: (effects: readonly Effect[]) => void
  readonly onFailure: (error: unknown) => void
}

/** Takes effects once they are committed and puts them into the alert log, in order. */
export class Publisher {
  readonly #options: PublisherOptions
  #queue: Effect[] = []
  #inFlight = 0
  #running: Promise<void> | undefined
  #roomAwaited: Array<() => void> = []
  #stored = 0
  #failed = false

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  /** Committed and not known to be in the log. */
  get waiting(): number {
    return this.#queue.length + this.#inFlight
  }

  /** Number of the last effect that is known to be in the log. */
  get stored(): number {
    return this.#stored
  }

  /** Takes the partition over and publishes what earlier owners committed and did not get out. */
  async start(): Promise<void> {
    this.#stored = await this.#claim()
    await this.idle()
  }

  enqueue(effects: readonly Effect[]): void {
    // A state older than the log makes effects again that are in the log already: the same ones, by determinism.
    for (const effect of effects) if (effect.number > this.#stored) this.#queue.push(effect)
    if (this.#queue.length > 0 && this.#running === undefined && !this.#failed) this.#running = this.#run()
  }

  /** Resolves when at most `max` effects wait: backpressure for the loop that makes them. */
  async room(max: number): Promise<void> {
    while (this.waiting > max && !this.#failed)
      await new Promise<void>((resolve) => {
        this.#roomAwaited.push(resolve)
      })
  }

  async idle(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const effects = this.#queue
        this.#queue = []
        this.#inFlight = effects.length
        await this.#publish(effects)
        this.#inFlight = 0
        for (const wake of this.#roomAwaited.splice(0)) wake()
      }
    } catch (error) {
      this.#failed = true
      for (const wake of this.#roomAwaited.splice(0)) wake()
      this.#options.onFailure(error)
    } finally {
      this.#running = undefined
    }
  }

  async #publish(effects: readonly Effect[]): Promise<void> {
    const last = effects.at(-1)?.number ?? 0
    let rest = effects
    for (;;) {
      try {
        await this.#options.sink.publish(rest)
        break
      } catch (error) {
        if (!isServiceError(error, 'alert-log-lost')) throw error
        // The log came back older than it was. What it lost is in the outbox; claim it anew and go on from there.
        const head = await this.#options.sink.claim(this.#options.epoch)
        rest = (await this.#unsent(head)).filter(({ number }) => number <= last)
      }
    }
    failPoint('after-publish')
    this.#stored = last
    this.#options.store.confirm(last)
    this.#options.onStored(effects)
  }

  async #claim(): Promise<number> {
    const { sink, store, epoch } = this.#options
    const head = await sink.claim(epoch)
    const unsent = await this.#unsent(head)
    if (unsent.length > 0) await sink.publish(unsent)
    const last = Math.max(head, unsent.at(-1)?.number ?? 0)
    store.confirm(last)
    return last
  }

  /** What was committed and is not in the log. Throws `outbox-gap` where the log lost more than the outbox keeps. */
  async #unsent(head: number): Promise<readonly Effect[]> {
    const { store } = this.#options
    const committed = await store.outbox(head)
    const first = committed[0]?.number ?? store.restored.effectNumber + 1
    if (first > head + 1 && store.restored.effectNumber > head)
      throw new ServiceError(
        'outbox-gap',
        `the alert log ends at effect ${head}, and the outbox begins at ${first}`,
        {
          hint: 'restore the stream ALERTS, or lengthen the retention of the outbox; subscribers see the gap in Sequitur-Number',
        },
      )
    return committed.filter((row) => row.kind !== 'erased')
  }
}
