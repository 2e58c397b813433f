import { randomUUID } from 'node:crypto'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { stringify } from 'yaml'
import type { HttpConfig } from '../config/index.ts'
import { ServiceError } from '../service-error.ts'
import { admit } from './access.ts'
import { auditAnswer, beforeChange, refusalAudit } from './auditing.ts'
import { readBody } from './body.ts'
import { answerCors } from './cors.ts'
import { FailedLogins } from './failed-logins.ts'
import { refuseByAddress } from './namespaces.ts'
import { openapiOptions, routeSchema } from './openapi.ts'
import { type HttpProblem, PROBLEM_TYPE, problemDocument } from './problem.ts'
import type { Answer, Call, Caller, Route } from './route.ts'
import { HEALTH_ROUTES, ROUTES } from './routes/index.ts'
import { COMPONENTS } from './schemas/index.ts'
import type { ApiOptions, HealthServices, Services } from './services.ts'
import { streamEvents } from './sse.ts'
import { tokenVerifier } from './tokens.ts'

const HEADERS_MS_MAX = 10_000
const HANDLER_MS_MAX = 10_000
const SLOW_MS_MAX = 60_000
const CONNECTION_IDLE_MS_MAX = 60_000
const HEADER_BYTES_MAX = 16 * 1024
const REQUESTS_PER_SOCKET_MAX = 1000

interface Held {
  caller?: Caller
  problem?: HttpProblem
  startedAt: number
}

/** The API as a Fastify instance, not listening yet: tests talk to it by `inject`. */
export const createServer = (services: Services, options: ApiOptions): Promise<FastifyInstance> =>
  build(services, options, ROUTES)

/** Health and metrics alone, for a process without the API. */
export const createHealthServer = (services: HealthServices, options: ApiOptions): Promise<FastifyInstance> =>
  // These routes ask for nothing else.
  build(services as Services, options, HEALTH_ROUTES)

