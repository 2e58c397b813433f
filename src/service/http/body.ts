import type { HttpProblem } from './problem.ts'
import type { Body } from './route.ts'

export const DEPTH_MAX = 32

export type ReadBody =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly problem: HttpProblem }

const refuse = (status: number, code: string, detail: string, hint?: string): ReadBody => ({
  ok: false,
  problem: { status, code, detail, ...(hint === undefined ? {} : { hint }) },
})

/** Content types that the route reads. */
export const acceptedTypes = (body: Body): readonly string[] =>
  body.kind === 'json' ? ['application/json'] : Object.keys(body.types)

/**
 * The media type of a Content-Type header that names one of `accepted` and nothing but UTF-8. Anything odd is no match: what a
 * lenient reader takes for JSON a strict one may have let pass unchecked.
 */
export function mediaType(header: string | undefined, accepted: readonly string[]): string | undefined {
  const [type = '', ...parameters] = (header ?? '')
    .split(';')
    // Only what HTTP calls white space: an odd space is an odd type.
    .map((part) => part.replace(/^[ \t]+|[ \t]+$/g, '').toLowerCase())
  if (!accepted.includes(type)) return undefined
  return parameters.every((parameter) => /^charset="?utf-8"?$/.test(parameter)) ? type : undefined
}

/** The body as the route wants it: text, or parsed JSON (checked against its schema later). */
export function readBody(bytes: Uint8Array, header: string | undefined, body: Body): ReadBody {
  const accepted = acceptedTypes(body)
  const type = mediaType(header, accepted)
  if (type === undefined)
    return refuse(
      415,
      'content-type-not-accepted',
      `the body must be ${accepted.join(' or ')}`,
      `send the header content-type: ${accepted[0] ?? ''}`,
    )
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return refuse(400, 'body-not-utf8', 'the body is not UTF-8')
  }
  if (body.kind === 'text') return { ok: true, body: { text, type } }
  return parseJson(text)
}

export function parseJson(text: string): ReadBody {
  if (depthOf(text) > DEPTH_MAX)
    return refuse(400, 'body-too-deep', `the body is nested deeper than ${DEPTH_MAX}`)
  try {
    return { ok: true, body: JSON.parse(text) }
  } catch (error) {
    return refuse(400, 'body-not-json', `the body is not JSON: ${(error as Error).message}`)
  }
}

/** The deepest nesting of a JSON text, without parsing it; a parser may be recursive. */
export function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let quoted = false
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index)
    if (quoted) {
      if (character === BACKSLASH) index += 1
      else if (character === QUOTE) quoted = false
    } else if (character === QUOTE) quoted = true
    else if (character === OPEN_BRACE || character === OPEN_BRACKET) {
      depth += 1
      if (depth > deepest) deepest = depth
    } else if (character === CLOSE_BRACE || character === CLOSE_BRACKET) depth -= 1
  }
  return deepest
}

const QUOTE = 34
const OPEN_BRACKET = 91
const BACKSLASH = 92
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
