import type { Config, RunningService, ServiceOptions } from '../../service/index.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { printProblems } from '../terminal/problems.ts'

export interface ServeOptions {
  readonly config?: string
  readonly port?: string
  readonly host?: string
  readonly dataDir?: string
  readonly nats?: string
  /** Print the configuration in force and end. */
  readonly printConfig?: boolean
}

export type ServiceRole = 'serve' | 'api' | 'worker'

/** `sequitur serve|api|worker`: runs until it is told to stop. */
export async function runRole(
  { terminal, environment }: CommandContext,
  role: ServiceRole,
  options: ServeOptions,
): Promise<ExitCode> {
  const service = await import('../../service/index.ts')
  const loaded = service.loadConfig({
    environment,
    overrides: overridesOf(role, options),
    ...(options.config === undefined ? {} : { file: options.config }),
  })
  if (!loaded.ok) {
    printProblems(terminal, loaded.problems)
    return EXIT.usage
  }
  if (options.printConfig === true) {
    terminal.print(service.describeConfig(loaded.value).trimEnd())
    return EXIT.ok
  }
  const start: Record<ServiceRole, (config: Config, options?: ServiceOptions) => Promise<RunningService>> = {
    serve: service.serve,
    api: service.api,
    worker: service.worker,
  }
  const code = await service.runService(() => start[role](loaded.value), {
    say: terminal.note,
    // The log says the same in JSON; this is for whoever started it by hand.
    ready: ({ url, natsUrl }) => {
      if (!terminal.isInteractive) return
      terminal.print(`${terminal.style('green', '✓')} ${role === 'worker' ? 'worker' : 'API'} on ${url}`)
      terminal.print(`${terminal.style('green', '✓')} NATS on ${natsUrl}`)
    },
  })
  return code === 0 ? EXIT.ok : EXIT.findings
}

function overridesOf(role: ServiceRole, options: ServeOptions): Record<string, unknown> {
  const port = options.port === undefined ? undefined : Number(options.port)
  return {
    dataDir: options.dataDir,
    http: { host: options.host, ...(role === 'worker' ? { workerPort: port } : { port }) },
    nats: { url: options.nats },
  }
}
