import type { Effect } from '../../src/engine/index.ts'
import { ServiceError } from '../../src/service/service-error.ts'
import type { AlertSink } from '../../src/service/worker/index.ts'

/** An alert log in memory, one partition: the fake beside the JetStream sinks. */
export class MemoryAlertLog {
  readonly effects: Effect[] = []
  #epoch = 0

  /** A writer of its own, as a worker process has one. */
  open(): AlertSink {
    let mine = 0
    return {
      claim: async (epoch) => {
        mine = Math.max(epoch, this.#epoch + 1)
        this.#epoch = mine
        return this.#head()
      },
      publish: async (effects) => {
        for (const effect of effects) {
          if (this.#epoch > mine)
            throw new ServiceError('fenced', 'another worker has taken this partition over')
          if (this.#epoch < mine) throw new ServiceError('alert-log-lost', 'the alert log lost the claim')
          if (effect.number > this.#head()) this.effects.push(effect)
        }
      },
      close: async () => undefined,
    }
  }

  /** Forgets what came after the first `kept` effects, every claim included. */
  loseTail(kept: number): void {
    this.effects.length = kept
    this.#epoch = 0
  }

  #head(): number {
    return this.effects.at(-1)?.number ?? 0
  }
}
