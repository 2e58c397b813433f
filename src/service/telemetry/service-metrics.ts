import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Meter } from '@opentelemetry/api'
import { counterOf, histogramOf, observableGaugeOf } from './instruments.ts'
import { METRICS } from './names.ts'

/** What the API counts about itself. */
export interface ServiceMetrics {
  answered(request: {
    readonly route: string
    readonly method: string
    readonly status: number
    readonly seconds: number
  }): void
  /** By code of the problem. */
  refused(code: string): void
  eventsIn(outcome: 'stored' | 'duplicate' | 'refused', count: number): void
  streamOpened(): void
  streamClosed(): void
  compiled(seconds: number): void
  compileKilled(reason: 'time' | 'memory'): void
}

export function createServiceMetrics(meter: Meter): ServiceMetrics {
  const requests = histogramOf(meter, METRICS.requests)
  const refusals = counterOf(meter, METRICS.refusals)
  const events = counterOf(meter, METRICS.eventsIn)
  const compile = histogramOf(meter, METRICS.compileSeconds)
  const kills = counterOf(meter, METRICS.compileKills)
  let streams = 0
  observableGaugeOf(meter, METRICS.streams).addCallback((result) => result.observe(streams))
  return {
    answered: ({ route, method, status, seconds }) =>
      requests.record(seconds, { route, method, status: String(status) }),
    refused: (code) => refusals.add(1, { code }),
    eventsIn: (outcome, count) => {
      if (count > 0) events.add(count, { outcome })
    },
    streamOpened: () => {
      streams += 1
    },
    streamClosed: () => {
      streams -= 1
    },
    compiled: (seconds) => compile.record(seconds),
    compileKilled: (reason) => kills.add(1, { reason }),
  }
}

const PROPOSALS_READ_MS = 30_000

/** Changes of rules that wait for others, read when the metrics are, but not more often than every 30 seconds. */
export function watchProposals(meter: Meter, pending: () => Promise<number>): void {
  let known: { readonly count: number; readonly until: number } | undefined
  observableGaugeOf(meter, METRICS.proposalsPending).addCallback(async (result) => {
    const now = performance.now()
    if (known === undefined || known.until <= now) {
      try {
        known = { count: await pending(), until: now + PROPOSALS_READ_MS }
      } catch {
        // A broker that is away shows elsewhere; no figure is better than a wrong one.
        known = undefined
      }
    }
    if (known !== undefined) result.observe(known.count)
  })
}

/** Memory and event loop of this process, read whenever the metrics are. */
export function watchProcess(meter: Meter): () => void {
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  observableGaugeOf(meter, METRICS.residentBytes).addCallback((result) =>
    result.observe(process.memoryUsage.rss()),
  )
  observableGaugeOf(meter, METRICS.eventLoopDelay).addCallback((result) => {
    result.observe(Math.max(0, delay.percentile(99) / 1e9 || 0))
    delay.reset()
  })
  return () => delay.disable()
}
