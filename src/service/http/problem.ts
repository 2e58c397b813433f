import type { Problem } from '../../engine/index.ts'

export const PROBLEM_TYPE = 'application/problem+json'

/** What went wrong with a request, as RFC 9457 says it. Never a stack, never a secret. */
export interface HttpProblem {
  readonly status: number
  /** docs/reference/errors.md */
  readonly code: string
  readonly detail: string
  readonly hint?: string
  readonly errors?: readonly Problem[]
  /** Members of this kind of problem, e.g. the rule as it is now. */
  readonly more?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Request not received in time',
  409: 'Conflict',
  411: 'Length required',
  412: 'Precondition failed',
  413: 'Body too large',
  414: 'Address too long',
  415: 'Content type not accepted',
  421: 'Misdirected request',
  422: 'Content not accepted',
  428: 'Precondition needed',
  429: 'Too many requests',
  431: 'Headers too large',
  500: 'Internal error',
  503: 'Not available',
  504: 'Not answered in time',
}

/** The JSON document of a problem. */
export function problemDocument(problem: HttpProblem, requestId: string): Record<string, unknown> {
  const { status, code, detail, hint, errors, more } = problem
  return {
    type: `urn:sequitur:error:${code}`,
    title: TITLES[status] ?? 'Error',
    status,
    code,
    detail,
    ...(hint === undefined ? {} : { hint }),
    instance: `urn:sequitur:request:${requestId}`,
    ...(errors === undefined ? {} : { errors: errors.map(problemEntry) }),
    ...more,
  }
}

/** One problem of a text, flat: the place's members beside code and message. */
export function problemEntry(problem: Problem): Record<string, unknown> {
  const { at, ...rest } = problem
  return { ...rest, ...at }
}
