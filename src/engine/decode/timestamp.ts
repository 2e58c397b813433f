import type { JsonValue } from '../model/index.ts'

/** Milliseconds since 1970 of an ISO 8601 date-time with offset, or a number in units of `unitMs`; undefined when it is neither. */
export function readTimestamp(value: JsonValue | undefined, unitMs: number): number | undefined {
  if (typeof value === 'number') {
    const milliseconds = Math.floor(value * unitMs)
    return Number.isSafeInteger(milliseconds) ? milliseconds : undefined
  }
  return typeof value === 'string' ? readIso(value) : undefined
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?(?:[Zz]|([+-])(\d{2}):?(\d{2}))$/

const digits2 = (text: string, at: number): number =>
  (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48

/** RFC 3339. The form that nearly everything writes (`2026-01-01T00:02:00.000Z`) is read without the regular expression. */
function readIso(text: string): number | undefined {
  if (isPlainUtc(text)) {
    const date = dayOf(digits2(text, 0) * 100 + digits2(text, 2), digits2(text, 5), digits2(text, 8))
    const time = timeOf(digits2(text, 11), digits2(text, 14), digits2(text, 17))
    if (date === undefined || time === undefined) return undefined
    return date + time + (text.length === 24 ? digits2(text, 20) * 10 + text.charCodeAt(22) - 48 : 0)
  }
  const match = ISO.exec(text)
  if (match === null) return undefined
  const offset = match[8] === undefined ? 0 : Number(match[9]) * 60 + Number(match[10])
  if (match[8] !== undefined && (Number(match[9]) > 23 || Number(match[10]) > 59)) return undefined
  const date = dayOf(Number(match[1]), Number(match[2]), Number(match[3]))
  const time = timeOf(Number(match[4]), Number(match[5]), Number(match[6]))
  if (date === undefined || time === undefined) return undefined
  const milliseconds = match[7] === undefined ? 0 : Number(match[7].padEnd(3, '0').slice(0, 3))
  return date + time + milliseconds - (match[8] === '-' ? -offset : offset) * 60_000
}

const PLAIN = '0000-00-00T00:00:00.000Z'

function isPlainUtc(text: string): boolean {
  const length = text.length
  if (length !== 24 && length !== 20) return false
  if (text.charCodeAt(length - 1) !== 90) return false
  for (let index = 0; index < length - 1; index++) {
    const code = text.charCodeAt(index)
    if (PLAIN.charCodeAt(index) === 48 ? code < 48 || code > 57 : code !== PLAIN.charCodeAt(index))
      return false
  }
  return true
}

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** The start of a day that the calendar has. */
function dayOf(year: number, month: number, day: number): number | undefined {
  const days = DAYS[month - 1]
  if (days === undefined || day < 1 || day > days) return undefined
  if (month === 2 && day === 29 && (year % 4 !== 0 || (year % 100 === 0 && year % 400 !== 0)))
    return undefined
  return daysSinceEpoch(year, month, day) * 86_400_000
}

function timeOf(hour: number, minute: number, second: number): number | undefined {
  // A leap second is the last second of its minute: the clocks of most producers repeat it too.
  if (hour > 23 || minute > 59 || second > 60) return undefined
  return (hour * 60 + minute) * 60_000 + (second === 60 ? 59 : second) * 1000
}

/** Proleptic Gregorian; the year starts in March so that the leap day is the last of it. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}
