import { fork } from 'node:child_process'
import { codegenSetting } from '../../engine/index.ts'
import type { BrokerOptions } from '../broker/index.ts'
import { lowerProcess } from '../priority.ts'
import { ServiceError } from '../service-error.ts'
import type { ChildOrder, ChildReport } from './child-messages.ts'
import type { ReplayEngine, ReplayJob, ReplayProgress, ReplayResult } from './contract.ts'

export interface ReplayReports {
  readonly progress: (progress: ReplayProgress) => void
  readonly alerts: (alerts: readonly string[]) => void
}

/** Runs one job to its end. Rejects with a ServiceError, or when the signal is aborted. */
export type ReplayRunner = (
  job: ReplayJob,
  reports: ReplayReports,
  signal: AbortSignal,
) => Promise<ReplayResult>

const HEAP_MIB_MAX = 1_024

/** A process of its own per replay: it can be slow, full or ended without the service noticing. */
export const childReplayRunner =
  (broker: BrokerOptions, engine: ReplayEngine): ReplayRunner =>
  (job, reports, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const entry = import.meta.url.endsWith('.ts') ? './replay-child.ts' : './replay-child.js'
      const child = fork(new URL(entry, import.meta.url), [], {
        // A large young generation: nearly everything that a replay allocates is gone after the next event.
        execArgv: [
          `--max-old-space-size=${HEAP_MIB_MAX}`,
          '--max-semi-space-size=64',
          '--disable-warning=ExperimentalWarning',
          ...(codegenSetting() === 'off' ? ['--disallow-code-generation-from-strings'] : []),
        ],
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        serialization: 'json',
      })
      // While it loads, too.
      if (child.pid !== undefined) lowerProcess(child.pid)
      const kill = (): void => void child.kill('SIGKILL')
      signal.addEventListener('abort', kill, { once: true })
      let outcome: (() => void) | undefined
      child.on('message', (message) => {
        const report = message as ChildReport
        switch (report.kind) {
          case 'progress':
            reports.progress(report.progress)
            return
          case 'alerts':
            reports.alerts(report.alerts)
            return
          case 'done':
            outcome = () => resolve(report.result)
            return
          case 'failed':
            outcome = () => reject(new ServiceError(report.code, report.message))
            return
          default:
            report satisfies never
        }
      })
      child.on('error', kill)
      child.on('exit', () => {
        signal.removeEventListener('abort', kill)
        if (signal.aborted) reject(signal.reason)
        else if (outcome !== undefined) outcome()
        else
          reject(
            new ServiceError(
              'replay-ended',
              'the process of the replay ended: it may have needed too much memory',
              {
                hint: 'replay fewer rules, or a shorter span',
              },
            ),
          )
      })
      const order: ChildOrder = { broker, engine, job }
      child.send(order, (error) => {
        if (error !== null) kill()
      })
    })
