import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isInShare } from '../../src/engine/index.ts'
import { type RunningService, serve, silentLog } from '../../src/service/index.ts'
import { defaultConfig } from '../support/api.ts'
import { sequitur } from '../support/processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'sequitur-lifecycle-'))
const rule = (limit: string): string => `rule: pair
status: live
by: user
events: { A: events.a, B: events.b }
pattern: A followed by B within ${limit}
suppress: false
alert: { message: "within ${limit}" }
`
const config = defaultConfig({
  dataDir: join(folder, 'data'),
  nats: { embedded: { port: 0 } },
  http: { port: 0, workerPort: 0 },
  input: { subjects: ['events.>'] },
})
const start = (): Promise<RunningService> => serve(config, { log: silentLog })
let service: RunningService

beforeAll(async () => {
  service = await start()
}, 400_000)
afterAll(async () => {
  await service.stop()
  rmSync(folder, { recursive: true, force: true })
})

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the test that knows them
type Answer = any
const get = async (path: string): Promise<Answer> => (await fetch(service.url + path)).json()
const send = async (subject: string, users: readonly string[]): Promise<void> => {
  const answer = await fetch(`${service.url}/v1/events`, {
    method: 'POST',
    body: JSON.stringify(users.map((user) => ({ subject, data: { user } }))),
    headers: { 'content-type': 'application/json' },
  })
  expect(answer.status).toBe(200)
}
/** A command with its one row. */
async function cli(...args: string[]): Promise<Answer> {
  const { code, stdout, stderr } = await sequitur([...args, '--server', service.url, '-o', 'ndjson'], {
    cwd: folder,
  })
  expect([args, code, stderr]).toEqual([args, 0, expect.any(String)])
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  return rows.length === 1 ? rows[0] : rows
}

/** `user version` of what was raised in a mode, as soon as there are so many. */
async function raised(mode: 'live' | 'shadow', count: number): Promise<readonly string[]> {
  await expect
    .poll(async () => (await get(`/v1/alerts?rule=pair&mode=${mode}&limit=500`)).alerts.length, {
      timeout: 20_000,
    })
    .toBe(count)
  const { alerts } = await get(`/v1/alerts?rule=pair&mode=${mode}&limit=500`)
  return alerts.map(({ alert }: Answer) => `${alert.data.key.user} ${alert.data.version}`).sort()
}

const users = (prefix: string): readonly string[] =>
  Array.from({ length: 8 }, (_, index) => `${prefix}${index}`)
const split = (all: readonly string[], version: number, other: number, percent: number): string[] =>
  all.map((user) => `${user} ${isInShare('pair', user, percent) ? version : other}`).sort()

