import { type DurationMs, durationMs } from '../model/index.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const WEEK = 7 * DAY

/** Ten years: a longer limit is a slip of the pen. */
export const DURATION_MAX_MS = 3_653 * DAY

const UNITS: ReadonlyMap<string, number> = new Map(
  Object.entries({ ms: 1, millisecond: 1, milliseconds: 1 })
    .concat(Object.entries({ s: SECOND, sec: SECOND, second: SECOND, seconds: SECOND }))
    .concat(Object.entries({ m: MINUTE, min: MINUTE, minute: MINUTE, minutes: MINUTE }))
    .concat(Object.entries({ h: HOUR, hr: HOUR, hour: HOUR, hours: HOUR }))
    .concat(Object.entries({ d: DAY, day: DAY, days: DAY }))
    .concat(Object.entries({ w: WEEK, week: WEEK, weeks: WEEK })),
)

/** The unit words that messages name. */
export const UNIT_WORDS = ['milliseconds', 'seconds', 'minutes', 'hours', 'days', 'weeks'] as const

/** Every spelling of a unit. */
export const unitSpellings = (): Iterable<string> => UNITS.keys()

/** Milliseconds of one unit, or undefined for a word that is none. */
export const unitMs = (word: string): number | undefined => UNITS.get(word)

const ISO = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/

/** ISO 8601 durations up to weeks: `PT5M`, `P1DT12H`. Months and years have no fixed length and are refused. */
export function parseIsoDuration(text: string): number | undefined {
  const parts = ISO.exec(text)
  if (!parts || text.length < 3 || text.endsWith('T')) return undefined
  const [, weeks, days, hours, minutes, seconds] = parts
  const sum =
    Number(weeks ?? 0) * WEEK +
    Number(days ?? 0) * DAY +
    Number(hours ?? 0) * HOUR +
    Number(minutes ?? 0) * MINUTE +
    Math.round(Number(seconds ?? 0) * SECOND)
  return sum
}

/** `5 minutes`, `5m`, `1h30m`, `PT5M`, `90s`, `0s`; undefined when the text is none of these. */
export function parseDuration(text: string): DurationMs | undefined {
  const trimmed = text.trim()
  const iso = parseIsoDuration(trimmed)
  if (iso !== undefined) return iso <= DURATION_MAX_MS ? durationMs(iso) : undefined
  let sum = 0
  let rest = trimmed
  while (rest !== '') {
    const part = /^(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*/.exec(rest)
    const unit = part ? unitMs(part[2] ?? '') : undefined
    if (!part || unit === undefined) return undefined
    sum += Number(part[1]) * unit
    rest = rest.slice(part[0].length)
  }
  const whole = Math.round(sum)
  if (trimmed === '' || Math.abs(whole - sum) > 1e-6 || whole > DURATION_MAX_MS) return undefined
  return durationMs(whole)
}

const PRINT_UNITS = [
  [DAY, 'day'],
  [HOUR, 'hour'],
  [MINUTE, 'minute'],
  [SECOND, 'second'],
  [1, 'millisecond'],
] as const

/** The duration in words, longest unit first: `1 hour 30 minutes`. Reads back as the same number. */
export function formatDuration(duration: number): string {
  // A single unit reads best: 90 seconds, 36 hours, 48 hours are said as people wrote them where that is short.
  for (const [size, name] of PRINT_UNITS) {
    const count = duration / size
    if (Number.isInteger(count) && count >= 1 && count <= 99)
      return `${count} ${name}${count === 1 ? '' : 's'}`
  }
  const parts: string[] = []
  let rest = duration
  for (const [size, name] of PRINT_UNITS) {
    const count = Math.floor(rest / size)
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? '' : 's'}`)
    rest -= count * size
  }
  return parts.length === 0 ? '0 seconds' : parts.join(' ')
}
