import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sandboxedCompiler } from '../../src/service/catalogue/index.ts'
import { type FakeApi, RULE, startFakeApi } from '../support/api.ts'

let app: FastifyInstance
let fake: FakeApi
beforeAll(async () => {
  const started = await startFakeApi()
  fake = started
  app = started.app
})
afterAll(() => app.close())

const put = (payload: string | Buffer, type: string | undefined) =>
  app.inject({
    method: 'PUT',
    url: '/v1/rules/hostile?force=true',
    payload,
    headers: type === undefined ? {} : { 'content-type': type },
  })

describe('content types', () => {
  test.each([
    'application/yaml',
    'application/yaml; charset=utf-8',
    'APPLICATION/YAML;charset="UTF-8"',
    ' application/yaml ',
  ])('%j is read', async (type) =>
    expect((await put(RULE.replace('hello', 'hostile'), type)).statusCode).toBeLessThan(300),
  )

  test.each([
    undefined,
    '',
    'text/plain',
    'text/yaml',
    'application/x-www-form-urlencoded',
    'application/yaml; charset=utf-16',
    'application/yaml; x=y',
    'application/yaml\t;a',
    'application/json, application/yaml',
    'application/jsonx',
    'application/ json',
    'application/json\u00a0',
    'multipart/form-data; boundary=x',
  ])('%j is refused', async (type) => {
    const answer = await put(RULE.replace('hello', 'hostile'), type)
    expect([answer.statusCode, answer.json().code]).toEqual([415, 'content-type-not-accepted'])
  })
})

describe('bodies', () => {
  test.each([
    ['larger than accepted', 'x'.repeat(256 * 1024 + 1), 'application/yaml', 413],
    ['not UTF-8', Buffer.from([0x72, 0xff, 0xfe]), 'application/yaml', 400],
    ['deep YAML', '['.repeat(2000), 'application/yaml', 422],
    ['deep JSON', `${'['.repeat(5000)}${']'.repeat(5000)}`, 'application/json', 422],
    ['a YAML bomb', 'a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n', 'application/yaml', 422],
    ['a tag', 'rule: !!js/function x', 'application/yaml', 422],
    ['control characters', 'rule: a\u0000b\u202e', 'application/yaml', 422],
    [
      'prototype keys',
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
      'application/json',
      422,
    ],
    ['a number where a rule belongs', '1', 'application/json', 422],
    ['nothing', '', 'application/yaml', 422],
  ])('%s', async (_name, body, type, status) => {
    const answer = await put(body, type)
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test('a JSON body nested too deeply is not parsed', async () => {
    const answer = await app.inject({
      method: 'POST',
      url: '/v1/rules/hello:status',
      payload: `{"status":${'['.repeat(33)}${']'.repeat(33)}}`,
      headers: { 'content-type': 'application/json' },
    })
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'body-too-deep'])
  })

  test.each([
    ['"live"', 400],
    ['{"status":"live","x":1}', 400],
    ['{"status":1}', 400],
    ['{"__proto__":{"status":"live"}}', 400],
  ])('a status change of %s', async (payload, status) => {
    const answer = await app.inject({
      method: 'POST',
      url: '/v1/rules/hello:status',
      payload,
      headers: { 'content-type': 'application/json' },
    })
    expect([answer.statusCode, answer.json().code]).toEqual([status, 'request-not-accepted'])
  })
})

describe('addresses', () => {
  test.each([
    ['/v1/rules/..%2f..%2fetc%2fpasswd', 400],
    ['/v1/rules/%00', 400],
    ['/v1/rules/a%2fb', 400],
    ['/v1/rules/a.b', 400],
    ['/v1/rules/*', 400],
    ['/v1/rules/%3E', 400],
    [`/v1/rules/${'a'.repeat(65)}`, 400],
    [`/v1/rules/${'a'.repeat(300)}`, 414],
    ['/v1/rules/%zz', 400],
    ['/v1/nothing', 404],
    ['/v1/rules?unknown=1', 400],
    ['/v1/alerts?limit=x', 400],
    ['/v1/alerts?limit=1&limit=2', 400],
    ['/v1/alerts?since=yesterday', 400],
    ['/v1/alerts?cursor=-1', 400],
    ['/v1/alerts/0', 404],
    ['/v1/events/stream?subject=a.>.b', 400],
    ['/v1/events/stream?subject=%24JS.API.>', 400],
  ])('%s: %d', async (url, status) => {
    const answer = await app.inject(url)
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.body).not.toMatch(/node_modules|\.ts:\d/)
  })

  test('a method that an address does not take', async () => {
    const answer = await app.inject({ method: 'PUT', url: '/v1/rules' })
    expect([answer.statusCode, answer.headers['allow'], answer.json().code]).toEqual([
      405,
      'GET',
      'method-not-allowed',
    ])
    expect((await app.inject({ method: 'GET', url: '/v1/rules/hello:status' })).statusCode).toBe(400)
  })
})

