import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import type { ExitCode } from '../exit-code.ts'

type CommandModule<Name extends string> = Readonly<
  Record<Name, (context: CommandContext, ...values: never[]) => ExitCode | Promise<ExitCode>>
>

/** What an area adds its commands to. */
export interface Area {
  readonly program: Command
  /** Has a command run by a function of a module, which is loaded then: `--help` is there at once. It gets what the command line has. */
  runs<Name extends string>(
    load: () => Promise<CommandModule<Name>>,
    name: Name,
    ...first: readonly unknown[]
  ): (...values: unknown[]) => Promise<void>
}

export function areaOf(program: Command, context: CommandContext, ended: (exitCode: ExitCode) => void): Area {
  return {
    program,
    runs:
      (load, name, ...first) =>
      async (...values) => {
        const { [name]: run } = await load()
        // Commander puts the command itself behind arguments and options.
        ended(await run(context, ...([...first, ...values.slice(0, -1)] as never[])))
      },
  }
}
