import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  type Bucket,
  Catalogue,
  isSamePerson,
  localCompiler,
  openBucket,
  PROPOSALS_KEPT_MS,
  ProposalDesk,
  type RuleCompiler,
  readProposal,
} from '../../src/service/catalogue/index.ts'
import { createApiKey } from '../../src/service/config/index.ts'
import { ROUTES } from '../../src/service/http/index.ts'
import { defaultConfig, NOW, RULE, startFakeApi } from '../support/api.ts'
import { startTestNats, type TestNats } from '../support/nats.ts'
import { sequitur, startService } from '../support/processes.ts'

const textOf = (id: string, status: string, more = ''): string =>
  `${RULE.replace('rule: hello', `rule: ${id}`)}status: ${status}\n${more}`

const DAY_MS = 86_400_000
/** Each of them once, `ann` and `bob` with an old and a new key. */
const PEOPLE = [
  ['ann', 'operator', ['*']],
  ['ann', 'operator', ['*']],
  ['bob', 'operator', ['*']],
  ['bob', 'operator', ['*']],
  ['cid', 'approver', ['*']],
  ['dee', 'author', ['*']],
  ['fay', 'approver', ['fraud']],
  ['gus', 'viewer', ['*']],
] as const
type Who = (typeof PEOPLE)[number][0]

let nats: TestNats
beforeAll(async () => {
  nats = await startTestNats()
})
afterAll(() => nats.end())

let bucketsMade = 0

interface Desk {
  readonly app: FastifyInstance
  /** The same API once more, as another process has it. */
  readonly other: FastifyInstance
  readonly catalogue: Catalogue
  readonly desk: ProposalDesk
  readonly buckets: { readonly rules: Bucket; readonly versions: Bucket; readonly proposals: Bucket }
  /** Lets time pass. */
  pass(ms: number): void
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the tests that know them
  as(who: Who, method: string, path: string, body?: unknown, options?: AsOptions): Promise<any>
}

interface AsOptions {
  readonly app?: FastifyInstance
  /** Their second key. */
  readonly second?: true
}

async function startDesk(approvals: Readonly<Record<string, unknown>> = { needed: 1 }): Promise<Desk> {
  const { connection } = await nats.connect()
  bucketsMade += 1
  const [rules, versions, proposals] = await Promise.all([
    openBucket(connection, `RULES_${bucketsMade}`),
    openBucket(connection, `VERSIONS_${bucketsMade}`),
    openBucket(connection, `PROPOSALS_${bucketsMade}`, { keptMs: PROPOSALS_KEPT_MS }),
  ])
  const keys = PEOPLE.map(([id, role, namespaces]) => ({ ...createApiKey(id), id, role, namespaces }))
  const overrides = { approvals, auth: { apiKeys: keys.map(({ key: _, ...entry }) => entry) } }
  const config = defaultConfig(overrides)
  let now = NOW
  const parts = () => {
    const desk = new ProposalDesk({ bucket: proposals, rules, policy: config.approvals, now: () => now })
    const catalogue = new Catalogue({
      rules,
      versions,
      proposals: desk,
      compiler: localCompiler,
      now: () => now,
      fedSubjects: async () => ['events.>'],
      knownLists: async () => [],
    })
    return { catalogue, proposals: desk, now: () => now }
  }
  const services = parts()
  const { app } = await startFakeApi({ config: overrides, services })
  const { app: other } = await startFakeApi({ config: overrides, services: parts() })
  onTestFinished(async () => {
    await app.close()
    await other.close()
  })
  return {
    app,
    other,
    catalogue: services.catalogue,
    desk: services.proposals,
    buckets: { rules, versions, proposals },
    pass: (ms) => {
      now += ms
    },
    as: async (who, method, path, body, options = {}) => {
      const own = keys.filter(({ id }) => id === who)
      const key = own[options.second === true ? 1 : 0]?.key
      const answer = await (options.app ?? app).inject({
        method: method as 'GET',
        url: `/v1/${path}`,
        ...(body === undefined ? {} : { payload: body as string }),
        headers: {
          authorization: `Bearer ${key}`,
          ...(typeof body === 'string' ? { 'content-type': 'application/yaml' } : {}),
        },
      })
      return { ...answer.json(), http: answer.statusCode, headers: answer.headers }
    },
  }
}

/** A live rule of version 2, approved by bob. */
async function liveRule({ as }: Desk, id = 'hello', more = ''): Promise<void> {
  expect(await as('dee', 'PUT', `rules/${id}`, textOf(id, 'draft', more))).toMatchObject({ http: 201 })
  const proposal = await as('dee', 'POST', `rules/${id}:status`, { status: 'live', reason: 'ready' })
  expect(proposal).toMatchObject({ http: 202, state: 'pending' })
  expect(await as('bob', 'POST', `proposals/${proposal.id}:approve`)).toMatchObject({ state: 'applied' })
}

/** Another process on the same buckets. */
function catalogueWith({ buckets }: Pick<Desk, 'buckets'>, compiler: Partial<RuleCompiler>): Catalogue {
  const { rules, proposals } = buckets
  const policy = { ...defaultConfig().approvals, needed: 1 }
  const desk = new ProposalDesk({ bucket: proposals, rules, policy, now: () => NOW })
  return new Catalogue({
    ...buckets,
    proposals: desk,
    compiler: { ...localCompiler, ...compiler },
    now: () => NOW,
    fedSubjects: async () => [],
    knownLists: async () => [],
  })
}

