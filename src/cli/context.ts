import type { Terminal } from './terminal/terminal.ts'

/** What every command is given beside its own arguments and options. */
export interface CommandContext {
  readonly terminal: Terminal
  readonly environment: NodeJS.ProcessEnv
  /** Aborted when the user wants the command to end (Ctrl-C, SIGTERM). */
  readonly signal: AbortSignal
}

/** Options that commands talking to a service share. */
export interface ServerOptions {
  readonly server?: string
}
