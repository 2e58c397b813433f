import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** CPU of all threads in µs per call, the median of `samples` rounds of `calls` calls. */
export function cpuMicroseconds(
  calls: number,
  round: () => void,
  options: { readonly samples?: number; readonly warmUps?: number } = {},
): number {
  for (let warmUp = 0; warmUp < (options.warmUps ?? 2); warmUp++) round()
  const samples = Array.from({ length: options.samples ?? 5 }, () => {
    return cpuOf(round) / calls
  })
  return median(samples)
}

/**
 * What `whole` costs beyond its `part`, and what the part costs: both in turns, so that a busy machine troubles them alike; medians.
 * The first rounds do not count: other threads still make machine code then, and their CPU would be counted too.
 */
export function cpuBeyond(
  calls: number,
  part: () => void,
  whole: () => void,
  options: { readonly samples?: number } = {},
): { readonly part: number; readonly beyond: number } {
  const parts: number[] = []
  const beyond: number[] = []
  for (let sample = -WARM_UPS; sample < (options.samples ?? 25); sample++) {
    const first = cpuOf(part)
    const second = cpuOf(whole)
    if (sample < 0) continue
    parts.push(first / calls)
    beyond.push((second - first) / calls)
  }
  return { part: median(parts), beyond: median(beyond) }
}

const WARM_UPS = 15

/** CPU of all threads in µs: on a busy machine the clock on the wall measures the others. */
export function cpuOf(round: () => void): number {
  const before = process.cpuUsage()
  round()
  const used = process.cpuUsage(before)
  return used.user + used.system
}

/** CPU of this thread in ms, in steps of about four: what others wait for, without what collector and compiler do beside it. */
export function stallOf(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

/** Collects garbage whole: what was made to prepare a measurement is not to be cleared away in the midst of it. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

export type Row = Readonly<Record<string, string | number>>

/** Rows as a table, columns in the order of the first row; numbers with three significant digits. */
export function printTable(title: string, rows: readonly Row[]): void {
  const columns = Object.keys(rows[0] ?? {})
  const cells = [columns, ...rows.map((row) => columns.map((column) => shown(row[column])))]
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)))
  console.log(`\n${title}`)
  for (const row of cells) {
    console.log(row.map((cell, index) => cell.padStart(widths[index] ?? 0)).join('  '))
  }
}

function shown(value: string | number | undefined): string {
  if (typeof value !== 'number') return value ?? ''
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en')
  return value.toPrecision(3)
}
