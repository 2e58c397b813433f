import { CommanderError } from 'commander'
import { CliError } from './cli-error.ts'
import type { CommandContext } from './context.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { createProgram } from './program/program.ts'
import { printable } from './terminal/printable.ts'
import { processTerminal, type Terminal } from './terminal/terminal.ts'

/** Runs one command line and gives its exit code. Every failure that users can cause is a line or two, never a stack. */
export async function runCli(
  words: readonly string[],
  terminal: Terminal = processTerminal(),
): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok
  const program = createProgram({
    context: commandContext(terminal),
    ended: (exitCode) => {
      code = exitCode
    },
  })
  try {
    await program.parseAsync(words, { from: 'user' })
    return code
  } catch (error) {
    return failed(terminal, error)
  }
}

async function failed(terminal: Terminal, error: unknown): Promise<ExitCode> {
  // Commander has printed what is wrong with the command line, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (!(error instanceof CliError)) throw error
  if (error.problems.length > 0) {
    const { printProblems } = await import('./terminal/problems.ts')
    printProblems(terminal, error.problems)
  }
  const hint = error.hint === undefined ? '' : ` (${printable(error.hint)})`
  terminal.note(`${terminal.style('red', 'sequitur:')} ${error.code}: ${printable(error.message)}${hint}`)
  return error.exitCode
}

/** Commands that use the signal end by it; for the others the system's own handling stays. */
function commandContext(terminal: Terminal): CommandContext {
  let signal: AbortSignal | undefined
  return {
    terminal,
    environment: process.env,
    get signal() {
      signal ??= stopSignal()
      return signal
    },
  }
}

function stopSignal(): AbortSignal {
  const controller = new AbortController()
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  return controller.signal
}
