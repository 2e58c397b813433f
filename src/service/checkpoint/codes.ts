/** Codes of the ServiceErrors that this folder throws; each has its row in docs/reference/errors.md. */
export const CHECKPOINT_CODES = [
  'checkpoint-corrupt',
  'checkpoint-full',
  'checkpoint-io',
  'checkpoint-locked',
  'checkpoint-unusable',
  'data-folder-newer',
  'fenced',
] as const