describe('a change of what is live', () => {
  test('waits until somebody else has approved exactly it, and says who wrote and who approved it', async () => {
    const desk = await startDesk()
    const { as } = desk
    await liveRule(desk)
    const before = await as('gus', 'GET', 'rules/hello')
    expect(before).toMatchObject({ version: 2, status: 'live', author: 'dee', approvers: ['bob'] })

    const changed = textOf('hello', 'live', 'severity: high\n')
    const path = 'rules/hello?reason=louder&managedBy=git:r@1'
    const proposal = await as('dee', 'PUT', `${path}&force=true`, changed)
    expect(proposal).toMatchObject({
      http: 202,
      rule: 'hello',
      change: 'updated',
      state: 'pending',
      author: 'dee',
      reason: 'louder',
      needed: 1,
      approvals: [],
      base: { version: 2, status: 'live', revision: before.revision },
      warnings: [{ code: 'no-tests' }],
    })
    expect(proposal.headers.location).toBe(`/v1/proposals/${proposal.id}`)
    expect(await as('gus', 'GET', 'rules/hello')).toMatchObject({ version: 2, source: before.source })

    const shown = await as('gus', 'GET', `proposals/${proposal.id}`)
    expect(shown.source).toBe(changed)
    expect(shown.diff).toBe(
      '--- hello@2\n+++ hello@3\n@@ -6,3 +6,4 @@\n   B: events.b\n pattern: A followed by B within 5 minutes\n status: live\n+severity: high\n',
    )
    expect(shown.partialMatches).toEqual({ kept: 0, drained: 0, dropped: 0 })
    expect(shown.differences).toMatchObject([{ field: 'severity' }])

    desk.pass(1_000)
    const approved = await as('cid', 'POST', `proposals/${proposal.id}:approve`, { comment: 'seen' })
    expect(approved).toMatchObject({
      http: 200,
      state: 'applied',
      version: 3,
      approvals: [{ by: 'cid', comment: 'seen' }],
      activation: { state: 'active' },
    })
    const after = await as('gus', 'GET', 'rules/hello')
    expect(after).toMatchObject({
      version: 3,
      source: changed,
      author: 'dee',
      reason: 'louder',
      managedBy: 'git:r@1',
      approvers: ['cid'],
      proposal: proposal.id,
      at: new Date(NOW + 1_000).toISOString(),
    })
    const { versions } = await as('gus', 'GET', 'rules/hello/versions')
    expect(versions).toMatchObject([
      { version: 3, author: 'dee', approvers: ['cid'], proposal: proposal.id },
      { version: 2, author: 'dee', approvers: ['bob'] },
      { version: 1, author: 'dee' },
    ])
    expect(versions[2].approvers).toBeUndefined()
    const { records } = await as('ann', 'GET', 'audit')
    expect(records.slice(-2)).toMatchObject([
      {
        actor: 'dee',
        action: 'putRule',
        object: '/v1/rules/hello',
        status: 202,
        proposal: proposal.id,
        reason: 'louder',
      },
      {
        actor: 'cid',
        action: 'approveProposal',
        outcome: 'done',
        proposal: proposal.id,
        rule: 'hello',
        author: 'dee',
        approvers: ['cid'],
        reason: 'seen',
        before: 2,
        after: 3,
      },
    ])
    expect(records.at(-2).after).toBeUndefined()
  })

  test('that cannot be compiled is refused, not proposed; a dry run says how many must approve', async () => {
    const { as } = await startDesk({ needed: 2 })
    expect(await as('dee', 'PUT', 'rules/hello', textOf('hello', 'live', 'severity: loud\n'))).toMatchObject({
      http: 422,
    })
    const dry = await as('dee', 'PUT', 'rules/hello?dryRun=true', textOf('hello', 'live'))
    expect(dry).toMatchObject({ http: 200, dryRun: true, approvalsNeeded: 2 })
    const draft = await as('dee', 'PUT', 'rules/hello?dryRun=true', textOf('hello', 'draft'))
    expect(draft.approvalsNeeded).toBeUndefined()
    expect(await as('dee', 'GET', 'proposals')).toMatchObject({ proposals: [], more: 0 })
  })

  test('is not one of a draft, a disabled rule or a shadow', async () => {
    const { as } = await startDesk()
    for (const status of ['draft', 'disabled', 'shadow']) {
      const path = `rules/${status}`
      expect((await as('dee', 'PUT', path, textOf(status, status))).http).toBe(201)
      expect((await as('dee', 'PUT', `${path}?force=true`, textOf(status, status, '# x\n'))).http).toBe(200)
      expect((await as('dee', 'POST', `${path}:status`, { status: 'shadow' })).http).toBe(200)
      expect((await as('dee', 'DELETE', `${path}?force=true`)).http).toBe(200)
      expect((await as('dee', 'POST', `${path}:restore`, { version: 1 })).http).toBe(201)
    }
  })

  test('is of the namespaces that approvals are for; a live rule cannot leave them without', async () => {
    const { as } = await startDesk({ needed: 1, namespaces: ['fraud'] })
    const ops = textOf('r', 'live', 'namespace: ops\n')
    const fraud = textOf('r', 'live', 'namespace: fraud\n')
    expect((await as('dee', 'PUT', 'rules/r', ops)).http).toBe(201)
    const { id, http } = await as('dee', 'PUT', 'rules/r?force=true', fraud)
    expect(http).toBe(202)
    await as('bob', 'POST', `proposals/${id}:approve`)
    expect((await as('dee', 'PUT', 'rules/r?force=true', ops)).http).toBe(202)
  })
})

const LONGER = textOf('hello', 'live').replace('5 minutes', '6 minutes')

/** Beside the live rule, and in shadow. */
async function setCandidate({ as }: Desk): Promise<void> {
  expect(await as('dee', 'PUT', 'rules/hello/candidate', LONGER)).toMatchObject({ http: 200 })
}

