export interface Measured {
  readonly eventsPerSecond: number
  /** Microseconds of CPU per event, all threads of the process. */
  readonly cpuMicros: number
  /** Of it, on the main thread. */
  readonly mainMicros: number
  readonly megabytes: number
}

/** From here to `end`: time on the wall and on the CPU. */
export function startMeter(): { end(events: number): Measured } {
  const startedAt = performance.now()
  const cpu = process.cpuUsage()
  const main = process.threadCpuUsage()
  const micros = (used: NodeJS.CpuUsage, events: number): number =>
    Math.round(((used.user + used.system) / events) * 100) / 100
  return {
    end: (events) => {
      const seconds = (performance.now() - startedAt) / 1000
      return {
        eventsPerSecond: Math.round(events / seconds),
        cpuMicros: micros(process.cpuUsage(cpu), events),
        mainMicros: micros(process.threadCpuUsage(main), events),
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
