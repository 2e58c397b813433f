import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RULE, startFakeApi } from '../support/api.ts'

let app: FastifyInstance
beforeEach(async () => {
  app = (await startFakeApi()).app
})
afterEach(() => app.close())

const yaml = { 'content-type': 'application/yaml' }
const put = (id: string, payload: string, headers: Record<string, string> = {}, query = '') =>
  app.inject({ method: 'PUT', url: `/v1/rules/${id}${query}`, payload, headers: { ...yaml, ...headers } })
const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers })
const post = (url: string, payload: unknown, headers: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url, payload: payload as object, headers })

describe('a rule', () => {
  test('is created without any header and read back as it was written', async () => {
    const created = await put('hello', RULE)
    expect(created.statusCode).toBe(201)
    expect(created.json()).toMatchObject({
      id: 'hello',
      version: 1,
      revision: 1,
      status: 'draft',
      change: 'created',
      activation: { state: 'active', partitions: 1 },
    })
    expect(created.headers['etag']).toBe('"1"')
    const text = await get('/v1/rules/hello', { accept: 'application/yaml' })
    expect(text.headers['content-type']).toBe('application/yaml')
    expect(text.body).toBe(RULE)
    expect((await get('/v1/rules')).json().rules).toMatchObject([{ id: 'hello', severity: 'medium' }])
    expect((await get('/v1/rules/hello', { 'if-none-match': '"1"' })).statusCode).toBe(304)
  })

  test('is changed only by who knows its revision, or says so', async () => {
    await put('hello', RULE)
    const changed = RULE.replace('5 minutes', '6 minutes')
    const unstated = await put('hello', changed)
    expect(unstated.statusCode).toBe(428)
    expect(unstated.json()).toMatchObject({ code: 'precondition-needed' })
    const stale = await put('hello', changed, { 'if-match': '"9"' })
    expect(stale.statusCode).toBe(412)
    expect(stale.json()).toMatchObject({
      code: 'rule-changed-meanwhile',
      current: { revision: 1, source: RULE },
    })
    expect((await put('hello', changed, { 'if-none-match': '*' })).statusCode).toBe(412)
    const good = await put('hello', changed, { 'if-match': '"1"' })
    expect(good.statusCode).toBe(200)
    expect(good.json()).toMatchObject({ version: 2, revision: 2, change: 'updated' })
    expect((await put('hello', RULE, {}, '?force=true')).json()).toMatchObject({ version: 3 })
    expect((await put('hello', RULE, {}, '?force=true')).json()).toMatchObject({
      version: 3,
      change: 'unchanged',
    })
  })

  test.each(['7', '"x"', 'W/"1"', '"1", "2"'])('If-Match %s is not accepted', async (match) => {
    const answer = await put('hello', RULE, { 'if-match': match })
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'precondition-not-accepted'])
  })

  test('is checked and not stored by a dry run', async () => {
    const dry = await put('hello', RULE, {}, '?dryRun=true')
    expect(dry.statusCode).toBe(200)
    expect(dry.json()).toMatchObject({ change: 'created', dryRun: true, version: 1 })
    expect((await get('/v1/rules/hello')).statusCode).toBe(404)
  })

  test('that cannot be read changes nothing and names every problem with its line', async () => {
    await put('hello', RULE)
    const broken = await put('hello', RULE.replace('followed', 'folowed').replace('by: user', 'bye: user'), {
      'if-match': '"1"',
    })
    expect(broken.statusCode).toBe(422)
    expect(broken.headers['content-type']).toContain('application/problem+json')
    const { errors } = broken.json()
    expect(errors.length).toBeGreaterThanOrEqual(2)
    expect(errors).toContainEqual(expect.objectContaining({ line: 3, column: 1 }))
    expect(errors).toContainEqual(expect.objectContaining({ line: 7 }))
    for (const error of errors)
      expect(error).toEqual(
        expect.objectContaining({ code: expect.any(String), message: expect.any(String) }),
      )
    expect((await get('/v1/rules/hello')).json()).toMatchObject({ version: 1, source: RULE })
  })

  test('has the id of its address', async () => {
    const answer = await put('other', RULE)
    expect(answer.statusCode).toBe(422)
    expect(answer.json().errors).toContainEqual(
      expect.objectContaining({ code: 'rule-id-differs', pointer: '/rule' }),
    )
  })

  test('comes alone', async () => {
    const answer = await put('hello', `${RULE}---\n${RULE.replace('hello', 'second')}`)
    expect(answer.statusCode).toBe(422)
    expect(answer.json().errors).toContainEqual(expect.objectContaining({ code: 'one-rule-only' }))
  })

  test('on a subject that nothing feeds is stored with a warning', async () => {
    const answer = await put('hello', RULE.replace('events.b', 'orders.b'))
    expect(answer.statusCode).toBe(201)
    expect(answer.json().warnings).toContainEqual(expect.objectContaining({ code: 'subject-not-fed' }))
  })

  test('is deleted, keeps its versions, and goes on with them when it comes back', async () => {
    await put('hello', RULE)
    const remove = (headers = {}) => app.inject({ method: 'DELETE', url: '/v1/rules/hello', headers })
    expect((await remove()).statusCode).toBe(428)
    expect((await remove({ 'if-match': '"7"' })).statusCode).toBe(412)
    expect((await remove({ 'if-match': '"1"' })).json()).toMatchObject({ id: 'hello', version: 2 })
    expect((await get('/v1/rules/hello')).statusCode).toBe(404)
    expect((await get('/v1/rules')).json()).toEqual({ rules: [] })
    expect((await remove({ 'if-match': '"1"' })).statusCode).toBe(404)
    const restored = await post('/v1/rules/hello:restore', { version: 1, reason: 'a mistake' })
    expect([restored.statusCode, restored.json().version, restored.json().source]).toEqual([201, 3, RULE])
    expect((await get('/v1/rules/hello/versions')).json().versions).toMatchObject([
      { version: 3, kind: 'put', current: true, reason: 'a mistake' },
      { version: 2, kind: 'remove', current: false },
      { version: 1, kind: 'put', current: false, status: 'draft' },
    ])
  })

  test('changes its status in its text, comments kept', async () => {
    await put('hello', RULE)
    const answer = await post('/v1/rules/hello:status', { status: 'live', reason: 'tested' })
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({ version: 2, status: 'live', reason: 'tested' })
    const { source } = answer.json()
    expect(source).toContain('# kept as it is')
    expect(source).toMatch(/^status: live$/m)
    expect((await post('/v1/rules/hello:status', { status: 'live' })).json()).toMatchObject({
      change: 'unchanged',
    })
    expect((await post('/v1/rules/nobody:status', { status: 'live' })).statusCode).toBe(404)
    expect((await post('/v1/rules/hello:status', { status: 'on' })).statusCode).toBe(400)
  })

  test('in JSON is as good', async () => {
    const json = JSON.stringify({
      rule: 'hello',
      by: 'user',
      events: { A: 'events.a', B: 'events.b' },
      pattern: 'A followed by B within 5 minutes',
    })
    const answer = await put('hello', json, { 'content-type': 'application/json' })
    expect([answer.statusCode, answer.json().format, answer.json().source]).toEqual([201, 'json', json])
    const asYaml = await get('/v1/rules/hello', { accept: 'application/yaml' })
    expect(asYaml.body).toMatch(/^rule: hello$/m)
    expect((await post('/v1/rules/hello:status', { status: 'shadow' })).json()).toMatchObject({
      status: 'shadow',
    })
  })

  test('has versions that can be read one by one', async () => {
    await put('hello', RULE)
    await put('hello', RULE.replace('5', '6'), { 'if-match': '"1"' })
    expect((await get('/v1/rules/hello/versions/1')).json()).toMatchObject({ version: 1, source: RULE })
    expect((await get('/v1/rules/hello/versions/1', { accept: 'application/yaml' })).body).toBe(RULE)
    expect((await get('/v1/rules/hello/versions/9')).statusCode).toBe(404)
    expect((await get('/v1/rules/nobody/versions')).statusCode).toBe(404)
  })

  test('is explained in sentences', async () => {
    await put('hello', RULE)
    const answer = (await get('/v1/rules/hello/explain')).json()
    expect(answer.text).toContain('For each user')
    expect(answer.definition).toMatchObject({ id: 'hello' })
  })
})