/** What dee asks for, approved by bob. */
async function approved({ as }: Desk, path: string, body: unknown): Promise<void> {
  const { id } = await as('dee', 'POST', path, body)
  expect(await as('bob', 'POST', `proposals/${id}:approve`)).toMatchObject({ state: 'applied' })
}

interface Write {
  readonly body?: unknown
  readonly query?: string
  /** What must be there first. */
  readonly prepare?: (desk: Desk) => Promise<void>
  readonly exempt?: string
}

/** Every way to change rules, tried on a live rule: past the gate, or why not. A new route must be put here. */
const WRITES: Readonly<Record<string, Write>> = {
  'PUT /v1/rules/{id}': { body: textOf('hello', 'live', 'severity: high\n'), query: '?force=true' },
  'DELETE /v1/rules/{id}': { query: '?force=true' },
  'POST /v1/rules/{id}:status': { body: { status: 'disabled' } },
  'POST /v1/rules/{id}:restore': { body: { version: 1 } },
  'POST /v1/rules:apply': { body: textOf('hello', 'shadow') },
  'PUT /v1/rules/{id}/candidate': { body: LONGER, query: '?share=0.01&force=true' },
  'POST /v1/rules/{id}:share': { body: { share: 0.01 }, prepare: setCandidate },
  'POST /v1/rules/{id}:promote': { body: {}, prepare: setCandidate },
  'POST /v1/rules/{id}:rollback': {
    body: {},
    prepare: async (desk) => {
      await setCandidate(desk)
      await approved(desk, 'rules/hello:promote', {})
    },
  },
  'POST /v1/proposals/{id}:withdraw': { exempt: 'the author takes back what never was in force' },
}
const CHANGING = ROUTES.filter(
  ({ tag, access, method }) => method !== 'GET' && ['rules', 'proposals'].includes(tag) && access !== 'read',
)

test('every route that changes rules is tried below, or says why it needs no gate', () => {
  const names = CHANGING.filter(({ access }) => access !== 'approve').map(
    ({ method, path }) => `${method} ${path}`,
  )
  expect(names.sort()).toEqual(Object.keys(WRITES).sort())
})

test.each(Object.entries(WRITES).filter(([, { exempt }]) => exempt === undefined))(
  '%s leaves a live rule as it is and makes a proposal',
  async (name, { body, query = '', prepare }) => {
    const desk = await startDesk()
    await liveRule(desk)
    await prepare?.(desk)
    const stored = await desk.buckets.rules.get('hello')
    const { version } = JSON.parse(stored?.value ?? '')
    const [method = '', path = ''] = name.split(' ')
    const url = path.replace('/v1/', '').replace('{id}', 'hello')
    expect(await desk.as('ann', method, url + query, body)).toMatchObject({ http: 202 })
    expect(await desk.buckets.rules.get('hello')).toEqual(stored)
    const { proposals } = await desk.as('ann', 'GET', 'proposals?state=pending&rule=hello')
    expect(proposals).toMatchObject([{ author: 'ann', state: 'pending', base: { version } }])
    // With force, by an operator: nothing but a second person carries it out.
    expect(await desk.as('ann', 'POST', `proposals/${proposals[0].id}:approve`)).toMatchObject({ http: 403 })
    expect(await desk.as('bob', 'POST', `proposals/${proposals[0].id}:approve`)).toMatchObject({
      http: 200,
      state: 'applied',
      version: version + 1,
    })
    expect((await desk.buckets.rules.get('hello'))?.revision).toBeGreaterThan(stored?.revision ?? 0)
  },
)

