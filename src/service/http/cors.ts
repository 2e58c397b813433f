import type { FastifyReply, FastifyRequest } from 'fastify'

/** What a page may read of an answer beside its body. */
const EXPOSED = 'etag, location, link, retry-after, x-request-id'
const METHODS = 'GET, POST, PUT, DELETE'
const HEADERS = 'authorization, content-type, if-match, if-none-match, last-event-id'
/** How long a browser may remember the answer; none remembers it for longer than two hours. */
const REMEMBERED_SECONDS = 600

/**
 * Lets pages of the listed origins read answers. They call with a key or a token of their own: the API knows no cookies, so nothing is
 * ever allowed with credentials of the browser, and there is no wildcard. True: it was the browser's question whether it may ask, and
 * it is answered.
 */
export function answerCors(
  request: FastifyRequest,
  reply: FastifyReply,
  origins: readonly string[],
): boolean {
  if (origins.length === 0) return false
  // Also without an origin: a cache must not give one page the answer to another.
  reply.header('vary', 'origin')
  const { origin } = request.headers
  if (origin === undefined || !origins.includes(origin)) return false
  reply.header('access-control-allow-origin', origin)
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
    reply.header('access-control-expose-headers', EXPOSED)
    return false
  }
  reply
    .status(204)
    .header('access-control-allow-methods', METHODS)
    .header('access-control-allow-headers', HEADERS)
    .header('access-control-max-age', String(REMEMBERED_SECONDS))
    .header('vary', 'origin, access-control-request-method, access-control-request-headers')
    .send()
  return true
}
