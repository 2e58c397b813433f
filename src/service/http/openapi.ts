import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import { PROBLEM_TYPE } from './problem.ts'
import type { JsonSchema, ResponseSpec, Route } from './route.ts'
import { ref } from './schemas/index.ts'

const WHEN: Readonly<Record<number, string>> = {
  400: 'The request is not as described.',
  401: 'No API key, or one that is not accepted.',
  403: 'The role of the key may not do this.',
  404: 'There is no such thing.',
  409: 'It contradicts what is there.',
  412: 'Somebody else changed it; the answer holds the rule as it is.',
  413: 'The body is larger than accepted.',
  415: 'The content type is not accepted.',
  421: 'Without API keys only localhost is answered.',
  422: 'The text has problems; `errors` names all of them.',
  428: 'A change needs If-Match or force=true.',
  429: 'This caller sends more than it may.',
  503: 'Something that it needs is not available.',
}

/** What Fastify and the OpenAPI document need to know of a route. */
export function routeSchema(route: Route): Record<string, unknown> {
  const { body } = route
  const responses: Record<string, unknown> = {}
  for (const [status, spec] of Object.entries(route.responses)) responses[status] = responseOf(spec)
  for (const status of problemsOf(route))
    responses[status] ??= {
      description: WHEN[status] ?? 'A problem.',
      content: { [PROBLEM_TYPE]: { schema: ref('Problem') } },
    }
  return {
    operationId: route.operation,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: route.access === 'public' ? [] : [{ key: [] }],
    ...(route.params === undefined ? {} : { params: route.params }),
    ...(route.query === undefined ? {} : { querystring: route.query }),
    ...(route.headers === undefined ? {} : { headers: route.headers }),
    ...(body === undefined
      ? {}
      : body.kind === 'json'
        ? { body: body.schema }
        : { body: { content: contentOf(body.types) } }),
    response: responses,
  }
}

const contentOf = (types: Readonly<Record<string, JsonSchema>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, { schema }]))

function responseOf(spec: ResponseSpec): Record<string, unknown> {
  const content = {
    ...(spec.schema === undefined
      ? {}
      : { 'application/json': { schema: spec.schema }, 'application/yaml': { schema: spec.schema } }),
    ...contentOf(spec.types ?? {}),
  }
  return {
    description: spec.description,
    ...(spec.headers === undefined ? {} : { headers: spec.headers }),
    ...(Object.keys(content).length === 0 ? {} : { content }),
  }
}

/** The statuses of the problems that the route may answer. */
export function problemsOf(route: Route): readonly number[] {
  const general = route.access === 'public' ? [403, 421] : [401, 403, 421, 429, 503]
  const read =
    route.query === undefined && route.params === undefined && route.body === undefined ? [] : [400]
  const body = route.body === undefined ? [] : [400, 413, 415]
  return [...new Set([...general, ...read, ...body, ...(route.problems ?? [])])].sort((a, b) => a - b)
}

export const openapiOptions = (version: string): FastifyDynamicSwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Sequitur',
      version,
      description:
        'Rules over event streams: store them, send events, read alerts. Errors are RFC 9457 problem documents.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    tags: [
      { name: 'rules', description: 'The rule catalogue.' },
      { name: 'proposals', description: 'Changes of rules that wait for others.' },
      { name: 'events', description: 'The way in over HTTP.' },
      { name: 'alerts', description: 'What the rules found.' },
      { name: 'webhooks', description: 'Alerts sent over HTTP.' },
      { name: 'replays', description: 'Rules over the past.' },
      { name: 'service', description: 'Health and state.' },
    ],
  },
  refResolver: { buildLocalReference: (json) => String(json['$id']) },
})
