import { sandboxedCompiler } from '../../src/service/catalogue/index.ts'
import { startFakeApi } from '../../test/support/api.ts'
import type { HostileRule } from '../../test/support/hostile-rules.ts'
import { median, quantile } from '../pipeline/meter.ts'

/** What became of one rule that was sent to the API. */
export interface ReadRule {
  readonly rule: HostileRule
  /** HTTP status of its PUT. */
  readonly status: number
  readonly codes: readonly string[]
  readonly ms: number
}

export interface Reading {
  readonly rules: readonly ReadRule[]
  /** Of other requests that were answered meanwhile; the last one is the longest. */
  readonly others: {
    readonly requests: number
    readonly medianMs: number
    readonly p99Ms: number
    readonly maxMs: number
  }
}

/** Sends the rules one after the other to an API with the compiler's child process, while somebody else asks for the list of rules. */
export async function readThroughApi(rules: readonly HostileRule[]): Promise<Reading> {
  const compiler = sandboxedCompiler()
  const { app } = await startFakeApi({ compiler, config: { http: { requestsPerSecond: 100_000 } } })
  const latencies: number[] = []
  const asking = { over: false }
  const others = (async () => {
    while (!asking.over) {
      const started = performance.now()
      const { statusCode } = await app.inject('/v1/rules')
      if (statusCode !== 200) throw new Error(`another request was answered with ${statusCode}`)
      latencies.push(performance.now() - started)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()
  const read: ReadRule[] = []
  for (const rule of rules) {
    const started = performance.now()
    const answer = await app.inject({
      method: 'PUT',
      url: `/v1/rules/${rule.id}`,
      payload: rule.text,
      headers: { 'content-type': 'application/yaml' },
    })
    const { errors = [] } = answer.json<{ errors?: ReadonlyArray<{ code: string; severity: string }> }>()
    const codes = errors.filter(({ severity }) => severity === 'error').map(({ code }) => code)
    read.push({
      rule,
      status: answer.statusCode,
      codes: [...new Set(codes)],
      ms: performance.now() - started,
    })
  }
  asking.over = true
  await others
  await app.close()
  await compiler.close()
  return {
    rules: read,
    others: {
      requests: latencies.length,
      medianMs: median(latencies),
      p99Ms: quantile(latencies, 0.99),
      maxMs: Math.max(...latencies),
    },
  }
}
