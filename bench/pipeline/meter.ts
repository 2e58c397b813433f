export interface Measured {
  readonly eventsPerSecond: number
  /** Microseconds of CPU per event, all threads of the process. */
  readonly cpuMicros: number
  readonly megabytes: number
}

/** From here to `end`: time on the wall and on the CPU. */
export function startMeter(): { end(events: number): Measured } {
  const startedAt = performance.now()
  const cpu = process.cpuUsage()
  return {
    end: (events) => {
      const seconds = (performance.now() - startedAt) / 1000
      const { user, system } = process.cpuUsage(cpu)
      return {
        eventsPerSecond: Math.round(events / seconds),
        cpuMicros: Math.round(((user + system) / events) * 100) / 100,
        megabytes: Math.round(process.memoryUsage().rss / 1024 / 1024),
      }
    },
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
