import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { createApiKey } from '../../src/service/config/index.ts'
import type { StreamTail } from '../../src/service/http/index.ts'
import { startFakeApi } from '../support/api.ts'
import { hostileText, type Schema, textFor, valueFor } from './arbitraries.ts'
import { FITTING, type Known, makeThings, storedAlert } from './known-things.ts'

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly schema: Schema
}

interface Operation {
  readonly method: string
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly bodies: Readonly<Record<string, { readonly schema: Schema }>> | undefined
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>
}

/** A segment of dots would make it another address. */
const segmentOf = (text: string): string =>
  /^\.{1,2}$/.test(text) ? 'dots' : encodeURIComponent(text.toWellFormed())

export interface Violation {
  readonly request: string
  readonly status: number
  readonly why: string
  readonly body: string
}

export interface FuzzReport {
  readonly requests: number
  readonly byStatus: Readonly<Record<string, number>>
  /** Every operation of the description, as `GET /v1/rules`: how often each status came. */
  readonly byOperation: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly violations: readonly Violation[]
}

interface Request {
  readonly operation: Operation
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly payload: string | undefined
}

const VIOLATIONS_MAX = 20

/** Sends requests made from the API's own description, fitting and not, and checks every answer against the description. */
export async function fuzz(options: { readonly runs: number; readonly seed: number }): Promise<FuzzReport> {
  const silentTail: StreamTail = { next: async () => 1, follow: async () => undefined }
  const [root, ann] = [createApiKey('root'), createApiKey('ann')]
  const { app, alerts, services } = await startFakeApi({
    config: {
      auth: {
        apiKeys: [
          { id: 'root', hash: root.hash, role: 'operator' },
          { id: 'ann', hash: ann.hash, role: 'operator' },
        ],
      },
      approvals: { needed: 1, namespaces: ['guarded'], breakGlass: true },
      http: { requestsPerSecond: 1_000_000 },
      webhooks: {
        // Nothing listens there.
        allow: ['http://127.0.0.1:1'],
        allowAddresses: ['127.0.0.1/32'],
        secrets: [{ name: 'hello', secret: `whsec_${Buffer.alloc(32).toString('base64')}` }],
      },
    },
    services: { input: silentTail, output: silentTail },
  })
  alerts.push(...Array.from({ length: 20 }, (_, index) => storedAlert(index)))
  await services.webhooks.put(
    'hello',
    { url: 'http://127.0.0.1:1/', secret: 'hello', filter: { rules: ['hello'] }, enabled: true },
    { kind: 'any' },
    {},
  )
  for (const body of ['{}', 'no JSON'])
    await services.courier.deadLetters.add({
      webhook: 'hello',
      alertId: 'hello.1.x',
      alertSequence: 1,
      attempts: 3,
      reason: { code: 'webhook-target-refused', detail: 'the target answered 404', status: 404 },
      body: Buffer.from(body),
    })
  try {
    const authorization = `Bearer ${root.key}`
    return await send(app, await makeThings(app, services, authorization), { ...options, authorization })
  } finally {
    await app.close()
  }
}