describe('callers', () => {
  test.each([
    [{ host: 'evil.example' }, 421, 'host-not-accepted'],
    [{ host: 'evil.example:8080' }, 421, 'host-not-accepted'],
    [{ host: '127.0.0.1.evil.example' }, 421, 'host-not-accepted'],
    [{ host: 'localhost:8080', origin: 'http://evil.example' }, 403, 'origin-not-allowed'],
    [{ host: 'localhost:8080', origin: 'null' }, 403, 'origin-not-allowed'],
  ])('%j', async (headers, status, code) => {
    const answer = await app.inject({ url: '/v1/rules', headers })
    expect([answer.statusCode, answer.json().code]).toEqual([status, code])
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  })

  test.each([
    { host: 'localhost:8080' },
    { host: '127.0.0.1:1' },
    { host: '[::1]:1' },
    { host: 'localhost:8080', origin: 'http://localhost:8080' },
  ])('%j is answered', async (headers) =>
    expect((await app.inject({ url: '/v1/rules', headers })).statusCode).toBe(200),
  )

  test('get the headers that keep browsers out of trouble', async () => {
    const { headers } = await app.inject('/v1/rules')
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-store',
    })
    expect(headers['x-powered-by']).toBeUndefined()
    expect(headers['server']).toBeUndefined()
  })

  test('that send too much are told to wait, and others are not', async () => {
    const limited = await startFakeApi({ config: { http: { requestsPerSecond: 3 } } })
    const from = (remoteAddress: string) => limited.app.inject({ url: '/v1/rules', remoteAddress })
    const codes = []
    for (let index = 0; index < 5; index += 1) codes.push((await from('10.0.0.1')).statusCode)
    expect(codes).toEqual([200, 200, 200, 429, 429])
    const refused = await from('10.0.0.1')
    expect(refused.headers['retry-after']).toBeDefined()
    expect(refused.json()).toMatchObject({ code: 'too-many-requests' })
    expect((await from('10.0.0.2')).statusCode).toBe(200)
    expect((await limited.app.inject({ url: '/livez', remoteAddress: '10.0.0.1' })).statusCode).toBe(200)
    await limited.app.close()
  })
})

