/** What scripts see. */
export const EXIT = {
  ok: 0,
  /** Tests failed, something is different, or the service could not do it. */
  findings: 1,
  /** The command line, the configuration or a rule is wrong. */
  usage: 2,
  /** Something to read is missing or cannot be read. */
  input: 3,
  /** It did not happen yet: others must approve it. */
  pending: 4,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
