import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../context.ts'
import type { DemoOptions } from '../demo/run-demo.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { durationOption, numberOption } from '../options.ts'

export interface DemoFlags {
  readonly seed?: string
  readonly rate?: string
  readonly port?: string
  readonly natsPort?: string
  readonly data?: string
  readonly for?: string
  readonly fresh?: boolean
  /** Print the generator's events instead of running anything. */
  readonly events?: string
}

const RATE_MAX = 20_000

/** `sequitur demo`: broker, service, sample events and alerts in one command. */
export async function demo(context: CommandContext, flags: DemoFlags): Promise<ExitCode> {
  const rate = numberOption('--rate', flags.rate, { low: 1, high: RATE_MAX })
  if (flags.events !== undefined) {
    const count = numberOption('--events', flags.events, { low: 1, high: 1e9 }) ?? 0
    const { printEvents } = await import('../demo/print-events.ts')
    await printEvents(count, {
      ...(flags.seed === undefined ? {} : { seed: flags.seed }),
      ...(rate === undefined ? {} : { rate }),
    })
    return EXIT.ok
  }
  const forMs = durationOption('--for', flags.for)
  const port = numberOption('--port', flags.port, { low: 0, high: 65_535 })
  const natsPort = numberOption('--nats-port', flags.natsPort, { low: 0, high: 65_535 })
  const options: DemoOptions = {
    dataDir: flags.data ?? '.sequitur/demo',
    fresh: flags.fresh === true,
    seed: flags.seed ?? 'sequitur',
    ...(rate === undefined ? {} : { rate }),
    ...(port === undefined ? {} : { port }),
    ...(natsPort === undefined ? {} : { natsPort }),
    ...(forMs === undefined ? {} : { forMs }),
  }
  const { runDemo } = await import('../demo/run-demo.ts')
  const { describeError, isServiceError } = await import('../../service/index.ts')
  try {
    await runDemo(context, options)
    return EXIT.ok
  } catch (error) {
    if (!isServiceError(error)) throw error
    const hint =
      error.code === 'address-in-use' ? '; `sequitur demo --port 0 --nats-port 0` takes free ones' : ''
    throw new CliError(error.code, describeError(error).slice(error.code.length + 2) + hint)
  }
}