describe('a candidate beside a live rule', () => {
  const candidate = ({ as }: Desk, share: number, text = LONGER, more = '') =>
    as('dee', 'PUT', `rules/hello/candidate?share=${share}${more}`, text)
  const started = async () => {
    const desk = await startDesk()
    await liveRule(desk)
    return desk
  }

  test('is free in shadow, where it decides nothing: set, replaced and taken away', async () => {
    const desk = await started()
    const { as } = desk
    expect(await candidate(desk, 0, LONGER, '&dryRun=true')).not.toHaveProperty('approvalsNeeded')
    expect(await candidate(desk, 1, LONGER, '&dryRun=true')).toMatchObject({ http: 200, approvalsNeeded: 1 })
    expect(await candidate(desk, 0)).toMatchObject({ http: 200, version: 3, textVersion: 2 })
    const other = LONGER.replace('6 minutes', '7 minutes')
    expect(await candidate(desk, 0, other)).toMatchObject({ http: 200, candidate: { version: 4, share: 0 } })
    expect(await as('dee', 'POST', 'rules/hello:share', { share: 0 })).toMatchObject({ change: 'unchanged' })
    expect(await as('dee', 'POST', 'rules/hello:rollback', {})).toMatchObject({ http: 200, version: 5 })
    expect(await as('gus', 'GET', 'proposals?state=pending')).toMatchObject({ proposals: [] })
    expect(await as('gus', 'GET', 'rules/hello')).toMatchObject({ status: 'live', textVersion: 2 })
  })

  test('is approved with the share that it decides; so is every other share, and taking it away', async () => {
    const desk = await started()
    const { as } = desk
    const proposal = await candidate(desk, 10)
    expect(proposal).toMatchObject({
      http: 202,
      did: 'candidate',
      candidate: { version: 3, share: 10 },
      change: 'updated',
      status: 'live',
    })
    desk.pass(1_000)
    // The same once more, whoever asks and whenever.
    const path = 'rules/hello/candidate?share=10'
    expect((await as('ann', 'PUT', path, LONGER)).id).toBe(proposal.id)
    const shown = await as('gus', 'GET', `proposals/${proposal.id}`)
    expect(shown.source).toBe(LONGER)
    expect(shown.diff).toMatch(/^--- hello@2\n\+\+\+ hello@3 \(10 % of the keys\)\n@@ /)
    expect(shown.diff).toContain('+pattern: A followed by B within 6 minutes\n')
    await as('bob', 'POST', `proposals/${proposal.id}:approve`)
    expect(await as('gus', 'GET', 'rules/hello')).toMatchObject({
      version: 3,
      textVersion: 2,
      approvers: ['bob'],
      candidate: { version: 3, share: 10, at: new Date(NOW + 1_000).toISOString() },
    })
    for (const share of [10.01, 0])
      expect(await as('dee', 'POST', 'rules/hello:share', { share })).toMatchObject({
        http: 202,
        did: 'share',
        candidate: { version: 3, share },
      })
    // Another text that decides nothing takes away one that decides.
    expect(await candidate(desk, 0, LONGER.replace('6', '7'))).toMatchObject({ http: 202 })
    const withdrawal = await as('dee', 'POST', 'rules/hello:rollback', {})
    expect(withdrawal).toMatchObject({ http: 202, did: 'withdrawal' })
    expect(withdrawal).not.toHaveProperty('candidate')
    await as('bob', 'POST', `proposals/${withdrawal.id}:approve`)
    expect(await as('gus', 'GET', 'rules/hello')).not.toHaveProperty('candidate')
  })

  test('of a rule in shadow is free with every share; the rule goes live with it, and its text is shown', async () => {
    const { as } = await startDesk()
    await as('dee', 'PUT', 'rules/hello', textOf('hello', 'shadow'))
    expect((await as('dee', 'PUT', 'rules/hello/candidate?share=50', LONGER)).http).toBe(200)
    expect((await as('dee', 'POST', 'rules/hello:share', { share: 60 })).http).toBe(200)
    const { id } = await as('dee', 'POST', 'rules/hello:status', { status: 'live' })
    const { diff, candidate: beside } = await as('gus', 'GET', `proposals/${id}`)
    expect(beside).toMatchObject({ version: 2, share: 60 })
    expect(diff).toContain('+status: live\n')
    expect(diff).toContain('+++ hello@2 (60 % of the keys)\n')
    expect(diff).toContain('+pattern: A followed by B within 6 minutes\n')
    expect((await as('dee', 'POST', 'rules/hello:promote', {})).http).toBe(200)
  })

  test('that comes meanwhile makes a proposal stale: it is of the rule as it was', async () => {
    const desk = await started()
    const { id } = await desk.as('ann', 'POST', 'rules/hello:status', { status: 'disabled' })
    await setCandidate(desk)
    expect(await desk.as('bob', 'POST', `proposals/${id}:approve`)).toMatchObject({ code: 'proposal-stale' })
  })

  test('whose text is not accepted any more is not approved', async () => {
    const desk = await started()
    const { id } = await candidate(desk, 10)
    const catalogue = catalogueWith(desk, {
      compile: async (texts) =>
        texts.some(({ text }) => text === LONGER)
          ? {
              kind: 'refused',
              problems: [{ code: 'unknown-key', severity: 'error', message: 'no', at: { pointer: '' } }],
            }
          : localCompiler.compile(texts),
    })
    expect(await catalogue.approve(id, { who: 'bob' })).toMatchObject({ kind: 'invalid' })
  })
})

describe('what is asked for partial matches', () => {
  const recordOf = async ({ buckets }: Desk) => JSON.parse((await buckets.rules.get('hello'))?.value ?? '{}')

  test.each(['keep', 'drain', 'drop'])('%s is kept with the proposal, and done', async (mode) => {
    const desk = await startDesk()
    const { as } = desk
    await liveRule(desk)
    const path = `rules/hello?force=true&partialMatches=${mode}`
    const louder = textOf('hello', 'live', 'severity: high\n')
    const { id } = await as('dee', 'PUT', path, louder)
    expect(await as('gus', 'GET', `proposals/${id}`)).toMatchObject({ partialMatchesMode: mode })
    // Another wish is another change.
    expect((await as('ann', 'PUT', 'rules/hello?force=true', louder)).id).not.toBe(id)
    await as('bob', 'POST', `proposals/${id}:approve`)
    expect(await recordOf(desk)).toMatchObject({ proposal: id, source: louder, partialMatches: mode })
  })

  test('of a promotion and of its undoing is, too', async () => {
    const desk = await startDesk()
    const { as } = desk
    await liveRule(desk)
    await setCandidate(desk)
    expect(await as('dee', 'POST', 'rules/hello:promote?partialMatches=keep', {})).toMatchObject({
      http: 422,
    })
    await approved(desk, 'rules/hello:promote?partialMatches=drain', {})
    expect(await recordOf(desk)).toMatchObject({
      source: LONGER,
      promoted: 3,
      previous: 2,
      partialMatches: 'drain',
      approvers: ['bob'],
    })
    await approved(desk, 'rules/hello:rollback?partialMatches=drop', {})
    expect(await recordOf(desk)).toMatchObject({
      did: 'rollback',
      partialMatches: 'drop',
      approvers: ['bob'],
    })
    expect((await as('gus', 'GET', 'rules/hello')).source).toBe(textOf('hello', 'live'))
  })
})

