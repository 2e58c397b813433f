/** What a source's clock is made of. */
export interface ClockSource {
  readonly name: string
  readonly latenessMs: number
  readonly idleMs: number
}

/** A source's clock as it is stored; `newest` is -1 until it was heard. */
export interface SourceReading {
  readonly name: string
  readonly newest: number
  readonly heardAt: number
}

interface SourceClock extends ClockSource {
  newest: number
  /** The broker's time of its last event. */
  heardAt: number
}

/**
 * The watermark of one partition: everything before it has been processed. It is the least, over the sources that are not idle, of
 * newest event time minus lateness, and never goes back. It knows no clock but the times in the log.
 */
export class EventClock {
  readonly #sources: SourceClock[]
  #watermark: number

  constructor(sources: readonly ClockSource[], readings: readonly SourceReading[] = [], watermark = 0) {
    const stored = new Map(readings.map((reading) => [reading.name, reading]))
    this.#sources = sources.map(({ name, latenessMs, idleMs }) => {
      const reading = stored.get(name)
      return { name, latenessMs, idleMs, newest: reading?.newest ?? -1, heardAt: reading?.heardAt ?? -1 }
    })
    this.#watermark = watermark
  }

  get watermark(): number {
    return this.#watermark
  }

  readings(): readonly SourceReading[] {
    return this.#sources
      .filter((source) => source.newest >= 0)
      .map(({ name, newest, heardAt }) => ({ name, newest, heardAt }))
  }

  /** An event of source number `index` was stored at `ingestedAt`; gives the watermark after it. */
  observe(index: number, time: number, ingestedAt: number): number {
    const source = this.#sources[index] as SourceClock
    if (time > source.newest) source.newest = time
    if (ingestedAt > source.heardAt) source.heardAt = ingestedAt
    if (this.#sources.length === 1) this.raise(source.newest - source.latenessMs)
    else this.raise(this.#least(ingestedAt, 0))
    return this.#watermark
  }

  /**
   * The log was quiet until `tickedAt`: event time goes on at the pace of the broker's clock from where each source stood when it
   * was last heard, whatever its offset.
   */
  tick(tickedAt: number): number {
    this.raise(this.#least(tickedAt, 1))
    return this.#watermark
  }

  raise(time: number): void {
    if (time > this.#watermark) this.#watermark = time
  }

  /** The least reading of the sources heard within their idle time; when there is none, of the one heard last. */
  #least(now: number, pace: 0 | 1): number {
    let least = Number.POSITIVE_INFINITY
    let last: SourceClock | undefined
    for (const source of this.#sources) {
      if (source.newest < 0) continue
      if (last === undefined || source.heardAt > last.heardAt) last = source
      if (now - source.heardAt < source.idleMs) least = Math.min(least, reading(source, now, pace))
    }
    if (least !== Number.POSITIVE_INFINITY) return least
    return last === undefined ? -1 : reading(last, now, pace)
  }
}

const reading = (source: SourceClock, now: number, pace: 0 | 1): number =>
  source.newest - source.latenessMs + (pace === 0 ? 0 : Math.max(0, now - source.heardAt))
