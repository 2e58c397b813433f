import { type StateChange, VERDICTS, type Verdict } from '../../desk/index.ts'
import type { AlertEntry } from '../alert-log.ts'
import { mayTouchAlert, notInNamespace } from '../namespaces.ts'
import { type Answer, type Call, data, problem, route } from '../route.ts'
import { ref } from '../schemas/index.ts'
import type { Services } from '../services.ts'
import { badPrecondition, DRY_RUN, expectationOf, PRECONDITIONS } from './preconditions.ts'
import { ETAG, ID_PARAMS } from './rules.ts'

export const ALERT_PARAMS = {
  type: 'object',
  required: ['id'],
  properties: {
    id: {
      type: 'string',
      pattern: '^(\\d{1,15}|[A-Za-z0-9][A-Za-z0-9_-]{0,63}\\.\\d{1,10}\\.[a-z2-7]{26})$',
      description: 'The id of the alert, or its sequence in the alert log.',
    },
  },
} as const

/** Ids of alerts that the engine made: they can stand in a subject. */
export const STATE_KEY = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.\d{1,10}\.[a-z2-7]{26}$/

const NOTE = { type: 'string', maxLength: 2000, description: 'For those who read it later.' } as const
const NOTED = {
  kind: 'json',
  required: false,
  schema: { type: 'object', additionalProperties: false, properties: { note: NOTE } },
} as const

interface Id {
  readonly id: string
}
interface Noted {
  readonly note?: string
}

const common = {
  tag: 'alerts',
  access: 'write',
  scope: 'namespace',
  params: ALERT_PARAMS,
  query: { type: 'object', additionalProperties: false, properties: { dryRun: DRY_RUN } },
  headers: PRECONDITIONS,
  responses: { 200: { description: 'As it is now.', headers: ETAG, schema: ref('AlertState') } },
  problems: [404, 409, 412],
} as const

export const ALERT_STATE_ROUTES = [
  route<Id, { readonly dryRun: boolean }, Noted>({
    ...common,
    method: 'POST',
    path: '/v1/alerts/{id}/acknowledge',
    operation: 'acknowledgeAlert',
    summary: 'Say that somebody works on an alert',
    description: 'If-Match is honoured, and not needed. Saying the same again changes nothing.',
    body: NOTED,
    handle: (call, services) => change(call, services, { kind: 'acknowledge' }),
  }),
  route<Id, { readonly dryRun: boolean }, Noted & { readonly verdict: Verdict }>({
    ...common,
    method: 'POST',
    path: '/v1/alerts/{id}/close',
    operation: 'closeAlert',
    summary: 'Close an alert with a verdict',
    description:
      'The verdict (was what the rule looks for really there?) counts for the precision of the rule. Closing again changes it.',
    body: {
      kind: 'json',
      schema: {
        type: 'object',
        additionalProperties: false,
        required: ['verdict'],
        properties: { verdict: { enum: VERDICTS }, note: NOTE },
      },
    },
    handle: (call, services) => change(call, services, { kind: 'close', verdict: call.body.verdict }),
  }),
  route<Id, { readonly dryRun: boolean }, Noted>({
    ...common,
    method: 'POST',
    path: '/v1/alerts/{id}/reopen',
    operation: 'reopenAlert',
    summary: 'Open an alert again; its verdict no longer counts',
    body: NOTED,
    handle: (call, services) => change(call, services, { kind: 'reopen' }),
  }),
  route<Id, unknown, unknown>({
    method: 'GET',
    path: '/v1/rules/{id}/precision',
    operation: 'getRulePrecision',
    tag: 'rules',
    access: 'read',
    scope: 'namespace',
    summary: 'How many closed alerts of a rule were true, by version',
    description: 'With the 95 % Wilson interval; unsure verdicts are counted beside. Also of a deleted rule.',
    params: ID_PARAMS,
    responses: { 200: { description: 'The counts.', schema: ref('RulePrecision') } },
    handle: async ({ params }, { states }) =>
      data({ rule: params.id, ...(await states.precision(params.id)) }),
  }),
]

/** Pages that are looked through for an alert by its id. */
const PAGES_MAX = 4

/** The alert of an id or sequence; what somebody said of it names its place. */
export async function findAlert(id: string, { alerts, states }: Services): Promise<AlertEntry | undefined> {
  const known = /^\d+$/.test(id) ? Number(id) : (await states.get(id))?.record.sequence
  for (const mode of ['live', 'shadow', 'withheld'] as const) {
    if (known !== undefined) {
      const { alerts: found } = await alerts.page({ mode, limit: 1, order: 'asc', cursor: known - 1 })
      if (found[0]?.sequence === known) return found[0]
      continue
    }
    const [rule = ''] = id.split('.')
    let cursor: number | undefined
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const { alerts: found, next } = await alerts.page({
        mode,
        rule,
        limit: 1,
        order: 'desc',
        accept: (alert) => alert['id'] === id,
        ...(cursor === undefined ? {} : { cursor }),
      })
      if (found[0] !== undefined) return found[0]
      if (next === undefined) break
      cursor = next
    }
  }
  return undefined
}

export const noAlert = (id: string): Answer => problem(404, 'alert-not-found', `there is no alert ${id}`)

async function change(
  call: Call<Id, { readonly dryRun: boolean }, Noted>,
  services: Services,
  wanted: StateChange,
): Promise<Answer> {
  const expected = expectationOf(call)
  if (expected === undefined) return badPrecondition()
  const entry = await findAlert(call.params.id, services)
  const id = entry?.alert['id']
  if (entry === undefined || typeof id !== 'string' || !STATE_KEY.test(id)) return noAlert(call.params.id)
  if (!(await mayTouchAlert(call.caller, 'read', entry.alert, services))) return noAlert(call.params.id)
  if (!(await mayTouchAlert(call.caller, 'write', entry.alert, services))) return notInNamespace(undefined)
  const { note } = call.body
  const revision =
    expected.kind === 'revision' ? expected.revision : expected.kind === 'absent' ? 0 : undefined
  const outcome = await services.states.change({ id, sequence: entry.sequence }, wanted, {
    dryRun: call.query.dryRun,
    ...(call.caller.id === undefined ? {} : { who: call.caller.id }),
    ...(note === undefined ? {} : { note }),
    ...(revision === undefined ? {} : { revision }),
  })
  switch (outcome.kind) {
    case 'stored': {
      const { record, revision: stored } = outcome.state
      const { version: _, ...shown } = record
      return data({ ...shown, revision: stored }, 200, { etag: `"${stored}"` })
    }
    case 'not-fitting':
      return problem(409, 'alert-state-not-fitting', `the alert is ${outcome.state}`, {
        hint: outcome.state === 'closed' ? 'reopen it first' : 'there is nothing to reopen',
      })
    case 'conflict':
      return problem(412, 'changed-meanwhile', 'somebody else said something of the alert', {
        hint: 'read it again, and name its revision in If-Match',
      })
    default:
      return outcome satisfies never
  }
}
