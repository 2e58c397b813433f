import { Calendar, type CalendarOptions, type Chapter } from './calendar.ts'
import { Everyday, Heartbeats } from './everyday.ts'
import { type Mishap, mishapOf, travelMs } from './mishaps.ts'
import { DAY, HOUR, type PlannedEvent, SECOND } from './planned-event.ts'
import { createRandom, type Random } from './random.ts'
import { dormantAccount, FAST_STORIES, SLOW_STORIES, STORIES } from './stories.ts'

/** One message to publish. */
export interface DemoEvent {
  readonly subject: string
  /** The payload: JSON, except where the demo breaks it on purpose. */
  readonly data: string
  /** For `Nats-Msg-Id`; one that comes twice is the same event sent twice. */
  readonly id?: string
  /** How long to wait before publishing it. */
  readonly delayMs: number
  /** The demo's own time of publishing, Unix milliseconds; never before that of an earlier one. */
  readonly sentAt: number
}

export interface GeneratorOptions extends Partial<CalendarOptions> {
  /** Same seed, same events. Default: `sequitur`. */
  readonly seed?: string
}

/** Rules that the demo's events make alert. */
export const DEMO_RULES: readonly string[] = [
  ...new Set([...STORIES, ...SLOW_STORIES, dormantAccount].map(({ rule }) => rule)),
  'missing-heartbeat',
]

/** Subjects of the demo's events. */
export const DEMO_SUBJECTS: readonly string[] = [
  'payments.>',
  'auth.>',
  'accounts.>',
  'credit.>',
  'shop.>',
  'ops.>',
  'logs.>',
  'k8s.>',
]

export const DEMO_RATE = 100
const DEMO_NOW = Date.parse('2026-01-05T12:00:00Z')
/** A story every so many seconds once the demo runs at the pace of the clock. */
const STORY_SECONDS = 6
/** Nobody wants to wait longer for the end of one. */
const STORY_MS_MAX = 10 * SECOND

interface Waiting {
  readonly event: PlannedEvent
  readonly leavesAt: number
}

/**
 * The demo's world: everyday traffic with fraud and incidents woven in, in the order in which it is published. Events come out of
 * order within the lateness, a few are late, sent twice or broken. Pure: the same options give the same events, without end.
 */
export class DemoWorld {
  readonly #random: Random
  readonly #calendar: Calendar
  readonly #everyday: Everyday
  readonly #heartbeats = new Heartbeats()
  readonly #idPrefix: string
  readonly #delayMs: number
  readonly #rate: number
  readonly #waiting: Waiting[] = []
  readonly #again: DemoEvent[] = []
  #index = 0
  #now = 0
  #ids = 0
  #chapter: Chapter | undefined
  /** Stories of this chapter by the index at which they begin. */
  #program: Array<readonly [index: number, tell: (at: number) => void]> = []
  #nextStoryAt = 0
  #stories = 0

  constructor(options: GeneratorOptions = {}) {
    const { seed = 'sequitur', rate = DEMO_RATE, now = DEMO_NOW, resumeAt } = options
    const begins = resumeAt ?? now
    // A run that goes on has other people in it than the one before.
    this.#random = createRandom(`${seed}/${resumeAt ?? ''}`)
    this.#everyday = new Everyday(this.#random)
    this.#calendar = new Calendar({ rate, now, ...(resumeAt === undefined ? {} : { resumeAt }) })
    this.#idPrefix = `demo-${begins.toString(36)}`
    this.#delayMs = 1_000 / rate
    this.#rate = rate
  }