async function build(
  services: Services,
  options: ApiOptions,
  routes: readonly Route[],
): Promise<FastifyInstance> {
  const app = fastify({
    ...serverOptions(options.http),
    // What the router cannot make sense of never reaches the hooks.
    frameworkErrors: (error, request, reply) => {
      sendProblem(reply, problemOfError(error, request, services))
    },
  })
  const stopping = new AbortController()
  const held = new WeakMap<FastifyRequest, Held>()
  let streams = 0

  app.server.maxConnections = options.http.connectionsMax
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? STRICT : LENIENT).compile(schema as object),
  )
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = problemOfError(error, request, services)
    if (problem.status === 429) refuse(request, held.get(request)?.caller?.id, problem)
    return sendProblem(reply, problem)
  })
  app.setNotFoundHandler((request, reply) => sendProblem(reply, notFound(request, routes)))
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => done(null, bytes))

  const auditRefusal = refusalAudit(services)
  const verifyToken = options.jwt === undefined ? undefined : tokenVerifier(options.jwt)
  const refuse = (request: FastifyRequest, who: string | undefined, problem: HttpProblem): void => {
    services.metrics.refused(problem.code)
    auditRefusal(who ?? `address:${request.ip}`, routeOf(request), problem, request.url)
  }
  const failedLogins = new FailedLogins(options.http.failedLoginsPerMinute)
  const limited = (request: FastifyRequest, problem: HttpProblem): HttpProblem => {
    const waitSeconds = failedLogins.count(request.ip, services.now())
    return waitSeconds === undefined
      ? problem
      : {
          status: 429,
          code: 'too-many-failed-logins',
          detail: 'too many requests without a valid key or token come from this address',
          headers: { 'retry-after': String(waitSeconds) },
        }
  }
  app.addHook('onRequest', async (request, reply) => {
    const state: Held = { startedAt: performance.now() }
    held.set(request, state)
    reply.header('x-request-id', request.id)
    if (request.url.startsWith('/v1/')) reply.header('cache-control', 'no-store')
    if (answerCors(request, reply, options.http.corsOrigins)) return reply
    const admission = await admit(request, routeOf(request), {
      apiKeys: options.apiKeys,
      verifyToken,
      corsOrigins: options.http.corsOrigins,
      now: services.now(),
    })
    if (!admission.ok) {
      const refused =
        admission.problem.status === 401 ? limited(request, admission.problem) : admission.problem
      refuse(request, admission.who, refused)
      return sendProblem(reply, refused)
    }
    state.caller = admission.caller
    return undefined
  })
  app.addHook('onResponse', async (request, reply) => {
    services.metrics.answered({
      route: routeOf(request)?.path ?? 'none',
      method: request.method,
      status: reply.statusCode,
      seconds: (performance.now() - (held.get(request)?.startedAt ?? 0)) / 1000,
    })
  })
  app.addHook('preClose', async () => stopping.abort())

  await app.register(helmet, HELMET)
  await app.register(rateLimit, {
    global: true,
    max: options.http.requestsPerSecond,
    timeWindow: 1000,
    cache: 10_000,
    keyGenerator: (request) => held.get(request)?.caller?.id ?? request.ip,
    addHeaders: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
      'retry-after': true,
    },
    errorResponseBuilder: () => new TooManyRequests(),
  })
  await app.register(swagger, openapiOptions(options.version))
  for (const [name, schema] of Object.entries(COMPONENTS)) app.addSchema({ $id: name, ...schema })

  const add = (route: Route): void => {
    app.route({
      method: route.method,
      url: fastifyPath(route.path),
      schema: routeSchema(route),
      config: { sequitur: route, ...(route.access === 'public' ? { rateLimit: false } : {}) },
      ...(route.body?.kind === 'text' && route.body.bytesMax === 'events'
        ? { bodyLimit: options.http.eventsBodyBytesMax }
        : {}),
      ...(isStream(route) ? {} : { handlerTimeout: route.slow === true ? SLOW_MS_MAX : HANDLER_MS_MAX }),
      // Texts are checked where they are read, with lines and columns; what Fastify checks is parsed JSON.
      ...(route.body?.kind === 'text' ? { validatorCompiler: textValidator } : {}),
      preValidation: async (request, reply) => {
        if (route.body === undefined) return undefined
        const bytes = request.body instanceof Uint8Array ? request.body : new Uint8Array()
        if (bytes.length === 0 && route.body.kind === 'json' && route.body.required === false) {
          request.body = {}
          return undefined
        }
        const read = readBody(bytes, request.headers['content-type'], route.body)
        if (!read.ok) return sendProblem(reply, read.problem)
        request.body = read.body
        return undefined
      },
      handler: async (request, reply) => {
        const gone = new AbortController()
        reply.raw.once('close', () => gone.abort())
        const signal = AbortSignal.any([gone.signal, stopping.signal])
        const call = callOf(request, held.get(request)?.caller, signal)
        const refusal = await refuseByAddress(route, call.params, call.caller, services)
        const before =
          refusal === undefined ? await beforeChange(route, call, services) : { version: undefined }
        const answer = refusal ?? (await route.handle(call, services))
        if (answer.kind === 'problem' && answer.problem.status === 403)
          refuse(request, call.caller.id ?? 'local', answer.problem)
        if (answer.kind !== 'stream') await auditAnswer(route, call, answer, { services, before })
        if (answer.kind !== 'stream') return send(reply, answer, wantsYaml(request))
        if (streams >= options.http.streamsMax)
          return sendProblem(reply, {
            status: 503,
            code: 'too-many-streams',
            detail: `${options.http.streamsMax} live streams are open`,
            headers: { 'retry-after': '5' },
          })
        streams += 1
        services.metrics.streamOpened()
        reply.hijack()
        for (const [name, value] of Object.entries(reply.getHeaders()))
          if (value !== undefined) reply.raw.setHeader(name, value)
        // The connection ends with its stream: nothing is left for a stopping service to wait for.
        reply.raw.writeHead(200, {
          connection: 'close',
          'content-type': 'text/event-stream; charset=utf-8',
          'x-accel-buffering': 'no',
        })
        try {
          await streamEvents(reply.raw, signal, answer.run)
        } catch (error) {
          services.log.warn({ error, request: request.id }, 'a live stream ended early')
        } finally {
          streams -= 1
          services.metrics.streamClosed()
        }
        return reply
      },
    })
  }
  // Registered behind the plugins, so that their hooks see every route.
  app.after(() => {
    for (const route of routes) add(route)
    app.get(
      '/openapi.json',
      { schema: { hide: true }, config: { rateLimit: false } },
      async (_request, reply) => reply.type('application/json').send(app.swagger()),
    )
  })
  await app.ready()
  return app
}