async function send(
  app: FastifyInstance,
  known: Known,
  {
    runs,
    seed,
    authorization,
  }: { readonly runs: number; readonly seed: number; readonly authorization: string },
): Promise<FuzzReport> {
  const document = (await app.inject('/openapi.json')).json()
  const check = responseChecker(document)
  const operations = operationsOf(document)
  const byStatus: Record<string, number> = {}
  const byOperation: Record<string, Record<string, number>> = Object.fromEntries(
    operations.map((operation) => [nameOf(operation), {}]),
  )
  const violations: Violation[] = []
  // Every operation is got through to once, before anything is gone, and parts go before the whole.
  const removes = ({ method, path }: Operation): number => (method === 'delete' ? 1 / path.length : 0)
  const first = operations
    .toSorted((left, right) => removes(left) - removes(right))
    .flatMap((operation) => fc.sample(fittingRequest(operation, known), { numRuns: 1, seed }))
  const others = fc.sample(
    fc
      .constantFrom(...operations)
      .chain((operation) =>
        fc.oneof(
          { weight: 3, arbitrary: requestFor(operation) },
          { weight: 1, arbitrary: fittingRequest(operation, known) },
        ),
      ),
    { numRuns: runs, seed },
  )
  const requests = [...first, ...others]
  for (const { operation, url, headers, payload } of requests) {
    if (violations.length >= VIOLATIONS_MAX) break
    const method = operation.method.toUpperCase() as 'GET'
    const answer = await app.inject({
      method,
      url,
      headers: { authorization, ...headers },
      ...(payload === undefined ? {} : { payload }),
    })
    byStatus[answer.statusCode] = (byStatus[answer.statusCode] ?? 0) + 1
    const statuses = byOperation[nameOf(operation)] ?? {}
    statuses[answer.statusCode] = (statuses[answer.statusCode] ?? 0) + 1
    const why = check(operation, answer.statusCode, String(answer.headers['content-type'] ?? ''), answer.body)
    if (why !== undefined)
      violations.push({
        request: `${method} ${url} ${JSON.stringify(headers)} ${payload ?? ''}`.slice(0, 600),
        status: answer.statusCode,
        why,
        body: answer.body.slice(0, 400),
      })
  }
  if (({} as { polluted?: unknown }).polluted !== undefined) throw new Error('Object.prototype was changed')
  return { requests: requests.length, byStatus, byOperation, violations }
}

const nameOf = ({ method, path }: Operation): string => `${method.toUpperCase()} ${path}`

const METHODS = ['get', 'put', 'post', 'patch', 'delete', 'head', 'options']

function operationsOf(document: {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Record<string, never>>>>>
}): readonly Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method] as
        | {
            readonly parameters?: readonly Parameter[]
            readonly requestBody?: { readonly content: NonNullable<Operation['bodies']> }
            readonly responses: Operation['responses']
          }
        | undefined
      return operation === undefined
        ? []
        : [
            {
              method,
              path,
              parameters: operation.parameters ?? [],
              bodies: operation.requestBody?.content,
              responses: operation.responses,
            },
          ]
    }),
  )
}

/** A request that asks for what is there, with a body that fits where one is known, and no more than it needs. */
function fittingRequest(operation: Operation, known: Known): fc.Arbitrary<Request> {
  const needed = operation.parameters.filter(
    ({ in: place, required }) => place === 'path' || required === true,
  )
  const values = fc.tuple(
    ...needed.map((parameter) => {
      const found = known.find(([path, name]) => operation.path.startsWith(path) && name === parameter.name)
      return (found === undefined ? valueFor(parameter.schema) : fc.constant(found[2])).map((value) => ({
        parameter,
        value,
        given: true,
      }))
    }),
  )
  const fitting = FITTING[nameOf(operation)]
  const body =
    fitting === undefined
      ? bodyFor(operation)
      : fc.constant({ headers: { 'content-type': fitting.type }, payload: fitting.payload })
  // Changing what is there needs a word that it is meant.
  const isForced = operation.parameters.some(({ name }) => name === 'force')
  return fc.tuple(values, body).map(([given, sent]) => {
    const request = requestOf(operation, given, sent)
    return isForced
      ? { ...request, url: `${request.url}${request.url.includes('?') ? '&' : '?'}force=true` }
      : request
  })
}

function requestFor(operation: Operation): fc.Arbitrary<Request> {
  const parameters = fc.tuple(
    ...operation.parameters.map((parameter) =>
      fc
        .tuple(valueFor(parameter.schema), parameter.in === 'path' ? fc.constant(true) : fc.boolean())
        .map(([value, given]) => ({ parameter, value, given })),
    ),
  )
  return fc
    .tuple(
      parameters,
      bodyFor(operation),
      fc.constantFrom(undefined, 'application/yaml', 'application/json', '*/*', 'text/html'),
    )
    .map(([values, body, accept]) =>
      requestOf(operation, values, {
        ...body,
        headers: { ...body.headers, ...(accept === undefined ? {} : { accept }) },
      }),
    )
}

