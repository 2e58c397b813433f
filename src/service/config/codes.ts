/** Codes of the problems that this folder returns; each has its row in docs/reference/errors.md. */
export const CONFIG_CODES = [
  'config-conflict',
  'config-missing-key',
  'config-reserved-subject',
  'config-syntax',
  'config-unknown-key',
  'config-unknown-variable',
  'config-unreadable',
  'config-unsafe-listen',
  'config-wrong-type',
  'config-wrong-value',
] as const

export type ConfigCode = (typeof CONFIG_CODES)[number]

/** Takes what a check finds wrong, at a path of keys. */
export type Add = (code: ConfigCode, path: readonly string[], message: string, hint: string) => void
