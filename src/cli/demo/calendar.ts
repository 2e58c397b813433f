import { DAY, HOUR, MINUTE, SECOND } from './planned-event.ts'

/** Which part of its time the demo is in. */
export type Chapter = 'history' | 'today' | 'now'

export interface CalendarOptions {
  /** Events per second of the clock on the wall. */
  readonly rate: number
  /** What the clock on the wall shows when the demo begins, ms since 1970. */
  readonly now: number
  /** Event time before which nothing may happen any more: where an earlier run stopped. */
  readonly resumeAt?: number
}

const HISTORY_MS = 120 * DAY
const HISTORY_SECONDS = 10
const TODAY_MS = 2 * HOUR
const TODAY_SECONDS = 40
/** So that machines that say every few seconds that they live leave room for the others. */
const STEP_MS_MAX = 4 * SECOND
/** Not worth catching up with. */
const GAP_MS_MIN = MINUTE

/**
 * Event time of the n-th event: months in the first seconds, the last hours in less than a minute, then the pace of the clock. So
 * rules that need weeks fire at once, and nothing ever comes from the future. A run that goes on where another stopped has no
 * history, and only as much to catch up with as there is.
 */
export class Calendar {
  readonly #todayAt: number
  readonly #nowAt: number
  readonly #start: number
  readonly #today: number
  readonly #now: number
  readonly #stepMs: number

  constructor({ rate, now, resumeAt }: CalendarOptions) {
    this.#stepMs = 1_000 / rate
    const todayEvents = Math.ceil(rate * TODAY_SECONDS)
    const todayMs = Math.min(TODAY_MS, todayEvents * STEP_MS_MAX)
    if (resumeAt === undefined) {
      this.#todayAt = Math.ceil(rate * HISTORY_SECONDS)
      this.#nowAt = this.#todayAt + todayEvents
      this.#now = now + this.#nowAt * this.#stepMs
      this.#today = this.#now - todayMs
      this.#start = this.#today - HISTORY_MS
      return
    }
    const gap = now - resumeAt
    this.#todayAt = 0
    this.#nowAt = gap < GAP_MS_MIN ? 0 : todayEvents
    this.#now = Math.max(now, resumeAt) + this.#nowAt * this.#stepMs
    this.#today = Math.max(resumeAt, this.#now - todayMs)
    this.#start = this.#today
  }

  chapter(index: number): Chapter {
    return index < this.#todayAt ? 'history' : index < this.#nowAt ? 'today' : 'now'
  }

  /** Ms since 1970; never goes back. */
  timeOf(index: number): number {
    if (index < this.#todayAt) return this.#start + ((this.#today - this.#start) * index) / this.#todayAt
    if (index < this.#nowAt)
      return (
        this.#today + ((this.#now - this.#today) * (index - this.#todayAt)) / (this.#nowAt - this.#todayAt)
      )
    return this.#now + (index - this.#nowAt) * this.#stepMs
  }

  /** How far a chapter is, from 0 to 1; `now` has no end. */
  progress(index: number): number {
    if (index < this.#todayAt) return index / this.#todayAt
    if (index < this.#nowAt) return (index - this.#todayAt) / (this.#nowAt - this.#todayAt)
    return 0
  }
}
