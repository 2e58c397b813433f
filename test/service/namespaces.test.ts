import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../src/service/config/index.ts'
import { ROUTES } from '../../src/service/http/index.ts'
import { RULE, startFakeApi } from '../support/api.ts'

// Two teams on one service: whatever one has must not be seen or touched by the other.

const text = (id: string, namespace: string): string =>
  RULE.replace('rule: hello', `rule: ${id}\nnamespace: ${namespace}`)

const keys = new Map<string, string>()
let app: FastifyInstance

const entry = (id: string, role: string, namespaces?: readonly string[]) => {
  const { key, hash } = createApiKey(id)
  keys.set(id, key)
  return { id, hash, role, ...(namespaces === undefined ? {} : { namespaces }) }
}

const as = (who: string, method: 'GET' | 'PUT' | 'POST' | 'DELETE', url: string, payload?: string | object) =>
  app.inject({
    method,
    url,
    headers: {
      authorization: `Bearer ${keys.get(who)}`,
      ...(typeof payload === 'string' ? { 'content-type': 'application/yaml' } : {}),
    },
    ...(payload === undefined ? {} : { payload }),
  })

const alert = (rule: string, sequence: number) => ({
  sequence,
  subject: `alerts.x.${rule}.high`,
  storedAt: '2026-01-01T00:00:00.000Z',
  alert: { id: `${rule}.1.${'a'.repeat(26)}`, data: { rule, severity: 'high' } },
})

beforeAll(async () => {
  const apiKeys = [
    entry('root', 'operator'),
    entry('fraud', 'author', ['fraud']),
    entry('fraud-viewer', 'viewer', ['fraud']),
    entry('both', 'author', ['fraud', 'ops']),
  ]
  const fake = await startFakeApi({
    config: { auth: { apiKeys }, limits: { guestNamespaces: ['fraud', 'ops'] } },
  })
  app = fake.app
  for (const [id, namespace] of [
    ['cards', 'fraud'],
    ['disks', 'ops'],
    ['moved', 'ops'],
  ] as const)
    expect((await as('root', 'PUT', `/v1/rules/${id}`, text(id, namespace))).statusCode).toBe(201)
  expect((await as('root', 'PUT', '/v1/rules/moved?force=true', text('moved', 'fraud'))).statusCode).toBe(200)
  fake.alerts.push(alert('cards', 1), alert('disks', 2))
})
afterAll(() => app.close())

test('a list of rules holds those of one’s own namespaces', async () => {
  const ids = async (who: string) =>
    (await as(who, 'GET', '/v1/rules')).json().rules.map(({ id }: { id: string }) => id)
  expect(await ids('root')).toEqual(['cards', 'disks', 'moved'])
  expect(await ids('fraud')).toEqual(['cards', 'moved'])
})

test('the status shows the budgets of one’s own namespaces', async () => {
  const guests = async (who: string) =>
    (await as(who, 'GET', '/v1/status'))
      .json()
      .partitions[0].guests.map(({ namespace }: { namespace: string }) => namespace)
  expect(await guests('root')).toEqual(['fraud', 'ops'])
  expect(await guests('fraud-viewer')).toEqual(['fraud'])
})

const ofRule = ROUTES.filter(({ path }) => path.startsWith('/v1/rules/{id}'))

test.each(ofRule.map(({ method, path }) => [method, path] as const))(
  '%s %s of another namespace is refused, and so are the old texts of a rule that came from there',
  async (method, path) => {
    for (const id of ['disks', 'moved']) {
      const body = path.endsWith(':status')
        ? { status: 'live' }
        : path.endsWith(':restore')
          ? { version: 1 }
          : path.endsWith(':share')
            ? { share: 10 }
            : path.endsWith(':promote') || path.endsWith(':rollback')
              ? {}
              : undefined
      const payload = method === 'PUT' ? text(id, 'fraud') : body
      const answer = await as('fraud', method, path.replace('{id}', id).replace('{version}', '1'), payload)
      expect([answer.statusCode, answer.json().code]).toEqual([403, 'namespace-not-allowed'])
      expect(answer.body).not.toContain('events.a')
    }
  },
)

