export interface Measured {
  readonly eventsPerSecond: number
  /** Microseconds of CPU per event, all threads of the process. */
  readonly cpuMicros: number
  /** Of it, on the main thread. */
  readonly mainMicros: number
  readonly megabytes: number
}

/** What the clocks show when so many events are done. */
export interface Reading {
  readonly events: number
  readonly at: number
  readonly cpu: NodeJS.CpuUsage
  readonly main: NodeJS.CpuUsage
}

/** Events at the beginning that do not count: connections are made and code is compiled then. */
export const warmUpEvents = (events: number): number => Math.floor(events / 10)

export const readClocks = (events: number): Reading => ({
  events,
  at: performance.now(),
  cpu: process.cpuUsage(),
  main: process.threadCpuUsage(),
})

/** Time on the wall and on the CPU from one reading to another. */
export function measuredBetween(first: Reading, last: Reading): Measured {
  const events = last.events - first.events
  const micros = (before: NodeJS.CpuUsage, after: NodeJS.CpuUsage): number =>
    Math.round(((after.user + after.system - before.user - before.system) / events) * 100) / 100
  return {
    eventsPerSecond: Math.round((events / (last.at - first.at)) * 1000),
    cpuMicros: micros(first.cpu, last.cpu),
    mainMicros: micros(first.main, last.main),
    megabytes: Math.round(process.memoryUsage().rss / 1024 / 1024),
  }
}

/** One line of JSON for the parent. */
export const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`)

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** The value below which this share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
