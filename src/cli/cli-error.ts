import type { Problem } from '../engine/index.ts'
import { EXIT, type ExitCode } from './exit-code.ts'

/** What ends a command: a line for people and an exit code for scripts. */
export class CliError extends Error {
  /** In docs/reference/errors.md; may come from the service. */
  readonly code: string
  readonly exitCode: ExitCode
  readonly hint: string | undefined
  /** What is wrong in a text that was sent. */
  readonly problems: readonly Problem[]

  constructor(
    code: string,
    message: string,
    options: {
      readonly exitCode?: ExitCode
      readonly hint?: string | undefined
      readonly problems?: readonly Problem[]
    } = {},
  ) {
    super(message)
    this.name = 'CliError'
    this.code = code
    this.exitCode = options.exitCode ?? EXIT.findings
    this.hint = options.hint
    this.problems = options.problems ?? []
  }
}