describe('events', () => {
  const send = (payload: unknown, headers: Record<string, string> = {}, query = '') =>
    app.inject({ method: 'POST', url: `/v1/events${query}`, payload: payload as object, headers })

  test('one, many and NDJSON', async () => {
    const event = { subject: 'events.a', data: { user: 'u' } }
    expect((await send(event)).json()).toMatchObject({ stored: 1, refused: 0 })
    expect((await send([event, event])).json()).toMatchObject({ stored: 2 })
    const lines = `${JSON.stringify(event)}\r\n\n${JSON.stringify(event)}`
    expect((await send(lines, { 'content-type': 'application/x-ndjson' })).json()).toMatchObject({
      stored: 2,
    })
  })

  test('with a subject for all stay as they were sent', async () => {
    await send('{ "user" : 1.0 }', { 'content-type': 'application/json' }, '?subject=events.raw')
    expect(fake.intake.stored.at(-1)).toMatchObject({ subject: 'events.raw', payload: '{ "user" : 1.0 }' })
  })

  test('that cannot be stored are named by their line, the others are stored', async () => {
    const lines = [
      '{"subject":"events.a","data":{}}',
      '{"subject":"events.a"',
      '{"subject":"events.>","data":{}}',
      '[]',
      '{"data":{}}',
    ]
    const answer = await send(lines.join('\n'), { 'content-type': 'application/x-ndjson' })
    expect(answer.statusCode).toBe(207)
    expect(answer.json()).toMatchObject({ stored: 1, refused: 4, results: [{ index: 0 }] })
    expect(
      answer.json().errors.map(({ code, line }: { code: string; line: number }) => [line, code]),
    ).toEqual([
      [2, 'body-not-json'],
      [3, 'event-subject-not-accepted'],
      [4, 'event-not-object'],
      [5, 'event-subject-missing'],
    ])
  })

  test.each([
    [{ subject: 'sequitur.log.rule', data: {} }, 'event-subject-reserved'],
    [{ subject: 'alerts.default.x.high', data: {} }, 'event-subject-reserved'],
    [{ subject: 'orders.a', data: {} }, 'event-subject-not-fed'],
    [{ subject: '$JS.API.STREAM.DELETE.X', data: {} }, 'event-subject-not-accepted'],
    [{ subject: 'events.a\r\nPUB x 1', data: {} }, 'event-subject-not-accepted'],
    [{ subject: 'events.a', data: {}, id: 'a\nb' }, 'event-id-not-accepted'],
    [{ subject: 'events.a', data: { text: 'x'.repeat(65_536) } }, 'event-too-large'],
    [{ subject: 'events.a', data: 1 }, 'event-not-object'],
  ])('%j is refused', async (event, code) => {
    const answer = await send(event)
    expect([answer.statusCode, answer.json().errors[0].code]).toEqual([422, code])
  })

  test('with the same id are stored once, also by the key of the request', async () => {
    const event = { subject: 'events.a', id: 'same', data: {} }
    await send(event)
    expect((await send([event, event])).json()).toMatchObject({ stored: 0, duplicates: 2 })
    const many = [
      { subject: 'events.a', data: {} },
      { subject: 'events.b', data: {} },
    ]
    expect((await send(many, { 'idempotency-key': 'k' })).json()).toMatchObject({ stored: 2 })
    expect((await send(many, { 'idempotency-key': 'k' })).json()).toMatchObject({ duplicates: 2 })
  })

  test('as CloudEvents keep their form; their id counts within their source', async () => {
    const event = { specversion: '1.0', type: 't', source: '/s', id: '1', data: {} }
    await send(
      event,
      {
        'content-type': 'application/cloudevents+json',
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      },
      '?subject=events.ce',
    )
    expect(fake.intake.stored.at(-1)).toMatchObject({
      id: '/s/1',
      headers: {
        'content-type': 'application/cloudevents+json',
        traceparent: expect.stringContaining('aaaa'),
      },
      payload: JSON.stringify(event),
    })
  })

  test('a __proto__ member is an ordinary one', async () => {
    await send('{"subject":"events.a","data":{"__proto__":{"x":1}}}', { 'content-type': 'application/json' })
    expect(fake.intake.stored.at(-1)?.payload).toBe('{"__proto__":{"x":1}}')
  })
})

describe('rules that would stall or end a compiler', () => {
  const entry = new URL('../support/spinning-child.ts', import.meta.url)
  const yaml = { 'content-type': 'application/yaml' }

  test.each([
    ['spin', { timeMsMax: 400, heapMiBMax: 64 }, '0.4 seconds'],
    ['hoard', { timeMsMax: 20_000, heapMiBMax: 48 }, '48 MiB'],
  ])('%s: the child is killed, the rule is refused, the service goes on', async (id, limits, limit) => {
    const compiler = sandboxedCompiler({ ...limits, entry })
    const guarded = await startFakeApi({ compiler })
    const write = (name: string) =>
      guarded.app.inject({
        method: 'PUT',
        url: `/v1/rules/${name}`,
        payload: RULE.replace('rule: hello', `rule: ${name}`),
        headers: yaml,
      })
    const bomb = write(id)
    const neighbour = write('hello')
    expect((await guarded.app.inject('/v1/rules')).statusCode).toBe(200)
    const refused = await bomb
    expect(refused.statusCode).toBe(422)
    expect(refused.json().errors).toEqual([
      expect.objectContaining({ code: 'rule-too-expensive', message: expect.stringContaining(limit) }),
    ])
    expect((await neighbour).statusCode).toBe(201)
    const many = await guarded.app.inject({
      method: 'POST',
      url: '/v1/rules:validate',
      payload: ['first', id, 'last'].map((name) => RULE.replace('hello', name)).join('---\n'),
      headers: yaml,
    })
    expect(many.json()).toMatchObject({ valid: false })
    expect(many.json().errors).toContainEqual(
      expect.objectContaining({ code: 'rule-too-expensive', line: 9 }),
    )
    await guarded.app.close()
    await compiler.close()
  })
})

test.each([
  ['/v1/alerts?limit=x', {}, 'limit in the query is not as described: must be integer'],
  ['/v1/alerts?limt=3', {}, 'the query is not as described: there is no limt here'],
  ['/v1/rules/BAD%20NAME', {}, 'id in the address is not as described: '],
  ['/v1/alerts/stream', { 'last-event-id': 'x' }, 'last-event-id in the headers is not as described: '],
])('%s is refused with the part that is wrong', async (url, headers, detail) => {
  expect((await app.inject({ url, headers })).json().detail).toContain(detail)
})