class TooManyRequests extends Error {
  readonly statusCode = 429
}

const STRICT = new Ajv({
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: true,
  allErrors: false,
  strict: true,
})
/** Path, query and headers are text; numbers and booleans in them are read from it. */
const LENIENT = new Ajv({
  coerceTypes: 'array',
  removeAdditional: false,
  useDefaults: true,
  allErrors: false,
  strict: true,
})
formats.default(STRICT)
formats.default(LENIENT)

const textValidator = ({ schema, httpPart }: { schema: unknown; httpPart?: string }) =>
  httpPart === 'body' ? () => true : LENIENT.compile(schema as object)

const HELMET = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
    },
  },
  // TLS ends in front of the service, where HSTS belongs too.
  strictTransportSecurity: false,
  referrerPolicy: { policy: 'no-referrer' as const },
}

const serverOptions = (http: HttpConfig) => ({
  logger: false,
  trustProxy: false,
  exposeHeadRoutes: false,
  bodyLimit: http.bodyBytesMax,
  requestTimeout: http.requestTimeoutMs,
  connectionTimeout: CONNECTION_IDLE_MS_MAX,
  keepAliveTimeout: 30_000,
  maxRequestsPerSocket: REQUESTS_PER_SOCKET_MAX,
  forceCloseConnections: 'idle' as const,
  genReqId: () => randomUUID(),
  return503OnClosing: true,
  routerOptions: { maxParamLength: 256, caseSensitive: true },
  http: { maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: HEADERS_MS_MAX },
})

const routeOf = (request: FastifyRequest): Route | undefined =>
  (request.routeOptions.config as { sequitur?: Route } | undefined)?.sequitur

const isStream = (route: Route): boolean => route.responses[200]?.types?.['text/event-stream'] !== undefined

/** `/v1/rules/{id}:status` is `/v1/rules/:id([^/:]+)::status` there. */
export const fastifyPath = (path: string): string =>
  path
    .replaceAll(':', '::')
    .replace(/\{(\w+)\}(?=::)/g, ':$1([^/:]+)')
    .replace(/\{(\w+)\}/g, ':$1')

function callOf(request: FastifyRequest, caller: Caller | undefined, signal: AbortSignal): Call {
  return {
    params: request.params,
    query: request.query,
    body: request.body,
    headers: request.headers as Call['headers'],
    caller: caller ?? { id: undefined, grants: [] },
    wants: wantsYaml(request) ? 'yaml' : 'json',
    url: request.url,
    signal,
  }
}

/** The first of the two that the caller names; JSON when it names none. */
function wantsYaml(request: FastifyRequest): boolean {
  const accept = request.headers.accept ?? ''
  const yaml = accept.search(/application\/(x-)?yaml/i)
  const json = accept.search(/application\/json/i)
  return yaml >= 0 && (json < 0 || yaml < json)
}

function send(reply: FastifyReply, answer: Exclude<Answer, { kind: 'stream' }>, yaml: boolean): FastifyReply {
  if (answer.kind === 'problem') return sendProblem(reply, answer.problem)
  reply.status(answer.status).headers(answer.headers ?? {})
  switch (answer.kind) {
    case 'empty':
      return reply.send()
    case 'text':
      return reply.type(answer.type).send(answer.text)
    case 'data':
      return yaml
        ? reply.type('application/yaml').send(stringify(answer.data, { aliasDuplicateObjects: false }))
        : reply.type('application/json').send(JSON.stringify(answer.data))
    default:
      return answer satisfies never
  }
}