function requestOf(
  operation: Operation,
  values: ReadonlyArray<{ readonly parameter: Parameter; readonly value: unknown; readonly given: boolean }>,
  body: { readonly headers: Readonly<Record<string, string>>; readonly payload: string | undefined },
): Request {
  const query = new URLSearchParams()
  const headers: Record<string, string> = { ...body.headers }
  let path = operation.path
  for (const { parameter, value, given } of values) {
    if (!given) continue
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, segmentOf(text))
    else if (parameter.in === 'query') query.set(parameter.name, text)
    else headers[parameter.name] = text.replace(/[^\x20-\x7e]/g, '?')
  }
  const search = query.size === 0 ? '' : `?${query}`
  return { operation, url: path + search, headers, payload: body.payload }
}

function bodyFor(
  operation: Operation,
): fc.Arbitrary<{ readonly headers: Record<string, string>; readonly payload: string | undefined }> {
  const nothing = { headers: {}, payload: undefined }
  const { bodies } = operation
  if (bodies === undefined) return fc.constant(nothing)
  const types = Object.keys(bodies)
  const fits = fc.constantFrom(...types).chain((type) =>
    fc
      .oneof(
        textFor(type),
        valueFor(bodies[type]?.schema ?? {}).map((value) => JSON.stringify(value) ?? ''),
      )
      .map((payload) => ({ headers: { 'content-type': type }, payload })),
  )
  const odd = fc
    .tuple(
      fc.oneof(
        fc.constantFrom(
          'text/plain',
          'application/json;',
          'application/json; charset=utf-16',
          'application/json\t',
          'application/x-www-form-urlencoded',
          'multipart/form-data',
          'APPLICATION/JSON',
          'application/json, application/yaml',
          ';',
        ),
        hostileText().map((text) => text.replace(/[^\x20-\x7e]/g, '?')),
      ),
      textFor(types[0] ?? ''),
    )
    .map(([type, payload]) => ({ headers: { 'content-type': type }, payload }))
  return fc.oneof(
    { weight: 6, arbitrary: fits },
    { weight: 1, arbitrary: odd },
    { weight: 1, arbitrary: fc.constant(nothing) },
  )
}

/** What is wrong with an answer, by the document; undefined when nothing is. */
function responseChecker(document: Readonly<Record<string, unknown>>) {
  const ajv = new Ajv2020({ strict: false, allErrors: false })
  formats.default(ajv)
  ajv.addSchema(document, 'openapi')
  const pointer = (text: string): string =>
    encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'))
  return (operation: Operation, status: number, contentType: string, body: string): string | undefined => {
    if (status >= 500) return 'a server error'
    if (/\bat \S+ \(.*:\d+:\d+\)|node_modules|\.[jt]s:\d+:\d+/.test(body) && status >= 400)
      return 'the answer shows a stack'
    const type = contentType.split(';', 1)[0] ?? ''
    const described = operation.responses[String(status)]
    // A path that a hostile parameter made another one is answered there.
    if (described === undefined)
      return status === 404 || status === 405 || status === 414 ? undefined : 'the status is not described'
    if (described.content === undefined) return body === '' ? undefined : 'a body that is not described'
    if (described.content[type] === undefined) return `the content type ${type} is not described`
    if (!type.includes('json')) return undefined
    const schema = ajv.getSchema(
      `openapi#/paths/${pointer(operation.path)}/${operation.method}/responses/${status}/content/${pointer(type)}/schema`,
    )
    if (schema === undefined) return 'the schema is missing'
    return schema(JSON.parse(body)) === true ? undefined : ajv.errorsText(schema.errors)
  }
}