test('a rule that another place manages is refused, not proposed; with force it is proposed', async () => {
  const desk = await startDesk()
  const { as } = desk
  await liveRule(desk)
  await as('dee', 'PUT', 'rules/hello/candidate?managedBy=git:r@1', LONGER)
  for (const [method, path, body] of [
    ['POST', 'rules/hello:status', { status: 'disabled' }],
    ['POST', 'rules/hello:promote', {}],
    ['POST', 'rules/hello:share', { share: 10 }],
    ['PUT', 'rules/hello/candidate?share=10', LONGER],
  ] as const) {
    expect(await as('dee', method, path, body)).toMatchObject({ http: 409, code: 'rule-managed-elsewhere' })
    const forced = `${path}${path.includes('?') ? '&' : '?'}force=true`
    expect(await as('dee', method, forced, body)).toMatchObject({ http: 202, managedBy: 'git:r@1' })
  }
})

describe('who decides', () => {
  const propose = async ({ as }: Desk, who: Who, more = '', id = 'hello') =>
    (await as(who, 'PUT', `rules/${id}?force=true`, textOf(id, 'live', more))).id

  test('never the author, by another key of the same id neither; that is recorded', async () => {
    const desk = await startDesk()
    const id = await propose(desk, 'ann')
    for (const second of [undefined, true] as const) {
      for (const action of ['approve', 'reject'])
        expect(
          await desk.as(
            'ann',
            'POST',
            `proposals/${id}:${action}`,
            { comment: 'x' },
            second ? { second } : {},
          ),
        ).toMatchObject({ http: 403, code: 'approval-not-theirs' })
    }
    expect(await desk.as('gus', 'GET', `proposals/${id}`)).toMatchObject({ state: 'pending', approvals: [] })
    expect((await desk.as('gus', 'GET', 'rules/hello')).http).toBe(404)
    const { records } = await desk.as('bob', 'GET', 'audit')
    expect(records).toContainEqual(
      expect.objectContaining({
        actor: 'ann',
        action: 'approveProposal',
        outcome: 'refused',
        code: 'approval-not-theirs',
      }),
    )
  })

  test.each([
    ['ann', 'ann', true],
    ['ann', 'jwt:ann', true],
    ['jwt:Ann', 'jwt:ann', true],
    ['jwt:ａnn', 'ann', true],
    [undefined, 'ann', true],
    [undefined, undefined, true],
    ['ann', 'bob', false],
    ['jwt:ann', 'jwt:anna', false],
  ])('%s and %s are one person: %s', (left, right, same) => {
    expect(isSamePerson(left, right)).toBe(same)
    expect(isSamePerson(right, left)).toBe(same)
  })

  test('with two approvals needed, two others: the same one twice is refused', async () => {
    const desk = await startDesk({ needed: 2 })
    const id = await propose(desk, 'dee')
    const approve = (who: Who, options?: AsOptions) =>
      desk.as(who, 'POST', `proposals/${id}:approve`, undefined, options)
    expect(await approve('bob')).toMatchObject({ http: 200, state: 'pending', approvals: [{ by: 'bob' }] })
    for (const options of [{}, { second: true }] as const)
      expect(await approve('bob', options)).toMatchObject({ http: 409, code: 'approved-already' })
    expect((await desk.as('gus', 'GET', 'rules/hello')).http).toBe(404)
    expect(await approve('cid')).toMatchObject({ http: 200, state: 'applied', version: 1 })
    expect(await desk.as('gus', 'GET', 'rules/hello')).toMatchObject({ approvers: ['bob', 'cid'] })
    expect(await approve('ann')).toMatchObject({ http: 409, code: 'proposal-closed' })
  })

  test('only those who may approve, in the namespaces that the rule has and had', async () => {
    const desk = await startDesk()
    await liveRule(desk, 'moving', 'namespace: fraud\n')
    const mine = await propose(desk, 'dee', 'namespace: fraud\n', 'mine')
    const leaving = await propose(desk, 'dee', 'namespace: ops\n', 'moving')
    const theirs = await propose(desk, 'dee', 'namespace: ops\n', 'theirs')
    for (const who of ['gus', 'dee'] as const)
      expect(await desk.as(who, 'POST', `proposals/${mine}:approve`)).toMatchObject({
        http: 403,
        code: 'role-not-allowed',
      })
    for (const id of [leaving, theirs]) {
      expect((await desk.as('fay', 'GET', `proposals/${id}`)).http).toBe(404)
      expect((await desk.as('fay', 'POST', `proposals/${id}:approve`)).http).toBe(404)
      expect((await desk.as('fay', 'POST', `proposals/${id}:reject`, { comment: 'x' })).http).toBe(404)
    }
    const seen = (await desk.as('fay', 'GET', 'proposals?state=pending')).proposals
    expect(seen.map(({ id }: { id: string }) => id)).toEqual([mine])
    expect(await desk.as('fay', 'POST', `proposals/${mine}:approve`)).toMatchObject({ state: 'applied' })
  })

  test('rejecting needs a comment, and ends it; so does withdrawing, by the author alone', async () => {
    const desk = await startDesk()
    const rejected = await propose(desk, 'dee')
    const reject = (body?: object) => desk.as('bob', 'POST', `proposals/${rejected}:reject`, body)
    expect((await reject({})).http).toBe(400)
    expect(await reject({ comment: 'too loud' })).toMatchObject({
      state: 'rejected',
      settlement: { by: 'bob', comment: 'too loud' },
    })
    expect(await desk.as('cid', 'POST', `proposals/${rejected}:approve`)).toMatchObject({
      http: 409,
      code: 'proposal-closed',
    })
    const withdrawn = await propose(desk, 'dee')
    expect(withdrawn).not.toBe(rejected)
    expect(await desk.as('bob', 'POST', `proposals/${withdrawn}:withdraw`)).toMatchObject({
      http: 403,
      code: 'approval-not-theirs',
    })
    expect(await desk.as('dee', 'POST', `proposals/${withdrawn}:withdraw`)).toMatchObject({
      state: 'withdrawn',
    })
    expect((await desk.as('cid', 'POST', `proposals/${withdrawn}:approve`)).http).toBe(409)
    expect((await desk.as('gus', 'GET', 'rules/hello')).http).toBe(404)
  })
})

