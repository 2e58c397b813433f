import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RULE, startFakeApi } from '../support/api.ts'

let app: FastifyInstance
beforeEach(async () => {
  app = (await startFakeApi()).app
})
afterEach(() => app.close())

const LIVE = `${RULE}status: live\nsuppress: false\n`
const LONGER = LIVE.replace('5 minutes', '6 minutes')
const yaml = { 'content-type': 'application/yaml' }
const put = (payload: string, query = '?force=true') =>
  app.inject({ method: 'PUT', url: `/v1/rules/hello${query}`, payload, headers: yaml })
const candidate = (payload: string, query = '') =>
  app.inject({ method: 'PUT', url: `/v1/rules/hello/candidate${query}`, payload, headers: yaml })
const get = async (path = '') => (await app.inject({ url: `/v1/rules/hello${path}` })).json()
const step = (name: string, payload: object = {}, query = '', headers: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url: `/v1/rules/hello:${name}${query}`, payload, headers })
const refusal = ({ statusCode, json }: Awaited<ReturnType<typeof put>>) => {
  const { code, errors } = json()
  return [statusCode, code, ...(errors ?? []).map((error: { code: string }) => error.code)]
}

describe('a candidate', () => {
  test('runs beside the version in force, decides a share, and comes into force, each step a version', async () => {
    await put(LIVE)
    const set = await candidate(LONGER, '?reason=less+noise')
    expect(set.statusCode).toBe(200)
    expect(set.json()).toMatchObject({
      version: 2,
      textVersion: 1,
      source: LIVE,
      candidate: { version: 2, share: 0 },
      activation: { state: 'active' },
    })
    expect((await step('share', { share: 12.5 })).json()).toMatchObject({
      version: 3,
      textVersion: 1,
      candidate: { version: 2, share: 12.5 },
    })
    expect((await step('share', { share: 12.5 })).json()).toMatchObject({ version: 3, change: 'unchanged' })
    expect(await get('/candidate')).toMatchObject({
      id: 'hello',
      version: 2,
      share: 12.5,
      source: LONGER,
      reason: 'less noise',
      keepsPartialMatches: false,
      changes: [{ field: 'pattern', keepsPartialMatches: false }],
    })
    const promoted = (await step('promote', { reason: 'quieter' })).json()
    expect(promoted).toMatchObject({ version: 4, source: LONGER, status: 'live', reason: 'quieter' })
    expect(promoted).not.toHaveProperty('candidate')
    expect(promoted).not.toHaveProperty('textVersion')
    const back = (await step('rollback')).json()
    expect(back).toMatchObject({ version: 5, source: LIVE, change: 'updated' })
    expect((await get('/versions')).versions.map(({ did }: { did?: string }) => did)).toEqual([
      'rollback',
      'promotion',
      'share',
      'candidate',
      undefined,
    ])
    expect((await get('/versions/2')).source).toBe(LONGER)
    expect(refusal(await step('rollback'))).toEqual([409, 'nothing-to-roll-back'])
  })

  test('is taken away by the first roll back, and what it had replaced comes back by the second', async () => {
    await put(LIVE)
    await candidate(LONGER)
    await step('promote')
    await candidate(LIVE.replace('5 minutes', '7 minutes'))
    expect((await step('rollback')).json()).toMatchObject({ version: 5, textVersion: 3, source: LONGER })
    expect((await step('rollback')).json()).toMatchObject({ version: 6, source: LIVE })
  })

  test('is promoted in the status of the version in force', async () => {
    await put(RULE.replace('by: user', 'status: shadow\nby: user'))
    await candidate(LONGER)
    expect((await step('promote')).json()).toMatchObject({ status: 'shadow' })
    expect((await get()).source).toMatch(/^status: shadow$/m)
  })

  test('stays when the version in force is written anew, and goes when the rule stops', async () => {
    await put(LIVE)
    await candidate(LONGER, '?share=10')
    expect((await put(LIVE.replace('5 minutes', '4 minutes'))).json()).toMatchObject({
      version: 3,
      candidate: { version: 2, share: 10 },
    })
    expect((await step('status', { status: 'disabled' })).json()).not.toHaveProperty('candidate')
  })

  test('is refused where it cannot be', async () => {
    expect((await candidate(LIVE)).statusCode).toBe(404)
    expect((await step('promote')).statusCode).toBe(404)
    await put(RULE)
    expect(refusal(await candidate(LONGER))).toEqual([409, 'rule-not-running'])
    await put(LIVE)
    expect(refusal(await step('share', { share: 5 }))).toEqual([409, 'candidate-missing'])
    expect(refusal(await step('promote'))).toEqual([409, 'candidate-missing'])
    expect((await app.inject({ url: '/v1/rules/hello/candidate' })).json()).toMatchObject({
      status: 404,
      code: 'candidate-missing',
    })
    expect(refusal(await candidate(LIVE.replace('rule: hello', 'rule: other')))).toContain('rule-id-differs')
    expect((await candidate(LIVE.replace('followed', 'folowed'))).statusCode).toBe(422)
    expect(refusal(await candidate(`${LIVE}namespace: ops\n`))).toContain('candidate-namespace-differs')
    expect((await step('share', { share: 101 })).statusCode).toBe(400)
    expect(await get()).toMatchObject({ version: 2, source: LIVE })
  })

  test('with other keys may run in shadow and decides no share', async () => {
    const other = LIVE.replace('by: user', 'by: device')
    await put(LIVE)
    expect(refusal(await candidate(other, '?share=10'))).toContain('share-needs-same-key')
    expect((await candidate(other)).statusCode).toBe(200)
    expect(refusal(await step('share', { share: 10 }))).toContain('share-needs-same-key')
    await candidate(LONGER, '?share=10')
    expect(refusal(await put(other))).toContain('share-needs-same-key')
  })

  test('is tried by a dry run, and written by who knows the revision', async () => {
    await put(LIVE)
    const tried = (await candidate(LONGER, '?dryRun=true')).json()
    expect(tried).toMatchObject({ dryRun: true, candidate: { version: 2 } })
    expect(await get()).not.toHaveProperty('candidate')
    await candidate(LONGER)
    // What is in force goes on as it is, so there is nothing to say of its partial matches.
    for (const shown of [tried, (await step('share', { share: 10 }, '?dryRun=true')).json()])
      expect(shown).not.toHaveProperty('partialMatches')
    expect((await step('promote', {}, '?dryRun=true')).json()).toMatchObject({
      dryRun: true,
      version: 3,
      partialMatches: { kept: 0, drained: 0, dropped: 0 },
      differences: [{ field: 'pattern' }],
    })
    expect((await step('promote', {}, '', { 'if-match': '"1"' })).statusCode).toBe(412)
    expect((await step('promote', {}, '', { 'if-match': '"2"' })).statusCode).toBe(200)
  })
})