describe('many rules', () => {
  const two = `${RULE}---\n# only a comment\n---\n${RULE.replace('rule: hello', 'rule: second')}`

  test('are validated at once, with lines of the whole text', async () => {
    const good = await post('/v1/rules:validate', two, yaml)
    expect(good.json()).toMatchObject({ valid: true, rules: [{ id: 'hello' }, { id: 'second' }] })
    const bad = await post('/v1/rules:validate', two.replace(/5 minutes\n$/, '5 minuts\n'), yaml)
    expect(bad.statusCode).toBe(200)
    expect(bad.json().valid).toBe(false)
    expect(bad.json().errors).toContainEqual(expect.objectContaining({ line: 17 }))
  })

  test('are applied at once, all or none, and pruned', async () => {
    const apply = (text: string, query = '') => post(`/v1/rules:apply${query}`, text, yaml)
    expect((await apply(two, '?dryRun=true')).json()).toMatchObject({ dryRun: true, rules: [{}, {}] })
    expect((await get('/v1/rules')).json().rules).toEqual([])
    expect((await apply(two)).json().rules).toEqual([
      { id: 'hello', change: 'created', version: 1 },
      { id: 'second', change: 'created', version: 1 },
    ])
    const changed = two.replace('rule: second', 'rule: second\nseverity: high')
    expect((await apply(changed)).json().rules.map(({ change }: { change: string }) => change)).toEqual([
      'unchanged',
      'updated',
    ])
    const broken = await apply(two.replace('severity', 'x').replace(/5 minutes\n$/, '5 minuts\n'))
    expect(broken.statusCode).toBe(422)
    expect((await get('/v1/rules/second')).json().version).toBe(2)
    expect((await apply(RULE, '?prune=true')).json().rules).toEqual([
      { id: 'hello', change: 'unchanged', version: 1 },
      { id: 'second', change: 'removed', version: 3 },
    ])
    const twice = await apply(`${RULE}---\n${RULE}`)
    expect(twice.json().errors).toContainEqual(expect.objectContaining({ code: 'duplicate-rule' }))
  })

  test('as a JSON array', async () => {
    const rule = {
      rule: 'a',
      by: 'user',
      events: { A: 'events.a', B: 'events.b' },
      pattern: 'A followed by B within 5m',
    }
    const answer = await post('/v1/rules:apply', [rule, { ...rule, rule: 'b' }])
    expect(answer.json().rules).toMatchObject([{ id: 'a' }, { id: 'b' }])
  })
})
