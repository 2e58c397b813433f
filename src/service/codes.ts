/** Codes of the errors with which a process does not start or ends; each has its row in docs/reference/errors.md. */
export const SERVICE_CODES = [
  'address-in-use',
  'address-not-available',
  'api-without-keys',
  'data-folder-in-use',
  'data-folder-unusable',
] as const