describe('what is asked for partial matches', () => {
  test('is refused, with the part that differs, where they cannot be kept', async () => {
    await put(LIVE)
    const answer = await put(LONGER, '?force=true&partialMatches=keep')
    expect(refusal(answer)).toEqual([422, 'rule-not-accepted', 'partial-matches-not-kept'])
    expect(answer.json().errors[0]).toMatchObject({ pointer: '/pattern' })
    expect(answer.json().errors[0].message).toContain('`pattern`')
    expect((await put(`${LIVE}severity: low\n`, '?force=true&partialMatches=keep')).statusCode).toBe(200)
    expect((await step('restore', { version: 1 }, '?partialMatches=keep')).statusCode).toBe(200)
    await candidate(LONGER)
    expect(refusal(await step('promote', {}, '?partialMatches=keep'))).toContain('partial-matches-not-kept')
    for (const mode of ['keep', 'drain'])
      expect(refusal(await step('status', { status: 'disabled' }, `?partialMatches=${mode}`))).toContain(
        'partial-matches-not-kept',
      )
    expect((await put(LONGER, '?force=true&partialMatches=drain')).statusCode).toBe(200)
    expect((await put(LIVE, '?force=true&partialMatches=other')).statusCode).toBe(400)
  })

  test('is refused for all of an apply before the first is written', async () => {
    await put(LIVE)
    const second = `${RULE.replace('rule: hello', 'rule: a-second')}---\n${LONGER}`
    const apply = (query: string) =>
      app.inject({ method: 'POST', url: `/v1/rules:apply${query}`, payload: second, headers: yaml })
    expect(refusal(await apply('?partialMatches=keep'))).toContain('partial-matches-not-kept')
    expect((await app.inject({ url: '/v1/rules/a-second' })).statusCode).toBe(404)
    expect((await apply('?partialMatches=drain')).statusCode).toBe(200)
  })
})

