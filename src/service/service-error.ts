/**
 * What the outside world caused: a broker that is away, a port in use, a data folder of a newer version. `code` is stable and
 * listed in docs/reference/errors.md; whether to try again is decided by it, in one place.
 */
export class ServiceError extends Error {
  readonly code: string
  /** What the operator can do, as a sentence. */
  readonly hint: string | undefined

  constructor(
    code: string,
    message: string,
    options: { readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ServiceError'
    this.code = code
    this.hint = options.hint
  }
}

export const isServiceError = (error: unknown, code?: string): error is ServiceError =>
  error instanceof ServiceError && (code === undefined || error.code === code)

/** One line for a terminal: code, message, what to do. */
export function describeError(error: unknown): string {
  if (error instanceof ServiceError)
    return `${error.code}: ${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`
  return error instanceof Error ? error.message : String(error)
}
