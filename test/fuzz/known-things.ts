import type { FastifyInstance } from 'fastify'
import { RuleLifecycle } from '../../src/service/catalogue/index.ts'
import type { Services } from '../../src/service/http/index.ts'
import { NOW } from '../support/api.ts'

const RULE = `rule: hello
status: live
by: user
events: { A: events.a, B: events.b }
pattern: A followed by B within 5 minutes
`
/** Of a namespace where changes of what is live wait for others. */
const guarded = (id: string, status: string): string =>
  `${RULE.replace('hello', id).replace('live', status)}namespace: guarded\n`
const ALERT = `hello.1.${'a'.repeat(26)}`

export const storedAlert = (index: number) => ({
  sequence: index + 1,
  subject: 'alerts.default.hello.high',
  storedAt: new Date(NOW).toISOString(),
  alert: {
    id: index === 0 ? ALERT : `${ALERT.slice(0, -1)}${'bcdefghijklmnopqrstuvwxyz'[index]}`,
    subject: 'k',
    data: { rule: 'hello', severity: 'high' },
  },
})

/** Bodies that fit what is there, by operation. */
export const FITTING: Readonly<Record<string, { readonly type: string; readonly payload: string }>> = {
  'PUT /v1/rules/{id}': { type: 'application/yaml', payload: RULE },
  'POST /v1/rules/{id}:status': json({ status: 'shadow' }),
  'POST /v1/rules/{id}:restore': json({ version: 1 }),
  'PUT /v1/rules/{id}/candidate': {
    type: 'application/yaml',
    payload: RULE.replace('5 minutes', '6 minutes'),
  },
  'POST /v1/rules/{id}:share': json({ share: 10 }),
  'POST /v1/rules/{id}:promote': json({}),
  'POST /v1/rules/{id}:rollback': json({}),
  'POST /v1/rules:validate': { type: 'application/yaml', payload: RULE },
  'POST /v1/rules:test': { type: 'application/yaml', payload: RULE },
  'POST /v1/lists/{name}/values': json('c'),
  'POST /v1/rules:apply': { type: 'application/yaml', payload: `${RULE}---\n${guarded('applied', 'live')}` },
  'POST /v1/proposals/{id}:approve': json({ comment: 'seen' }),
  'POST /v1/proposals/{id}:reject': json({ comment: 'no' }),
  'POST /v1/proposals/{id}:withdraw': json({}),
  'POST /v1/events': json({ subject: 'events.a', data: { user: 'ada' } }),
  'PUT /v1/webhooks/{name}': json({ url: 'http://127.0.0.1:1/', secret: 'hello' }),
  'POST /v1/why': json({ rule: 'hello', key: 'ada' }),
  'POST /v1/replays': json({ rules: [{ id: 'hello' }] }),
  'POST /v1/alerts/{id}/acknowledge': json({}),
  'POST /v1/alerts/{id}/close': json({ verdict: 'true' }),
  'POST /v1/alerts/{id}/reopen': json({}),
  'PUT /v1/lists/{name}': { type: 'application/yaml', payload: 'list: cards\nvalues: [c, 7]\n' },
  'POST /v1/silences': json({ match: { rule: 'hello' }, until: '2h', why: 'w' }),
  'POST /v1/erasures': json({ key: 'ada', reason: 'asked to be forgotten' }),
}

/** What path parameters are, by the beginning of the path, so that a request meets something. */
export type Known = ReadonlyArray<readonly [path: string, name: string, value: string]>

/** Puts one of everything into the service; `root` is who asks. */
export async function makeThings(
  app: FastifyInstance,
  { catalogue, compiler }: Pick<Services, 'catalogue' | 'compiler'>,
  authorization: string,
): Promise<Known> {
  const send = async (operation: string, url: string): Promise<string> => {
    const { type = 'application/json', payload = '{}' } = FITTING[operation] ?? {}
    const [method = ''] = operation.split(' ')
    const answer = await app.inject({
      method: method as 'PUT',
      url,
      headers: { authorization, 'content-type': type },
      payload,
    })
    if (answer.statusCode >= 300) throw new Error(`${operation}: ${answer.body}`)
    return String(answer.json()['id'])
  }
  await send('PUT /v1/rules/{id}', '/v1/rules/hello')
  await send('PUT /v1/rules/{id}/candidate', '/v1/rules/hello/candidate')
  await send('PUT /v1/lists/{name}', '/v1/lists/cards')
  await send('POST /v1/events', '/v1/events')
  const silence = await send('POST /v1/silences', '/v1/silences')
  const replay = await send('POST /v1/replays', '/v1/replays')
  const erasure = await send('POST /v1/erasures', '/v1/erasures')
  const propose = async (rule: string, author: string): Promise<string> => {
    const text = { text: guarded(rule, 'live'), format: 'yaml' } as const
    const outcome = await catalogue.put(rule, text, { kind: 'any' }, { author })
    if (outcome.kind !== 'proposed') throw new Error(`${rule}: ${outcome.kind}`)
    return outcome.proposal.proposal.id
  }
  const draft = { text: guarded('restored', 'draft'), format: 'yaml' } as const
  await catalogue.put('restored', draft, { kind: 'any' }, { author: 'ann' })
  await catalogue.approve(await propose('restored', 'ann'), { who: 'root' })
  await catalogue.approve(await propose('shared', 'ann'), { who: 'root' })
  const candidate = {
    text: { text: guarded('shared', 'live').replace('5', '6'), format: 'yaml' },
    share: 0,
  } as const
  await new RuleLifecycle({ catalogue, compiler }).putCandidate('shared', candidate, { kind: 'any' }, {})
  return [
    ['/v1/rules/{id}:restore', 'id', 'restored'],
    ['/v1/rules/{id}:share', 'id', 'shared'],
    ['/v1/proposals/{id}:reject', 'id', await propose('rejected', 'ann')],
    ['/v1/proposals/{id}:withdraw', 'id', await propose('withdrawn', 'root')],
    ['/v1/proposals/', 'id', await propose('approved', 'ann')],
    ['/v1/erasures/', 'id', erasure],
    ['/v1/rules/', 'id', 'hello'],
    ['/v1/rules/', 'version', '1'],
    ['/v1/lists/', 'name', 'cards'],
    ['/v1/silences/', 'id', silence],
    ['/v1/replays/', 'id', replay],
    ['/v1/alerts/', 'id', ALERT],
    ['/v1/events/', 'sequence', '1'],
    ['/v1/webhooks/', 'name', 'hello'],
    ['/v1/webhooks/', 'sequence', '1'],
  ]
}

function json(body: unknown): { readonly type: string; readonly payload: string } {
  return { type: 'application/json', payload: JSON.stringify(body) }
}
