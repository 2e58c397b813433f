import { failure, type Problem, type Result, success } from '../../engine/index.ts'
import type { ListItem } from './records.ts'

const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/
const TEXT_MAX = 1_024

export type ValuesFormat = 'application/json' | 'application/x-ndjson' | 'text/plain' | 'text/csv'

/**
 * Values of an import: one text per line; CSV (value, until, why; a first line that begins with `value` names the columns); NDJSON or
 * a JSON array of values or of `{ value, until?, why? }`. Every line that cannot be read is a problem, and nothing is taken then.
 */
export function readValues(text: string, format: ValuesFormat): Result<readonly ListItem[]> {
  const problems: Problem[] = []
  const items: ListItem[] = []
  const take = (line: number, read: () => unknown): void => {
    let item: ListItem | undefined
    try {
      item = itemOf(read())
    } catch {
      item = undefined
    }
    if (item !== undefined) items.push(item)
    else if (problems.length < 100) problems.push(unreadable(line))
  }
  if (format === 'application/json') {
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch {
      return failure([unreadable(1)])
    }
    const list = Array.isArray(parsed)
      ? parsed
      : ((parsed as { values?: unknown } | null)?.values ?? [parsed])
    if (!Array.isArray(list)) return failure([unreadable(1)])
    list.forEach((value: unknown, index) => void take(index + 1, () => value))
    return problems.length > 0 ? failure(problems) : success(items)
  }
  let columns = ['value', 'until', 'why']
  text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .forEach((line, index) => {
      if (line.trim() === '') return
      if (format === 'text/plain') take(index + 1, () => line.trim())
      else if (format === 'application/x-ndjson') take(index + 1, () => JSON.parse(line))
      else {
        const cells = cellsOf(line)
        if (index === 0 && cells?.[0]?.toLowerCase() === 'value') columns = cells
        else
          take(index + 1, () => {
            if (cells === undefined || cells.length > columns.length) return undefined
            return Object.fromEntries(
              cells.flatMap((cell, at) => (cell === '' ? [] : [[columns[at] ?? '', cell]])),
            )
          })
      }
    })
  return problems.length > 0 ? failure(problems) : success(items)
}

function itemOf(value: unknown): ListItem | undefined {
  if (isPlain(value)) return { value }
  if (typeof value !== 'object' || value === null) return undefined
  const { value: plain, until, why, ...rest } = value as Record<string, unknown>
  if (!isPlain(plain) || Object.keys(rest).length > 0) return undefined
  if (until !== undefined && !isMoment(until)) return undefined
  if (why !== undefined && !(typeof why === 'string' && why.length <= TEXT_MAX)) return undefined
  return { value: plain, ...(until === undefined ? {} : { until }), ...(why === undefined ? {} : { why }) }
}

const isPlain = (value: unknown): value is string | number =>
  typeof value === 'number'
    ? Number.isFinite(value)
    : typeof value === 'string' && value !== '' && value.length <= TEXT_MAX && value.isWellFormed()

export const isMoment = (value: unknown): value is string =>
  typeof value === 'string' && ISO.test(value) && !Number.isNaN(Date.parse(value))

/** The cells of a line of RFC 4180; undefined when a quote is not closed. */
function cellsOf(line: string): string[] | undefined {
  const cells: string[] = []
  for (let rest = line; ; ) {
    const quoted = /^\s*"((?:[^"]|"")*)"\s*(,|$)/.exec(rest)
    const plain = quoted ?? /^([^",]*)(,|$)/.exec(rest)
    if (plain === null) return undefined
    const cell = plain[1] ?? ''
    cells.push(quoted === null ? cell.trim() : cell.replaceAll('""', '"'))
    if (plain[2] === '') return cells
    rest = rest.slice(plain[0].length)
  }
}

const unreadable = (line: number): Problem => ({
  code: 'import-not-readable',
  severity: 'error',
  message: 'this is no value with an end (ISO 8601) and a reason',
  hint: 'a value is a text of at most 1024 characters, or a number',
  at: { line },
})