describe('a proposal', () => {
  test('is stale when its rule changed meanwhile', async () => {
    const desk = await startDesk({ needed: 1, breakGlass: true })
    const { as } = desk
    await liveRule(desk)
    const { id } = await as(
      'dee',
      'PUT',
      'rules/hello?force=true',
      textOf('hello', 'live', 'severity: low\n'),
    )
    await as(
      'ann',
      'PUT',
      'rules/hello?force=true&breakGlass=true&reason=now',
      textOf('hello', 'live', '# x\n'),
    )
    expect(await as('gus', 'GET', `proposals/${id}`)).toMatchObject({ state: 'stale' })
    expect(await as('bob', 'POST', `proposals/${id}:approve`)).toMatchObject({
      http: 412,
      code: 'proposal-stale',
    })
    expect(await as('gus', 'GET', 'rules/hello')).toMatchObject({ version: 3, author: 'ann' })
  })

  test('expires', async () => {
    const desk = await startDesk({ needed: 1, expireAfter: '2d' })
    const { id, expiresAt } = await desk.as('dee', 'PUT', 'rules/hello', textOf('hello', 'live'))
    expect(expiresAt).toBe(new Date(NOW + 2 * DAY_MS).toISOString())
    desk.pass(2 * DAY_MS)
    expect(await desk.as('bob', 'POST', `proposals/${id}:approve`)).toMatchObject({
      http: 409,
      code: 'proposal-closed',
      detail: 'the proposal is expired',
    })
    expect((await desk.as('gus', 'GET', 'rules/hello')).http).toBe(404)
  })

  test('is made once of the same change; the author’s next one takes its place, that of others does not', async () => {
    const { as } = await startDesk()
    const put = (who: Who, more = '') =>
      as(who, 'PUT', 'rules/hello?force=true', textOf('hello', 'live', more))
    const first = await put('dee')
    expect((await put('dee')).id).toBe(first.id)
    expect((await put('bob')).id).toBe(first.id)
    const ofOther = await put('ann', '# ann\n')
    const second = await put('dee', '# b\n')
    const states = async () =>
      Object.fromEntries(
        (await as('gus', 'GET', 'proposals?rule=hello')).proposals.map(
          ({ id, state }: { id: string; state: string }) => [id, state],
        ),
      )
    expect(await states()).toEqual({
      [first.id]: 'withdrawn',
      [ofOther.id]: 'pending',
      [second.id]: 'pending',
    })
    await as('bob', 'POST', `proposals/${second.id}:approve`)
    expect(await states()).toEqual({
      [first.id]: 'withdrawn',
      [ofOther.id]: 'stale',
      [second.id]: 'applied',
    })
  })

  test('that somebody changed in the bucket is none', async () => {
    const { as, buckets } = await startDesk()
    const { id } = await as('dee', 'PUT', 'rules/hello', textOf('hello', 'live'))
    const stored = (await buckets.proposals.get(id))?.value ?? ''
    expect(readProposal(stored)).toBeDefined()
    await buckets.proposals.put(id, stored.replace('5 minutes', '9 minutes'))
    expect((await as('bob', 'POST', `proposals/${id}:approve`)).http).toBe(404)
  })

  test('whose text is not accepted any more is not approved', async () => {
    const { as, buckets } = await startDesk()
    const { id } = await as('dee', 'PUT', 'rules/hello', textOf('hello', 'live'))
    const catalogue = catalogueWith(
      { buckets },
      {
        compile: async () => ({
          kind: 'refused',
          problems: [{ code: 'unknown-key', severity: 'error', message: 'no', at: { pointer: '' } }],
        }),
      },
    )
    expect(await catalogue.approve(id, { who: 'bob' })).toMatchObject({ kind: 'invalid' })
    expect(await as('gus', 'GET', `proposals/${id}`)).toMatchObject({ approvals: [] })
  })

  test('two approvers at once, of two processes, make exactly one version', async () => {
    const desk = await startDesk()
    for (let turn = 1; turn <= 10; turn += 1) {
      const { id } = await desk.as(
        'dee',
        'PUT',
        'rules/hello?force=true',
        textOf('hello', 'live', `# ${turn}\n`),
      )
      const answers = await Promise.all([
        desk.as('bob', 'POST', `proposals/${id}:approve`),
        desk.as('cid', 'POST', `proposals/${id}:approve`, undefined, { app: desk.other }),
        desk.as('ann', 'POST', `proposals/${id}:reject`, { comment: 'no' }, { app: desk.other }),
      ])
      const { versions = [] } = await desk.as('gus', 'GET', 'rules/hello/versions')
      const made = versions.filter(({ proposal }: { proposal: string }) => proposal === id)
      const { state, approvals } = await desk.as('gus', 'GET', `proposals/${id}`)
      // Whoever came first decided, and nobody was told otherwise.
      if (state === 'applied') {
        expect(made).toMatchObject([{ approvers: [approvals[0].by], author: 'dee' }])
        expect(answers[2].http).toBe(409)
      } else {
        expect([state, made]).toEqual(['rejected', []])
        expect(answers.map(({ http }) => http)).toEqual([409, 409, 200])
      }
      for (const answer of answers.slice(0, 2))
        if (answer.http === 200) expect(answer.state).toBe('applied')
        else expect(answer.http).toBe(409)
    }
  })

  test('that was approved when a process ended is carried out by the next one, once', async () => {
    const desk = await startDesk()
    const { id } = await desk.as('dee', 'PUT', 'rules/hello', textOf('hello', 'live'))
    expect(await desk.desk.approve(id, { who: 'bob' })).toMatchObject({ kind: 'decided' })
    expect(await desk.as('gus', 'GET', `proposals/${id}`)).toMatchObject({ state: 'approved' })
    expect((await desk.as('gus', 'GET', 'rules/hello')).http).toBe(404)
    await Promise.all([desk.catalogue.resume(), desk.catalogue.resume()])
    await desk.catalogue.resume()
    expect(await desk.as('gus', 'GET', 'rules/hello/versions')).toMatchObject({
      versions: [{ version: 1, proposal: id, approvers: ['bob'] }],
    })
    expect(await desk.as('gus', 'GET', `proposals/${id}`)).toMatchObject({ state: 'applied', version: 1 })
  })

  test('that was approved while its rule changed in another way is stale, and changes nothing', async () => {
    const desk = await startDesk({ needed: 1, breakGlass: true })
    await liveRule(desk)
    const { id } = await desk.as('dee', 'DELETE', 'rules/hello?force=true')
    await desk.desk.approve(id, { who: 'bob' })
    const query = 'force=true&breakGlass=true&reason=now'
    await desk.as('ann', 'PUT', `rules/hello?${query}`, textOf('hello', 'live', '# x\n'))
    expect(await desk.as('bob', 'POST', `proposals/${id}:approve`)).toMatchObject({
      http: 412,
      code: 'proposal-stale',
    })
    expect(await desk.as('gus', 'GET', 'rules/hello')).toMatchObject({ version: 3, author: 'ann' })
    expect(await desk.as('gus', 'GET', `proposals/${id}`)).toMatchObject({ state: 'stale' })
  })

  test('whose carrying out was interrupted behind the rule is found to be applied', async () => {
    const desk = await startDesk()
    const { id } = await desk.as('dee', 'PUT', 'rules/hello', textOf('hello', 'live'))
    const { proposals } = desk.buckets
    await desk.desk.approve(id, { who: 'bob' })
    const interrupted = await proposals.get(id)
    await desk.catalogue.resume()
    await proposals.put(id, interrupted?.value ?? '')
    // The rule has gone on since.
    const next = await desk.as('dee', 'DELETE', 'rules/hello?force=true')
    await desk.as('cid', 'POST', `proposals/${next.id}:approve`)
    expect(await desk.as('bob', 'POST', `proposals/${id}:approve`)).toMatchObject({ state: 'applied' })
    expect((await desk.as('gus', 'GET', 'rules/hello')).http).toBe(404)
  })
})

