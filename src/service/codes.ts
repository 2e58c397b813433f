/** Codes of the errors with which a process ends or does not start; each has its row in docs/reference/errors.md. */
export const SERVICE_CODES = ['address-in-use', 'address-not-available'] as const
