/** Codes of the errors of the command line; each has its row in docs/reference/errors.md. */
export const CLI_CODES = [
  'answer-not-readable',
  'bad-option',
  'demo-rules-broken',
  'duplicate-list',
  'file-not-found',
  'file-not-readable',
  'no-rule-files',
  'replay-cancelled',
  'server-unreachable',
] as const

export type CliCode = (typeof CLI_CODES)[number]