  next(): DemoEvent {
    const again = this.#again.shift()
    if (again !== undefined) return again
    const index = this.#index
    const now = this.#calendar.timeOf(index)
    this.#now = now
    this.#enter(index, now)
    this.#index += 1
    const due = this.#waiting[0]
    if (due !== undefined && due.leavesAt <= now) {
      this.#waiting.shift()
      return this.#send(due.event)
    }
    const [event, ...later] = this.#everyday.event(now)
    for (const follower of later) this.#plan(follower)
    const travel = Math.min(travelMs(this.#random), this.#calendar.timeOf(index) - this.#calendar.timeOf(0))
    return this.#send({ ...event, at: event.at - travel }, this.#mishap())
  }

  /** What an orderly end needs: open payments are finished, machines stopped, so that nothing is missed when the demo rests. */
  closing(): readonly DemoEvent[] {
    const at = this.#calendar.timeOf(this.#index)
    const open = this.#waiting.filter(({ event }) => /^payments\.(captured|cancelled)$/.test(event.subject))
    const last = [...open.map(({ event }) => ({ ...event, at })), ...this.#heartbeats.stop(at)]
    return last.map((event) => ({ ...this.#send(event), delayMs: 0 }))
  }

  #enter(index: number, now: number): void {
    const chapter = this.#calendar.chapter(index)
    if (chapter !== this.#chapter) {
      this.#chapter = chapter
      this.#begin(chapter, index, now)
    }
    while (this.#program[0] !== undefined && this.#program[0][0] <= index) this.#program.shift()?.[1](now)
    if (chapter !== 'now' || index < this.#nextStoryAt) return
    this.#nextStoryAt = index + Math.ceil(this.#rate * STORY_SECONDS)
    const next = STORIES[this.#stories % STORIES.length] ?? STORIES[0]
    this.#stories += 1
    this.#tell(next.tell(this.#random, { at: now, lengthMaxMs: STORY_MS_MAX }))
    if (this.#stories % 10 === 5) this.#heartbeats.silence(this.#random, now)
  }

  #begin(chapter: Chapter, index: number, now: number): void {
    const isFirst = this.#waiting.every(({ event }) => event.subject !== 'ops.heartbeat')
    if (chapter !== 'history' && isFirst) for (const beat of this.#heartbeats.start(now)) this.#plan(beat)
    switch (chapter) {
      case 'history': {
        const spread = this.#spread(index, SLOW_STORIES.length)
        this.#program = SLOW_STORIES.map((story, order) => [
          spread(order),
          (at) => this.#tell(story.tell(this.#random, { at, lengthMaxMs: 30 * DAY })),
        ])
        this.#program.unshift([
          index,
          (at) => this.#tell(dormantAccount.tell(this.#random, { at, lengthMaxMs: 200 * DAY })),
        ])
        return
      }
      case 'today': {
        const tellers = [
          ...FAST_STORIES.map((story) => (at: number) => {
            this.#tell(story.tell(this.#random, { at, lengthMaxMs: HOUR }))
          }),
          (at: number) => this.#heartbeats.silence(this.#random, at),
        ]
        const spread = this.#spread(index, tellers.length * 2)
        this.#program = [...tellers, ...tellers].map((tell, order) => [spread(order), tell])
        return
      }
      case 'now':
        this.#nextStoryAt = index
        return
      default:
        chapter satisfies never
    }
  }

  /** Places for `count` stories in the first nine tenths of the chapter that begins at `index`. */
  #spread(index: number, count: number): (order: number) => number {
    let end = index
    while (this.#calendar.chapter(end) === this.#calendar.chapter(index)) end += 1
    const room = (end - index) * 0.92
    return (order) => index + Math.floor((room * order) / count)
  }

  #tell(events: readonly PlannedEvent[]): void {
    for (const event of events) this.#plan(event)
  }

  /** In the history hours lie between two events: what comes late there is not late at all. */
  #mishap(): Mishap | undefined {
    const mishap = mishapOf(this.#random)
    return mishap?.kind === 'late' && this.#chapter === 'history' ? undefined : mishap
  }

  #plan(event: PlannedEvent): void {
    const waiting = { event, leavesAt: event.at + travelMs(this.#random) }
    let low = 0
    let high = this.#waiting.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#waiting[middle]?.leavesAt ?? 0) <= waiting.leavesAt) low = middle + 1
      else high = middle
    }
    this.#waiting.splice(low, 0, waiting)
  }

  #send(event: PlannedEvent, mishap?: Mishap): DemoEvent {
    const next = this.#heartbeats.after(event)
    if (next !== undefined) this.#plan(next)
    this.#ids += 1
    const message = {
      subject: event.subject,
      id: `${this.#idPrefix}-${this.#ids}`,
      delayMs: this.#delayMs,
      sentAt: this.#now,
      data: payloadOf(event, event.at),
    }
    if (mishap === undefined) return message
    switch (mishap.kind) {
      case 'duplicate':
        this.#again.push({ ...message, delayMs: 0 })
        return message
      case 'late':
        return { ...message, data: payloadOf(event, event.at - mishap.byMs) }
      case 'broken':
        return { ...message, data: mishap.payload }
      default:
        return mishap satisfies never
    }
  }
}

const payloadOf = ({ data }: PlannedEvent, at: number): string =>
  JSON.stringify({ time: new Date(Math.round(at)).toISOString(), ...data })

/** The demo's events, without end. */
export function* events(
  seed?: string,
  options: Omit<GeneratorOptions, 'seed'> = {},
): Generator<DemoEvent, never> {
  const world = new DemoWorld({ ...(seed === undefined ? {} : { seed }), ...options })
  while (true) yield world.next()
}
