// The process of one replay: behind the live worker in priority, and nothing but a message away from its end.
import { connectBroker } from '../broker/index.ts'
import { lowerHelpers, lowerProcess } from '../priority.ts'
import { isServiceError } from '../service-error.ts'
import type { ChildOrder, ChildReport } from './child-messages.ts'
import { replayLog } from './log-replay.ts'

/** Waits for a report to be on its way: a process that ends takes unsent ones with it. */
const tell = (report: ChildReport): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(report, undefined, {}, () => resolve())
  })

process.once('message', (message) => {
  void work(message as ChildOrder)
})
process.on('disconnect', () => process.exit())

async function work({ broker: options, engine, job }: ChildOrder): Promise<void> {
  try {
    lowerProcess(process.pid)
    lowerHelpers()
    const broker = await connectBroker(options)
    try {
      const result = await replayLog(broker, engine, job, {
        progress: (progress) => void tell({ kind: 'progress', progress }),
        alerts: (alerts) => void tell({ kind: 'alerts', alerts }),
      })
      await tell({ kind: 'done', result })
    } finally {
      await broker.close()
    }
  } catch (error) {
    await tell({
      kind: 'failed',
      code: isServiceError(error) ? error.code : 'replay-failed',
      message: error instanceof Error ? error.message : String(error),
    })
  }
  process.exit()
}
