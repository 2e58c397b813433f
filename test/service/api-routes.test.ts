import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiKey } from '../../src/service/config/index.ts'
import { problemsOf, ROUTES } from '../../src/service/http/index.ts'
import { NOW, startFakeApi } from '../support/api.ts'

describe('every route', () => {
  test.each(ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s is described',
    (_name, route) => {
      expect(route.summary).toMatch(/^[A-Z].{5,90}[^.]$/)
      expect(route.operation).toMatch(/^[a-z][A-Za-z]+$/)
      expect(Object.keys(route.responses).length).toBeGreaterThan(0)
      for (const spec of Object.values(route.responses)) expect(spec.description).not.toBe('')
      const named = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const params = route.params as
        | { readonly required?: readonly string[]; readonly properties?: object }
        | undefined
      expect(params?.required ?? []).toEqual(named)
      const query = route.query as { readonly additionalProperties?: boolean } | undefined
      if (query !== undefined) expect(query.additionalProperties).toBe(false)
      if (route.access !== 'public')
        expect(problemsOf(route)).toEqual(expect.arrayContaining([401, 403, 429]))
      if (route.body !== undefined) expect(problemsOf(route)).toEqual(expect.arrayContaining([400, 413, 415]))
      if (route.method !== 'GET') expect(route.access).not.toBe('public')
    },
  )

  test('has an operation of its own', () => {
    const operations = ROUTES.map(({ operation }) => operation)
    expect(new Set(operations).size).toBe(operations.length)
  })
})

describe('the OpenAPI document', () => {
  let app: FastifyInstance
  beforeAll(async () => {
    app = (await startFakeApi()).app
  })
  afterAll(() => app.close())

  test('is of version 3.1 and lists every route, and nothing else', async () => {
    const document = (await app.inject('/openapi.json')).json()
    expect(document.openapi).toBe('3.1.0')
    const listed = Object.entries<object>(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(listed.sort()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).sort())
  })

  test('describes what only some may do, and how to say who one is', async () => {
    const document = (await app.inject('/openapi.json')).json()
    expect(document.components.securitySchemes).toEqual({ key: { type: 'http', scheme: 'bearer' } })
    expect(document.paths['/v1/rules'].get.security).toEqual([{ key: [] }])
    expect(document.paths['/livez'].get.security).toEqual([])
  })
})

const ROLES = ['viewer', 'producer', 'author', 'approver', 'operator'] as const
/** Who may do what, said a second time: the table in the service must agree. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  public: ['nobody', 'wrong', 'expired', ...ROLES],
  read: ['viewer', 'author', 'approver', 'operator'],
  ingest: ['producer', 'author', 'operator'],
  write: ['author', 'operator'],
  approve: ['approver', 'operator'],
  operate: ['operator'],
}

describe('with API keys', () => {
  let app: FastifyInstance
  const keys = new Map<string, string>()
  beforeAll(async () => {
    const entries = [...ROLES, 'expired' as const].map((name) => {
      const { key, hash } = createApiKey(name)
      keys.set(name, key)
      const expired = name === 'expired'
      return {
        id: name,
        hash,
        role: expired ? 'operator' : name,
        ...(expired ? { expires: new Date(NOW - 1).toISOString() } : {}),
      }
    })
    keys.set('wrong', 'sequitur_operator_wrong')
    // Far more callers fail here in a minute than an address may.
    const http = { failedLoginsPerMinute: 100_000 }
    // Streams that end at once: what is asked here is who gets in.
    const tail = { next: async () => 1, follow: async () => undefined }
    app = (
      await startFakeApi({
        config: { auth: { apiKeys: entries }, http },
        services: { input: tail, output: tail },
      })
    ).app
  })
  afterAll(() => app.close())

  const callers = ['nobody', 'wrong', 'expired', ...ROLES]
  const cases = ROUTES.flatMap((route) =>
    callers.map((caller) => [route.method, route.path, route.access, caller] as const),
  )

  test.each(cases)('%s %s (%s) by %s', async (method, path, access, caller) => {
    const key = keys.get(caller)
    const answer = await app.inject({
      method,
      url: path
        .replace('{id}', 'hello')
        .replace('{version}', '1')
        .replace('{sequence}', '1')
        .replace('{name}', 'blocked'),
      ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
    })
    const refused = [401, 403].includes(answer.statusCode)
    expect(refused).toBe(!(MAY[access] ?? []).includes(caller))
    if (refused) expect(answer.statusCode).toBe(ROLES.some((role) => role === caller) ? 403 : 401)
    if (answer.statusCode === 403) expect(answer.json().hint).toMatch(/^it takes the role /)
    if (answer.statusCode === 401) expect(answer.headers['www-authenticate']).toContain('Bearer')
  })

  test('the author of a version is the key that wrote it', async () => {
    const { RULE } = await import('../support/api.ts')
    const answer = await app.inject({
      method: 'PUT',
      url: '/v1/rules/hello',
      payload: RULE,
      headers: { authorization: `Bearer ${keys.get('author')}`, 'content-type': 'application/yaml' },
    })
    expect(answer.json()).toMatchObject({ author: 'author' })
  })
})