test('an author writes rules of one’s own namespace and of no other', async () => {
  expect((await as('fraud', 'PUT', '/v1/rules/new', text('new', 'fraud'))).statusCode).toBe(201)
  for (const namespace of ['ops', 'default'])
    expect((await as('fraud', 'PUT', '/v1/rules/other', text('other', namespace))).statusCode).toBe(403)
  expect((await as('fraud', 'PUT', '/v1/rules/new?force=true', text('new', 'ops'))).statusCode).toBe(403)
  expect((await as('both', 'PUT', '/v1/rules/new?force=true', text('new', 'ops'))).statusCode).toBe(200)
  expect((await as('fraud-viewer', 'PUT', '/v1/rules/more', text('more', 'fraud'))).statusCode).toBe(403)
})

test('apply refuses all when one is of another namespace, and prunes only one’s own', async () => {
  const many = [text('a1', 'fraud'), text('a2', 'ops')].join('---\n')
  expect((await as('fraud', 'POST', '/v1/rules:apply', many)).statusCode).toBe(403)
  expect((await as('root', 'GET', '/v1/rules/a1')).statusCode).toBe(404)
  const applied = await as('fraud', 'POST', '/v1/rules:apply?prune=true&dryRun=true', text('a1', 'fraud'))
  const touched = applied.json().rules.map(({ id }: { id: string }) => id)
  expect(touched).toContain('cards')
  expect(touched).not.toContain('disks')
})

test('alerts of other namespaces are not there', async () => {
  const page = (await as('fraud-viewer', 'GET', '/v1/alerts')).json()
  expect(page.alerts.map(({ sequence }: { sequence: number }) => sequence)).toEqual([1])
  expect((await as('fraud-viewer', 'GET', '/v1/alerts/1')).statusCode).toBe(200)
  expect((await as('fraud-viewer', 'GET', '/v1/alerts/2')).statusCode).toBe(404)
  expect((await as('fraud', 'POST', '/v1/alerts/2/acknowledge')).statusCode).toBe(404)
  expect((await as('fraud', 'POST', '/v1/alerts/1/acknowledge')).statusCode).toBe(200)
})

test('a silence reaches as far as the role', async () => {
  const silence = (match: object) => ({ match, until: '2h', why: 'works' })
  expect((await as('fraud', 'POST', '/v1/silences', silence({ namespace: 'fraud' }))).statusCode).toBe(201)
  expect((await as('fraud', 'POST', '/v1/silences', silence({ rule: 'cards' }))).statusCode).toBe(201)
  for (const match of [{ namespace: 'ops' }, { rule: 'disks' }, { key: 'c1' }])
    expect((await as('fraud', 'POST', '/v1/silences', silence(match))).statusCode).toBe(403)
  const { id } = (await as('root', 'POST', '/v1/silences', silence({ rule: 'disks' }))).json()
  expect((await as('fraud', 'POST', `/v1/silences/${id}/end`)).statusCode).toBe(403)
  expect((await as('fraud', 'GET', `/v1/silences/${id}`)).statusCode).toBe(404)
})

const SERVICE_WIDE = ROUTES.filter(({ scope, access }) => scope !== 'namespace' && access !== 'public')
test.each(SERVICE_WIDE.map(({ method, path }) => [method, path] as const))(
  '%s %s is for those whose role is for all namespaces',
  async (method, path) => {
    const url = path.replaceAll(/\{\w+\}/g, '1')
    expect((await as('both', method, url)).json()).toMatchObject({ status: 403 })
  },
)

test('why shows the events of a rule to those who may see the rule', async () => {
  expect((await as('fraud', 'POST', '/v1/why', { rule: 'disks', key: 'a' })).statusCode).toBe(403)
  expect((await as('fraud', 'POST', '/v1/why', { source: RULE, key: 'a' })).statusCode).toBe(403)
  expect((await as('fraud', 'POST', '/v1/why', { rule: 'cards', key: 'a' })).statusCode).toBe(200)
})