describe('a rule that is managed by git', () => {
  const GIT = 'managedBy=git:example.org/rules'
  beforeEach(() => put(LIVE, `?${GIT}@1111111`))

  test('is changed from there, and from elsewhere only by force', async () => {
    const refused = await put(LONGER, '')
    expect(refused.statusCode).toBe(428)
    const elsewhere = await app.inject({
      method: 'PUT',
      url: '/v1/rules/hello',
      payload: LONGER,
      headers: { ...yaml, 'if-match': '*' },
    })
    expect(elsewhere.json()).toMatchObject({
      status: 409,
      code: 'rule-managed-elsewhere',
      managedBy: 'git:example.org/rules@1111111',
    })
    expect(elsewhere.json().hint).toContain('managedBy=git:example.org/rules@')
    for (const [name, body] of [
      ['status', { status: 'disabled' }],
      ['restore', { version: 1 }],
      ['share', { share: 1 }],
      ['promote', {}],
    ] as const)
      if (name !== 'restore') expect(refusal(await step(name, body))).toEqual([409, 'rule-managed-elsewhere'])
    expect(refusal(await candidate(LONGER))).toEqual([409, 'rule-managed-elsewhere'])
    expect(
      (await app.inject({ method: 'DELETE', url: '/v1/rules/hello', headers: { 'if-match': '*' } })).json(),
    ).toMatchObject({ code: 'rule-managed-elsewhere' })
    const moved = await candidate(LONGER, `?${GIT}@2222222`)
    expect(moved.json()).toMatchObject({ managedBy: 'git:example.org/rules@2222222' })
    expect(refusal(await step('promote', {}, '?managedBy=git:example.org/others@1'))).toEqual([
      409,
      'rule-managed-elsewhere',
    ])
    const forced = await put(LIVE.replace('5', '8'))
    expect(forced.json()).toMatchObject({ managedBy: 'git:example.org/rules@2222222' })
  })

  test('is applied from elsewhere only where nothing in it changes, and is not pruned', async () => {
    const apply = (payload: string, query = '') =>
      app.inject({ method: 'POST', url: `/v1/rules:apply${query}`, payload, headers: yaml })
    expect((await apply(LIVE)).json().rules).toMatchObject([{ change: 'unchanged' }])
    expect(refusal(await apply(LONGER))).toEqual([409, 'rule-managed-elsewhere'])
    expect(
      (await apply(RULE.replace('rule: hello', 'rule: other'), '?prune=true')).json().rules,
    ).toMatchObject([{ id: 'other', change: 'created' }])
    expect((await apply(LONGER, `?${GIT}@3`)).json().rules).toMatchObject([{ change: 'updated' }])
    expect((await apply(LIVE, '?force=true')).json().rules).toMatchObject([{ change: 'updated' }])
  })
})

describe('the difference between versions', () => {
  test('is a unified diff, and what kind of change it is', async () => {
    await put(LIVE)
    await put(`${LIVE}severity: low\n`)
    await candidate(LONGER)
    expect(await get('/versions/2/diff')).toMatchObject({
      against: 1,
      keepsPartialMatches: true,
      changes: [{ field: 'severity', before: 'medium', after: 'low' }],
    })
    const diff = await get('/versions/3/diff?against=1')
    expect(diff.diff).toContain('--- hello@1\n+++ hello@3\n@@')
    expect(diff.diff).toContain(
      '-pattern: A followed by B within 5 minutes\n+pattern: A followed by B within 6 minutes\n',
    )
    expect(diff).toMatchObject({ keepsPartialMatches: false, changes: [{ field: 'pattern' }] })
    expect((await get('/versions/1/diff')).diff).toContain('+rule: hello\n')
    expect((await get('/versions/9/diff')).code).toBe('rule-not-found')
    expect((await get('/versions/1/diff?against=9')).code).toBe('rule-not-found')
  })

  test('of a rule that was removed is all of its text', async () => {
    await put(LIVE)
    await app.inject({ method: 'DELETE', url: '/v1/rules/hello?force=true' })
    const diff = await get('/versions/2/diff')
    expect(diff.diff).toContain('-rule: hello\n')
    expect(diff).not.toHaveProperty('changes')
  })
})
