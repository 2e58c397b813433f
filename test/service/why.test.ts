import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningService, serve, silentLog } from '../../src/service/index.ts'
import { defaultConfig } from '../support/api.ts'
import { sequitur } from '../support/processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'sequitur-why-'))
const RULE = `rule: payee
by: user
status: live
events:
  login: events.login where outcome = "success"
  payee: events.payee where session = $login.session
pattern: login followed within 15 minutes by payee within 1 hour
`
let service: RunningService
let sequences: readonly number[]

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the tests that know them
type Answer = any
const call = async (path: string, init: RequestInit = {}): Promise<{ status: number; body: Answer }> => {
  const answer = await fetch(service.url + path, init)
  return { status: answer.status, body: await answer.json() }
}
const post = (path: string, body: unknown) =>
  call(path, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
const put = (id: string, text: string, query = '') =>
  call(`/v1/rules/${id}${query}`, {
    method: 'PUT',
    body: text,
    headers: { 'content-type': 'application/yaml' },
  })

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()

beforeAll(async () => {
  service = await serve(
    defaultConfig({
      dataDir: join(folder, 'data'),
      nats: { embedded: { port: 0 } },
      http: { port: 0, workerPort: 0 },
      input: { subjects: ['events.>'] },
      sources: [{ subject: 'events.>', timestamp: 'at' }],
      redact: ['pin'],
    }),
    { log: silentLog },
  )
  expect((await put('payee', RULE)).status).toBe(201)
  const stored = await post('/v1/events', [
    { subject: 'events.login', data: { user: 'u7', outcome: 'failure', pin: '4711', at: minutesAgo(41) } },
    { subject: 'events.login', data: { user: 'u7', outcome: 'success', session: 1, at: minutesAgo(40) } },
    { subject: 'events.payee', data: { user: 'u8', session: 1, at: minutesAgo(30) } },
    { subject: 'events.payee', data: { user: 'u7', session: 1, at: minutesAgo(20.5) } },
    { subject: 'events.login', data: { user: 'u9', outcome: 'success', session: 3, at: minutesAgo(1) } },
    { subject: 'events.login', data: { user: 'u9', outcome: 'success', session: 4, at: minutesAgo(1) } },
    { subject: 'events.login', data: { user: 'u10', outcome: 'success', session: 5, at: minutesAgo(0.5) } },
  ])
  expect(stored.body).toMatchObject({ stored: 7 })
  sequences = stored.body.results.map(({ sequence }: { sequence: number }) => sequence)
}, 400_000)
afterAll(async () => {
  await service.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('POST /v1/why', () => {
  test('says why a stored rule did not alert, and what would have', async () => {
    const { status, body } = await post('/v1/why', { rule: 'payee', key: 'u7' })
    expect(status).toBe(200)
    expect(body).toMatchObject({ rule: 'payee', version: 1, key: { user: 'u7' }, read: 7, alerts: [] })
    expect(body.events.map(({ sequence, outcome }: Answer) => [sequence, outcome])).toEqual([
      [sequences[0], 'not-taken'],
      [sequences[1], 'taken'],
      [sequences[3], 'not-taken'],
    ])
    expect(body.events[0].steps[0].text).toBe(
      'not login: `outcome = "success"` is false: outcome is "failure"',
    )
    expect(body.events[2].steps[0]).toMatchObject({ kind: 'limit-passed', step: 'payee' })
    expect(body.nearestMiss).toMatchObject({
      change: '"followed within 20 minutes by payee" instead of "followed within 15 minutes by payee"',
    })
    expect(JSON.stringify(body)).not.toContain('4711')
  })

  test('of a text that is not stored, with hidden values', async () => {
    const source = RULE.replace('outcome = "success"', 'pin = "0000"')
    const { body } = await post('/v1/why', { source, key: 'u7' })
    expect(JSON.stringify(body)).toContain('pin is \\"[redacted]\\"')
    expect(JSON.stringify(body)).not.toContain('4711')
  })

  test('around an event, whose key it takes', async () => {
    const { body } = await post('/v1/why', { rule: 'payee', event: sequences[3] })
    expect(body.key).toEqual({ user: 'u7' })
    expect(body.nearestMiss.kind).toBe('limit')
  })

  test('in a span that has nothing in it', async () => {
    const { body } = await post('/v1/why', { rule: 'payee', key: 'u7', since: '2h', until: '1h' })
    expect(body).toMatchObject({ read: 0, events: [] })
  })

  test.each([
    [{ rule: 'nobody', key: 'u7' }, 404, 'rule-not-found'],
    [{ rule: 'payee', version: 9, key: 'u7' }, 404, 'rule-not-found'],
    [{ key: 'u7' }, 422, 'why-needs-rule'],
    [{ rule: 'payee' }, 422, 'why-needs-key'],
    [{ rule: 'payee', event: 999_999 }, 404, 'event-not-found'],
    [{ rule: 'payee', key: 'u7', since: 'yesterday' }, 422, 'time-not-readable'],
    [{ source: 'rule: x', key: 'u7' }, 422, 'rule-not-accepted'],
  ])('%j is refused', async (body, status, code) => {
    const answer = await post('/v1/why', body)
    expect([answer.status, answer.body.code]).toEqual([status, code])
  })

  test('several at once do not mix', async () => {
    const answers = await Promise.all(
      ['u7', 'u8', 'u9', 'u7'].map((key) => post('/v1/why', { rule: 'payee', key })),
    )
    expect(answers.map(({ body }) => [body.key.user, body.events.length])).toEqual([
      ['u7', 3],
      ['u8', 1],
      ['u9', 2],
      ['u7', 3],
    ])
  })
})

describe('GET /v1/events/{sequence}/rules', () => {
  test('says which steps it could be taken at', async () => {
    const { body } = await call(`/v1/events/${sequences[3]}/rules`)
    expect(body).toMatchObject({
      subject: 'events.payee',
      rules: [
        {
          rule: 'payee',
          key: { user: 'u7' },
          keyValue: 'u7',
          steps: [{ step: 'payee', holds: true, undecided: ['session = $login.session'] }],
        },
      ],
      notLookedAt: 0,
    })
    const failed = await call(`/v1/events/${sequences[0]}/rules`)
    expect(failed.body.rules[0].steps[0]).toMatchObject({ step: 'login', holds: false })
  })
  test('an event that is not there', async () =>
    expect((await call('/v1/events/999999/rules')).status).toBe(404))
})

describe('partial matches', () => {
  test('the funnel says how many wait where', async () => {
    await expect
      .poll(async () => (await call('/v1/rules/payee/funnel')).body, { timeout: 10_000 })
      .toMatchObject({
        rule: 'payee',
        partialMatches: 3,
        keys: 2,
        stages: [
          {
            version: 1,
            role: 'in-force',
            taken: ['login'],
            waitingFor: ['payee'],
            partialMatches: 3,
            keys: 2,
          },
        ],
        notCounted: 0,
        unreachable: [],
      })
  })

  test('pages go through all of them once', async () => {
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await call(
        `/v1/rules/payee/matches?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`,
      )
      expect(page.body.total).toBe(3)
      seen.push(...page.body.matches.map(({ events }: Answer) => events[0].seq))
      cursor = page.body.next
    } while (cursor !== undefined)
    expect(seen).toEqual([sequences[4], sequences[5], sequences[6]])
    const one = await call('/v1/rules/payee/matches?key=u10')
    expect(one.body).toMatchObject({ total: 1, matches: [{ waitingFor: ['payee'] }] })
    expect((await call('/v1/rules/payee/matches?cursor=x')).status).toBe(422)
  })
})

const cli = (...words: readonly string[]) =>
  sequitur(words, { cwd: folder, environment: { SEQUITUR_URL: service.url } })
const rows = (text: string): Answer[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('the command line', () => {
  test('why tells the story and ends with 1', async () => {
    const { code, stdout } = await cli('why', 'payee', 'u7', '-o', 'table')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^payee \(version 1\), key u7\n\d{4}-\d\d-\d\d\n/)
    expect(stdout).toMatch(/\d\d:\d\d:\d\d {2}login: taken \(seq \d+\)/)
    expect(stdout).toMatch(/NOT taken as payee, 19m30s.* after login, limit 15m/)
    expect(stdout).toContain('nearest miss: 5m. With "followed within 20 minutes by payee"')
    const piped = await cli('why', 'payee', '--event', String(sequences[3]))
    expect(rows(piped.stdout).at(-1).text).toContain('nearest miss')
    expect(JSON.parse((await cli('why', 'payee', 'u7', '-o', 'json')).stdout)).toMatchObject({
      rule: 'payee',
    })
  })

  test('why of a file of events, without a service', async () => {
    writeFileSync(join(folder, 'payee.yaml'), RULE)
    const at = (minute: number): string =>
      new Date(Date.parse('2026-01-01T10:00:00Z') + minute * 60_000).toISOString()
    const events = [
      { time: at(0), subject: 'events.login', data: { user: 7, outcome: 'success', session: 1 } },
      { time: at(3), subject: 'events.payee', data: { user: 7, session: 1 } },
    ]
    writeFileSync(
      join(folder, 'events.ndjson'),
      `${events.map((event) => JSON.stringify(event)).join('\n')}\n`,
    )
    const { code, stdout } = await sequitur(
      ['why', 'payee.yaml', '7', '--input', 'events.ndjson', '-o', 'table'],
      { cwd: folder },
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /10:00:00 {2}login: taken \(seq 1\)\n {2}10:03:00 {2}payee: taken \(seq 2\)\n {2}10:03:00 {2}ALERT/,
    )
    writeFileSync(join(folder, 'bad.ndjson'), '{"subject":"x"}\n')
    const bad = await sequitur(['why', 'payee.yaml', '7', '--input', 'bad.ndjson'], { cwd: folder })
    expect([bad.code, bad.stderr]).toEqual([
      3,
      expect.stringContaining('bad.ndjson:1: this line is no event'),
    ])
  })

  test('matches lists them, and the funnel', async () => {
    const list = await cli('matches', 'payee')
    expect(rows(list.stdout).map(({ key }) => key.user)).toEqual(['u9', 'u9', 'u10'])
    expect(rows((await cli('matches', 'payee', '--key', 'u10')).stdout)).toHaveLength(1)
    const funnel = await cli('matches', 'payee', '--funnel', '-o', 'table')
    expect(funnel.stdout).toMatch(/login +3 +2 .*payee$/m)
  })

  test('diff says what a change makes of the partial matches, and changes nothing', async () => {
    const file = join(folder, 'payee.yaml')
    writeFileSync(file, RULE)
    expect((await cli('diff', '-f', 'payee.yaml')).code).toBe(0)
    writeFileSync(file, `${RULE}severity: high\n`)
    const kept = await cli('diff', '-f', 'payee.yaml')
    expect([kept.code, rows(kept.stdout)]).toMatchObject([
      1,
      [{ id: 'payee', change: 'updated', partialMatches: { kept: 3, drained: 0, dropped: 0 } }],
    ])
    writeFileSync(file, RULE.replace('15 minutes', '20 minutes'))
    const dropped = await cli('diff', '-f', 'payee.yaml')
    expect(rows(dropped.stdout)).toMatchObject([
      {
        partialMatches: { kept: 0, dropped: 3 },
        differences: [{ field: 'pattern', keepsPartialMatches: false }],
      },
    ])
    expect(dropped.stderr).toContain('1 rule would change; 3 of their partial matches would be dropped')
    writeFileSync(file, 'rule: other\nby: user\nevents: { a: events.a }\npattern: a\n')
    const pruned = await cli('diff', '-f', 'payee.yaml', '--prune')
    expect(rows(pruned.stdout)).toMatchObject([
      { id: 'other', change: 'created' },
      { id: 'payee', change: 'removed', partialMatches: { dropped: 3 } },
    ])
    expect((await call('/v1/rules/payee')).body.version).toBe(1)
  })

  test('after the change the statistics say it', async () => {
    const changed = await put('payee', RULE.replace('15 minutes', '20 minutes'), '?force=true')
    expect(changed.body).toMatchObject({ version: 2 })
    expect(changed.body.partialMatches).toBeUndefined()
    await expect
      .poll(async () => (await call('/v1/rules/payee/stats')).body.total, { timeout: 10_000 })
      .toMatchObject({ version: 2, dropped: 3, partialMatches: 0 })
  })
})
