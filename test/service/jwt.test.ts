import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { exportJWK, exportSPKI, generateKeyPair, importJWK, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey, type JwtConfig } from '../../src/service/config/index.ts'
import { tokenVerifier } from '../../src/service/http/tokens.ts'
import { NOW, startFakeApi } from '../support/api.ts'

const ISSUER = 'https://id.example.com'
const SECONDS = NOW / 1000

let server: Server
let jwksUrl: string
/** What the identity provider publishes at the moment. */
let published: unknown[] = []
let answering = true
let fetches = 0
const pair = () => generateKeyPair('RS256', { extractable: true })
let first: Awaited<ReturnType<typeof pair>>
let second: Awaited<ReturnType<typeof pair>>
let app: FastifyInstance
const { key, hash } = createApiKey('ci')

const sign = (
  claims: { readonly [claim: string]: unknown },
  { kid = 'k1', by = first }: { kid?: string; by?: typeof first } = {},
) =>
  new SignJWT({ sub: 'alice', iss: ISSUER, aud: 'sequitur', exp: SECONDS + 60, ...claims } as JWTPayload)
    .setProtectedHeader({ alg: 'RS256', kid })
    .sign(by.privateKey)

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const call = (token: string, url = '/v1/rules') =>
  app.inject({ url, headers: { authorization: `Bearer ${token}` } })

beforeAll(async () => {
  first = await pair()
  second = await pair()
  published = [{ ...(await exportJWK(first.publicKey)), kid: 'k1' }]
  server = createServer((_request, response) => {
    fetches += 1
    response.writeHead(answering ? 200 : 500, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ keys: published }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`
  const jwt = {
    issuer: ISSUER,
    audience: 'sequitur',
    jwksUrl,
    grants: [
      { claim: 'groups', value: 'readers', role: 'viewer' },
      { claim: 'realm_access.roles', value: 'admin', role: 'operator' },
      { claim: 'scope', value: 'events', role: 'producer' },
    ],
  }
  const apiKeys = [{ id: 'ci', hash, role: 'viewer' }]
  app = (await startFakeApi({ config: { auth: { apiKeys, jwt } } })).app
})
afterAll(async () => {
  await app.close()
  await new Promise((resolve) => server.close(resolve))
})

test('claims give roles: items of a list, words of a text, at a path', async () => {
  expect((await call(await sign({ groups: ['x', 'readers'] }))).statusCode).toBe(200)
  expect((await call(await sign({ groups: ['x', 'readers'] }), '/v1/config')).statusCode).toBe(403)
  expect((await call(await sign({ realm_access: { roles: ['admin'] } }), '/v1/config')).statusCode).toBe(200)
  expect((await call(await sign({ scope: 'openid events' }))).statusCode).toBe(403)
})

test('without a claim that gives a role a token opens nothing', async () => {
  for (const claims of [{}, { groups: ['reader'] }, { groups: 'readersx' }, { groups: { readers: true } }]) {
    const answer = await call(await sign(claims))
    expect([answer.statusCode, answer.json().code]).toEqual([403, 'role-not-allowed'])
  }
})

test('API keys go on beside tokens', async () => {
  expect((await call(key)).statusCode).toBe(200)
  expect((await call(`${key}x`)).json().code).toBe('key-not-accepted')
})

const good = { groups: ['readers'] }
const bad: ReadonlyArray<readonly [string, () => Promise<string>]> = [
  ['that has expired', () => sign({ ...good, exp: SECONDS - 6 })],
  ['that never expires', () => sign({ ...good, exp: undefined })],
  ['that is not valid yet', () => sign({ ...good, nbf: SECONDS + 60 })],
  ['for another audience', () => sign({ ...good, aud: 'other' })],
  ['of another issuer', () => sign({ ...good, iss: `${ISSUER}/` })],
  ['of nobody', () => sign({ ...good, sub: undefined })],
  ['of somebody with a line break', () => sign({ ...good, sub: 'a\nb' })],
  ['signed by an unknown key', () => sign(good, { kid: 'k9', by: second })],
  ['signed by another key under a known id', () => sign(good, { by: second })],
  [
    'with an algorithm that is not on the list',
    async () => {
      // With the very key that is published: nothing but the algorithm is wrong.
      const privateKey = await importJWK(await exportJWK(first.privateKey), 'RS384')
      return new SignJWT({ sub: 'alice', iss: ISSUER, aud: 'sequitur', exp: SECONDS + 60, ...good })
        .setProtectedHeader({ alg: 'RS384', kid: 'k1' })
        .sign(privateKey)
    },
  ],
  [
    'with no signature',
    async () =>
      `${base64({ alg: 'none' })}.${base64({ sub: 'alice', iss: ISSUER, aud: 'sequitur', exp: SECONDS + 60, ...good })}.`,
  ],
  [
    'signed with the public key as a shared secret',
    async () =>
      new SignJWT({ sub: 'alice', iss: ISSUER, aud: 'sequitur', exp: SECONDS + 60, ...good })
        .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
        .sign(new TextEncoder().encode(await exportSPKI(first.publicKey))),
  ],
  [
    'that was changed',
    async () => {
      const [head, , signature] = (await sign(good)).split('.')
      const body = base64({ sub: 'bob', iss: ISSUER, aud: 'sequitur', exp: SECONDS + 60, ...good })
      return `${head}.${body}.${signature}`
    },
  ],
]
test.each(bad)('a token %s is refused', async (_name, make) => {
  const answer = await call(await make())
  expect([answer.statusCode, answer.json().code]).toEqual([401, 'token-not-accepted'])
})

test('within the tolerance a token is still good', async () => {
  expect((await call(await sign({ ...good, exp: SECONDS - 4 }))).statusCode).toBe(200)
})

const config = (): JwtConfig => ({
  issuer: ISSUER,
  audience: 'sequitur',
  keys: { kind: 'remote', url: jwksUrl },
  algorithms: ['RS256'],
  clockToleranceMs: 0,
  subjectClaim: 'sub',
  grants: [{ claim: 'groups', value: 'readers', role: 'viewer', namespaces: ['fraud'] }],
})

test('keys are fetched once, and again when the provider has changed them', async () => {
  const verify = tokenVerifier(config(), { refetchMs: 0 })
  const before = fetches
  for (let turn = 0; turn < 3; turn += 1)
    expect(await verify(await sign(good), NOW)).toEqual({
      ok: true,
      id: 'jwt:alice',
      grants: config().grants,
    })
  expect(fetches).toBe(before + 1)
  const old = published
  published = [{ ...(await exportJWK(second.publicKey)), kid: 'k2' }]
  expect(await verify(await sign(good, { kid: 'k2', by: second }), NOW)).toMatchObject({ ok: true })
  expect(await verify(await sign(good), NOW)).toMatchObject({ ok: false })
  published = old
})

test('tokens with unknown keys do not make it fetch without end', async () => {
  const verify = tokenVerifier(config())
  const before = fetches
  for (let turn = 0; turn < 5; turn += 1)
    expect(await verify(await sign(good, { kid: `k${turn + 10}`, by: second }), NOW)).toMatchObject({
      ok: false,
    })
  expect(fetches).toBe(before + 1)
})

test('a provider that does not answer is no fault of the token', async () => {
  answering = false
  await expect(tokenVerifier(config())(await sign(good), NOW)).rejects.toMatchObject({
    code: 'identity-provider-unreachable',
  })
  answering = true
})
