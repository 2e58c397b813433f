import type { RunningService } from './service.ts'
import { describeError } from './service-error.ts'

export interface RunOptions {
  /** One line for people: why it did not start, or why it ended. */
  readonly say: (line: string) => void
  /** Called once it runs. */
  readonly ready?: (service: RunningService) => void
}

/**
 * Starts, runs until SIGINT or SIGTERM and stops cleanly; returns the exit code. A second signal ends at once. Whatever goes wrong
 * is one line and a code that is not 0.
 */
export async function runService(start: () => Promise<RunningService>, options: RunOptions): Promise<number> {
  let service: RunningService
  try {
    service = await start()
  } catch (error) {
    options.say(`sequitur: ${describeError(error)}`)
    return 1
  }
  const { promise: signalled, resolve } = Promise.withResolvers<'signal'>()
  const onSignal = (): void => resolve('signal')
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  options.ready?.(service)
  let code = 0
  try {
    await Promise.race([signalled, service.done])
  } catch (error) {
    options.say(`sequitur: ${describeError(error)}`)
    code = 1
  }
  const giveUp = (): void => process.exit(130)
  process.once('SIGINT', giveUp).once('SIGTERM', giveUp)
  await service.stop()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal).off(signal, giveUp)
  return code
}
