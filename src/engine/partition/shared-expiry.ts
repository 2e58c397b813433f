import { ExpiryWheel } from '../matcher/index.ts'
import type { Deadline, DeadlineQueue } from '../time/index.ts'

/** Whose states are cleared away after their time. */
export interface Sweeper {
  /** Nobody needs its states any more. */
  readonly isStopped: boolean
  sweep(state: object, time: number): void
}

interface Wheel {
  readonly spanMs: number
  readonly wheel: ExpiryWheel<Sweeper, object>
  readonly deadline: Deadline
}

/**
 * States that wait to be cleared away, of all rules of a partition: those with the same time limit together, so that what one event
 * began costs the push on a list, however many rules there are.
 */
export class SharedExpiry {
  readonly #deadlines: DeadlineQueue
  readonly #wheels = new Map<number, Wheel>()
  /** The wheel that was added to last: most rules have one of a few limits. */
  #last: Wheel | undefined
  #waiting = 0
  /** Of those, states of rules that have stopped. */
  #stopped = 0

  constructor(deadlines: DeadlineQueue) {
    this.#deadlines = deadlines
  }

  /** `sweeper` gets the state back some time after `time`, which lies at most `spanMs` ahead. */
  add(sweeper: Sweeper, state: object, time: number, spanMs: number): void {
    const last = this.#last
    const { wheel, deadline } = last?.spanMs === spanMs ? last : this.#wheelOf(spanMs)
    wheel.add(time, sweeper, state)
    this.#waiting++
    if (wheel.next < deadline.at) this.#deadlines.bringForward(deadline, wheel.next)
  }

  /** A sweeper with so many states has stopped. They go when they are half of all: looking costs as much as there are. */
  stopped(states: number): void {
    this.#stopped += states
    if (2 * this.#stopped <= this.#waiting) return
    for (const { wheel } of this.#wheels.values()) this.#waiting -= wheel.forget(isStopped)
    this.#stopped = 0
  }

  #wheelOf(spanMs: number): Wheel {
    const wheel = this.#wheels.get(spanMs) ?? this.#newWheel(spanMs)
    this.#last = wheel
    return wheel
  }

  #newWheel(spanMs: number): Wheel {
    const wheel = new ExpiryWheel<Sweeper, object>(spanMs)
    const deadline = this.#deadlines.add({
      // Behind all rules: nothing that they do at the same instant depends on what has been cleared away.
      rank: Number.POSITIVE_INFINITY,
      nextDeadline: () => wheel.next,
      fire: (time) => wheel.takeUntil(time, (sweeper, state) => this.#sweep(sweeper, state, time)),
    })
    const added = { spanMs, wheel, deadline }
    this.#wheels.set(spanMs, added)
    return added
  }

  #sweep(sweeper: Sweeper, state: object, time: number): void {
    this.#waiting--
    if (sweeper.isStopped) this.#stopped--
    else sweeper.sweep(state, time)
  }
}

const isStopped = (sweeper: Sweeper): boolean => sweeper.isStopped
