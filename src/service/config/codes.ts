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