function sendProblem(reply: FastifyReply, problem: HttpProblem): FastifyReply {
  return reply
    .status(problem.status)
    .headers(problem.headers ?? {})
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problemDocument(problem, reply.request.id)))
}

function notFound(request: FastifyRequest, routes: readonly Route[]): HttpProblem {
  const path = request.url.split('?', 1)[0] ?? ''
  const methods = routes.filter((route) => pathPattern(route.path).test(path)).map(({ method }) => method)
  if (methods.length === 0)
    return { status: 404, code: 'address-not-found', detail: 'there is nothing at this address' }
  return {
    status: 405,
    code: 'method-not-allowed',
    detail: `this address takes ${methods.join(', ')}`,
    headers: { allow: methods.join(', ') },
  }
}

const pathPattern = (path: string): RegExp =>
  new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, path.includes('}:') ? '[^/:]+' : '[^/]+')}$`)

function problemOfError(error: FastifyError, request: FastifyRequest, services: Services): HttpProblem {
  if (error.validation !== undefined) return invalidRequest(error)
  if (error instanceof ServiceError) {
    services.log.warn({ error, request: request.id }, 'a request met a service that is not available')
    return {
      status: 503,
      code: error.code,
      detail: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      headers: { 'retry-after': '1' },
    }
  }
  const known = FASTIFY_ERRORS[error.code ?? '']
  if (known !== undefined) return known
  const status = error.statusCode ?? 500
  if (status === 429)
    return { status, code: 'too-many-requests', detail: 'this caller sends more than it may', headers: {} }
  if (status >= 400 && status < 500)
    return { status, code: 'bad-request', detail: 'the request cannot be read' }
  if (isBrokerTrouble(error)) {
    services.log.warn({ error, request: request.id }, 'the broker did not answer a request')
    return {
      status: 503,
      code: 'broker-unreachable',
      detail: 'the broker does not answer',
      headers: { 'retry-after': '1' },
    }
  }
  services.log.error({ error, request: request.id }, 'a request failed')
  return {
    status: 500,
    code: 'internal-error',
    detail: 'something went wrong inside; the log has the details',
  }
}

const isBrokerTrouble = (error: Error): boolean =>
  /^(Timeout|NoResponders|ClosedConnection|DrainingConnection|Request|JetStream|Connection)\w*(Error)?$/.test(
    error.name,
  )

const FASTIFY_ERRORS: Readonly<Record<string, { status: number; code: string; detail: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    code: 'body-too-large',
    detail: 'the body is larger than accepted',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: 'content-type-not-accepted',
    detail: 'the content type is not accepted',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    code: 'bad-request',
    detail: 'the body is not as long as announced',
  },
  FST_ERR_HANDLER_TIMEOUT: { status: 503, code: 'request-timeout', detail: 'the answer took too long' },
  FST_ERR_BAD_URL: { status: 400, code: 'bad-request', detail: 'the address cannot be read' },
  FST_ERR_MAX_PARAM_LENGTH: { status: 414, code: 'bad-request', detail: 'a part of the address is too long' },
}

/** Parts of a request by the names that callers have for them. */
const PLACES: Readonly<Record<string, string>> = { params: 'address', querystring: 'query' }

function invalidRequest(error: FastifyError): HttpProblem {
  const where = error.validationContext ?? 'body'
  const place = PLACES[where] ?? where
  const errors = (error.validation ?? []).map(({ instancePath, message, params }) => {
    const unknown = (params as { additionalProperty?: string })['additionalProperty']
    return {
      code: unknown === undefined ? 'value-not-accepted' : 'unknown-member',
      severity: 'error' as const,
      message: unknown === undefined ? `${message}` : `there is no ${unknown} here`,
      at: { pointer: `/${where}${instancePath}` },
    }
  })
  const [first] = error.validation ?? []
  const part = first === undefined || first.instancePath === '' ? '' : `${first.instancePath.slice(1)} in `
  return {
    status: 400,
    code: 'request-not-accepted',
    detail: `${part}the ${place} is not as described: ${errors[0]?.message ?? ''}`,
    errors,
  }
}