test('more approvals asked for since are needed of what still waits', async () => {
  const desk = await startDesk({ needed: 1 })
  const { id } = await desk.as('dee', 'PUT', 'rules/hello', textOf('hello', 'live'))
  const { rules, proposals } = desk.buckets
  const policy = { ...defaultConfig().approvals, needed: 2 }
  const stricter = new ProposalDesk({ bucket: proposals, rules, policy, now: () => NOW })
  expect(await stricter.approve(id, { who: 'bob' })).toMatchObject({ proposal: { state: 'pending' } })
  expect(await stricter.approve(id, { who: 'cid' })).toMatchObject({ proposal: { state: 'approved' } })
})

describe('apply', () => {
  const three = [textOf('a', 'draft'), textOf('b', 'live'), textOf('c', 'live')].join('---\n')

  test('stores what needs no approval and makes a proposal of each of the others', async () => {
    const desk = await startDesk()
    const { as } = desk
    await liveRule(desk, 'old')
    const applied = await as('dee', 'POST', 'rules:apply?prune=true', three)
    expect(applied).toMatchObject({
      http: 202,
      rules: [
        { id: 'a', change: 'created', version: 1 },
        { id: 'b', change: 'proposed', version: 1 },
        { id: 'c', change: 'proposed', version: 1 },
        { id: 'old', change: 'proposed', version: 3 },
      ],
    })
    const again = await as('dee', 'POST', 'rules:apply?prune=true', three)
    expect(again.rules.slice(1)).toEqual(applied.rules.slice(1))
    for (const { proposal } of applied.rules.slice(1))
      expect(await as('bob', 'POST', `proposals/${proposal}:approve`)).toMatchObject({ state: 'applied' })
    const { rules } = await as('gus', 'GET', 'rules')
    expect(rules.map(({ id }: { id: string }) => id)).toEqual(['a', 'b', 'c'])
    expect(await as('dee', 'POST', 'rules:apply?prune=true', three)).toMatchObject({
      http: 200,
      rules: [{ change: 'unchanged' }, { change: 'unchanged' }, { change: 'unchanged' }],
    })
    const { records } = await as('ann', 'GET', 'audit')
    expect(records.find(({ action }: { action: string }) => action === 'applyRules')).toMatchObject({
      changes: applied.rules,
    })
  })
})