test('from a candidate in shadow to the version in force and back, over restarts', {
  timeout: 400_000,
}, async () => {
  writeFileSync(join(folder, 'pair.yaml'), rule('1 hour'))
  await cli('apply', '-f', 'pair.yaml')
  writeFileSync(join(folder, 'pair.yaml'), rule('2 hours'))

  // In shadow: both see the same, one alerts.
  expect(await cli('candidate', 'set', 'pair.yaml', '--reason', 'longer')).toMatchObject({
    inForce: 1,
    candidate: 2,
    share: 0,
    activation: 'active',
  })
  const first = users('a')
  await send('events.a', first)
  await send('events.b', first)
  expect(await raised('live', 8)).toEqual(first.map((user) => `${user} 1`))
  expect(await raised('shadow', 8)).toEqual(first.map((user) => `${user} 2`))
  const shown = await cli('candidate', 'show', 'pair')
  expect(shown).toMatchObject([
    { version: 1, role: 'in-force', matches: 8, alerts: 8, shadowAlerts: 0 },
    { version: 2, role: 'candidate', share: 0, matches: 8, alerts: 0, shadowAlerts: 8 },
  ])
  expect((await get('/v1/rules/pair/stats')).total).toMatchObject({ matches: 16, alerts: 8, shadowAlerts: 8 })

  // Half of the keys: each is decided by one of the two.
  expect(await cli('candidate', 'share', 'pair', '50%')).toMatchObject({ share: 50 })
  const second = users('b')
  await send('events.a', second)
  await service.stop()
  service = await start()
  await send('events.b', second)
  const live = (await raised('live', 16)).filter((entry) => entry.startsWith('b'))
  expect(live).toEqual(split(second, 2, 1, 50))
  expect(new Set(live.map((entry) => entry.split(' ')[1]))).toEqual(new Set(['1', '2']))
  expect((await raised('shadow', 16)).filter((entry) => entry.startsWith('b'))).toEqual(
    split(second, 1, 2, 50),
  )
  const { alerts } = await get('/v1/alerts?rule=pair&mode=shadow&limit=1')
  expect(alerts[0].alert.data.decided_by).toBe(3 - alerts[0].alert.data.version)

  // Promoted: what the old version began it finishes, where it decided.
  const third = users('c')
  await send('events.a', third)
  await expect.poll(async () => (await get('/v1/rules/pair/matches')).total, { timeout: 20_000 }).toBe(16)
  const standing = { partialMatches: 8, keys: 8, taken: ['A'], waitingFor: ['B'] }
  expect(await get('/v1/rules/pair/funnel')).toMatchObject({
    partialMatches: 16,
    keys: 8,
    notCounted: 0,
    stages: [
      { version: 1, role: 'in-force', ...standing },
      { version: 2, role: 'candidate', ...standing },
    ],
  })
  const before = await cli('promote', 'pair', '--partial-matches', 'drain', '--dry-run')
  expect(before.partialMatches).toEqual({ kept: 8, drained: 8, dropped: 0 })
  const promoted = await cli('promote', 'pair', '--partial-matches', 'drain', '--reason', 'better')
  expect(promoted).toMatchObject({
    version: 4,
    inForce: 4,
    partialMatches: { kept: 8, drained: 8, dropped: 0 },
  })
  await service.stop()
  service = await start()
  const { total } = await get('/v1/rules/pair/stats')
  expect(total.versions).toMatchObject([
    { version: 4, role: 'in-force', partialMatches: 8 },
    { version: 1, role: 'draining', partialMatches: 8, until: expect.any(String) },
  ])
  const waiting: Answer[] = []
  for (let next: string | undefined = ''; next !== undefined; ) {
    const page: Answer = await get(`/v1/rules/pair/matches?limit=3${next}`)
    waiting.push(...page.matches)
    next = page.next === undefined ? undefined : `&cursor=${page.next}`
  }
  expect(waiting.map(({ version, role, key }) => `${version} ${role} ${key.user}`).sort()).toEqual([
    ...third.map((user) => `1 draining ${user}`),
    ...third.map((user) => `4 in-force ${user}`),
  ])
  const listed = await sequitur(['matches', 'pair', '--funnel', '--server', service.url, '-o', 'table'], {
    cwd: folder,
  })
  expect(listed.stdout).toMatch(/^VERSION +ROLE +TAKEN.*\n +4 +in-force +A +8 +8 .*\n +1 +draining +A +8 +8 /)
  expect(await cli('matches', 'pair', '--key', 'c3')).toMatchObject([{ version: 1 }, { version: 4 }])
  await send('events.b', third)
  expect((await raised('live', 24)).filter((entry) => entry.startsWith('c'))).toEqual(split(third, 4, 1, 50))
  const fourth = users('d')
  await send('events.a', fourth)
  await send('events.b', fourth)
  expect((await raised('live', 32)).filter((entry) => entry.startsWith('d'))).toEqual(
    fourth.map((user) => `${user} 4`),
  )
  expect((await get('/v1/rules/pair/stats')).total.versions).toHaveLength(1)

  // Back.
  expect(await cli('rollback', 'pair')).toMatchObject({ version: 5, inForce: 5 })
  const diff = await sequitur(['diff', 'pair@4', 'pair@5', '--server', service.url, '-o', 'table'], {
    cwd: folder,
  })
  expect(diff.code).toBe(1)
  expect(diff.stdout).toContain(
    '-pattern: A followed by B within 2 hours\n+pattern: A followed by B within 1 hour',
  )
  expect(diff.stderr).toContain('`pattern` decides what is matched')
  const fifth = users('e')
  await send('events.a', fifth)
  await send('events.b', fifth)
  expect((await raised('live', 40)).filter((entry) => entry.startsWith('e'))).toEqual(
    fifth.map((user) => `${user} 5`),
  )
})

test('the command line says what it does not take', async () => {
  const refused = async (...args: string[]): Promise<readonly [number | null, string]> => {
    const { code, stderr } = await sequitur([...args, '--server', service.url], { cwd: folder })
    return [code, stderr]
  }
  expect(await refused('candidate', 'share', 'pair', '110%')).toEqual([
    2,
    expect.stringContaining('110% is no share'),
  ])
  expect(await refused('candidate', 'share', 'pair', '10')).toEqual([
    1,
    expect.stringContaining('candidate-missing'),
  ])
  expect(await refused('diff', 'pair@1', 'other@2')).toEqual([2, expect.stringContaining('of one rule')])
  expect((await refused('apply', '-f', 'pair.yaml', '--managed-by', 'git:example.org/rules@1'))[0]).toBe(0)
  expect(await refused('delete', 'rule', 'pair')).toEqual([
    1,
    expect.stringContaining('is managed by git:example.org/rules@1'),
  ])
  writeFileSync(join(folder, 'other.yaml'), rule('1 hour').replace('rule: pair', 'rule: other'))
  const [code, stderr] = await refused('apply', '-f', 'other.yaml', '--prune')
  expect([code, stderr]).toEqual([0, expect.stringContaining('another place manages them: pair')])
  expect((await refused('delete', 'rule', 'pair', '--force'))[0]).toBe(0)
})