describe('break glass', () => {
  const live = textOf('hello', 'live')

  test('is for operators, with a reason, where it is switched on; version and audit log say so', async () => {
    const { as } = await startDesk({ needed: 1, breakGlass: true })
    expect(await as('ann', 'PUT', 'rules/hello?breakGlass=true', live)).toMatchObject({
      http: 422,
      code: 'break-glass-needs-reason',
    })
    expect(await as('ann', 'PUT', 'rules/hello?breakGlass=true&reason=%20', live)).toMatchObject({
      http: 422,
    })
    expect(await as('dee', 'PUT', 'rules/hello?breakGlass=true&reason=attack', live)).toMatchObject({
      http: 403,
      code: 'break-glass-not-allowed',
      detail: 'only an operator may do without approval',
    })
    expect(await as('ann', 'PUT', 'rules/hello?breakGlass=true&reason=attack', live)).toMatchObject({
      http: 201,
      breakGlass: true,
      author: 'ann',
      reason: 'attack',
    })
    expect(await as('gus', 'GET', 'rules/hello/versions')).toMatchObject({ versions: [{ breakGlass: true }] })
    const off = await as('ann', 'POST', 'rules/hello:status?breakGlass=true', {
      status: 'disabled',
      reason: 'no',
    })
    expect(off).toMatchObject({ http: 200, breakGlass: true })
    const { records } = await as('bob', 'GET', 'audit')
    const done = records.filter(({ outcome }: { outcome: string }) => outcome === 'done')
    expect(done).toMatchObject([
      { actor: 'ann', action: 'putRule', breakGlass: true, reason: 'attack' },
      { actor: 'ann', action: 'setRuleStatus', breakGlass: true, reason: 'no' },
    ])
  })

  test('changes nothing about a write that needs no approval, and is off by default', async () => {
    const { as } = await startDesk()
    const draft = await as('ann', 'PUT', 'rules/hello?breakGlass=true&reason=x', textOf('hello', 'draft'))
    expect([draft.http, draft.breakGlass]).toEqual([201, undefined])
    expect(await as('ann', 'PUT', 'rules/hello?force=true&breakGlass=true&reason=x', live)).toMatchObject({
      http: 403,
      code: 'break-glass-not-allowed',
    })
  })
})

describe('the command line', () => {
  // Eighteen processes, one after the other.
  test('says what waits for others, shows it, and approves it', { timeout: 180_000 }, async () => {
    const keys = new Map(
      (['ann', 'bob'] as const).map((id) => [id, { ...createApiKey(id), id, role: 'operator' }]),
    )
    const service = await startService({
      environment: {
        SEQUITUR_APPROVALS_NEEDED: '1',
        SEQUITUR_AUTH_API_KEYS: JSON.stringify(
          [...keys.values()].map(({ id, hash, role }) => ({ id, hash, role })),
        ),
      },
    })
    const { mkdirSync, writeFileSync } = await import('node:fs')
    const folder = `${service.folder}/rules`
    mkdirSync(folder)
    writeFileSync(`${folder}/hello.yaml`, textOf('hello', 'live'))
    const run = (who: 'ann' | 'bob', ...words: string[]) =>
      sequitur([...words, '--server', service.url], {
        environment: { SEQUITUR_API_KEY: keys.get(who)?.key ?? '' },
      })
    const applied = await run('ann', 'apply', '-f', folder, '--reason', 'first')
    expect(applied.stderr).toContain(
      '1 rule did not change yet: others approve with sequitur proposal approve',
    )
    const { change, proposal } = JSON.parse(applied.stdout)
    expect([applied.code, change]).toEqual([4, 'proposed'])

    const listed = await run('bob', 'proposal', 'list', '--state', 'pending')
    expect(JSON.parse(listed.stdout)).toMatchObject({ id: proposal, rule: 'hello', author: 'ann' })
    const shown = await run('bob', 'proposal', 'show', proposal)
    expect(shown.stdout).toContain('because          first')
    expect(shown.stdout).toContain('+status: live')

    const own = await run('ann', 'proposal', 'approve', proposal)
    expect([own.code, own.stderr]).toEqual([1, expect.stringContaining('approval-not-theirs')])
    const approved = await run('bob', 'proposal', 'approve', proposal, '--comment', 'seen')
    expect([approved.code, JSON.parse(approved.stdout)]).toMatchObject([0, { state: 'applied', version: 1 }])
    const versions = await run('bob', 'get', 'versions', 'hello')
    expect(JSON.parse(versions.stdout)).toMatchObject({ author: 'ann', approvers: ['bob'], proposal })
    const rule = await run('bob', 'get', 'rule', 'hello', '-o', 'json')
    expect(JSON.parse(rule.stdout)).toMatchObject({ author: 'ann', approvers: ['bob'] })
    expect((await run('ann', 'apply', '-f', folder)).code).toBe(0)

    const next = `${service.folder}/next.yaml`
    writeFileSync(next, textOf('hello', 'live').replace('5 minutes', '6 minutes'))
    expect((await run('ann', 'candidate', 'set', next)).code).toBe(0)
    const share = await run('ann', 'candidate', 'share', 'hello', '10%')
    expect([share.code, JSON.parse(share.stdout)]).toMatchObject([4, { change: 'proposed', version: 3 }])
    expect(share.stderr).toContain('hello did not change yet')
    const step = await run('bob', 'proposal', 'show', JSON.parse(share.stdout).proposal)
    expect(step.stdout).toContain('share, live → live, candidate 2 at 10 % of the keys')
    expect(step.stdout).toContain('+pattern: A followed by B within 6 minutes')
    expect((await run('ann', 'promote', 'hello', '--dry-run')).stderr).toContain('1 approval of others')
    expect((await run('ann', 'promote', 'hello', '--break-glass')).stderr).toContain(
      'break-glass-not-allowed',
    )

    const removal = await run('ann', 'delete', 'rule', 'hello')
    expect(removal.code).toBe(4)
    const { id } = JSON.parse(removal.stdout)
    expect((await run('bob', 'proposal', 'reject', id)).code).toBe(2)
    expect((await run('bob', 'proposal', 'reject', id, '--comment', 'keep it')).code).toBe(0)
    const metrics = await fetch(`${service.url}/metrics`, {
      headers: { authorization: `Bearer ${keys.get('bob')?.key}` },
    })
    expect(await metrics.text()).toMatch(/^sequitur_proposals_pending(\{[^}]*\})? 0$/m)
  })
})
