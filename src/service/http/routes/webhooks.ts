import type { WriteBy } from '../../catalogue/index.ts'
import type { StoredWebhook, WebhookOutcome, WebhookText } from '../../webhooks/index.ts'
import { mayEverywhere } from '../grants.ts'
import { problemEntry } from '../problem.ts'
import { type Answer, type Call, type Caller, data, problem, route } from '../route.ts'
import { RULE_ID, ref, SEVERITY_VALUES } from '../schemas/index.ts'
import { badPrecondition, DRY_RUN, expectationOf, FORCE, PRECONDITIONS, REASON } from './preconditions.ts'
import { ETAG } from './rules.ts'

const WEBHOOK_NAME = '^[a-z0-9][a-z0-9_-]{0,63}$'

export const WEBHOOK_PARAMS = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', pattern: WEBHOOK_NAME, description: 'Of the webhook.' } },
} as const

const WRITE_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { dryRun: DRY_RUN, force: FORCE, reason: REASON },
} as const

const some = (items: Readonly<Record<string, unknown>>, description: string) =>
  ({ type: 'array', minItems: 1, maxItems: 100, items, description }) as const

export interface Name {
  readonly name: string
}

interface WriteQuery {
  readonly dryRun: boolean
  readonly force: boolean
  readonly reason?: string
}

const WRITTEN = {
  200: { description: 'Stored, or the same already.', headers: ETAG, schema: ref('WebhookWritten') },
}

export const WEBHOOK_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/webhooks',
    operation: 'listWebhooks',
    tag: 'webhooks',
    access: 'read',
    summary: 'All webhooks, by name',
    responses: { 200: { description: 'The webhooks.', schema: ref('Webhooks') } },
    handle: async ({ caller }, { webhooks }) =>
      data({ webhooks: (await webhooks.list()).map((webhook) => webhookOf(webhook, caller)) }),
  }),
  route<Name, unknown, unknown>({
    method: 'GET',
    path: '/v1/webhooks/{name}',
    operation: 'getWebhook',
    tag: 'webhooks',
    access: 'read',
    summary: 'One webhook, and how many alerts wait for it',
    params: WEBHOOK_PARAMS,
    responses: { 200: { description: 'The webhook.', headers: ETAG, schema: ref('Webhook') } },
    problems: [404],
    handle: async ({ params, caller }, { webhooks, webhookWaiting }) => {
      const webhook = await webhooks.get(params.name)
      if (webhook === undefined) return noWebhook(params.name)
      const waiting = await webhookWaiting(webhook.record)
      return data({ ...webhookOf(webhook, caller), waiting }, 200, etagOf(webhook))
    },
  }),
  route<Name, WriteQuery, Omit<WebhookText, 'enabled'> & { readonly enabled?: boolean }>({
    method: 'PUT',
    path: '/v1/webhooks/{name}',
    operation: 'putWebhook',
    tag: 'webhooks',
    access: 'operate',
    summary: 'Create a webhook or replace all of it',
    description:
      'Alerts that are raised from then on are sent, signed as Standard Webhooks says. The host must stand in `webhooks.allow`, the secret in `webhooks.secrets`. Changing a webhook needs If-Match with its revision (the ETag), or force=true; otherwise 428. One that is enabled again goes on where it stopped.',
    params: WEBHOOK_PARAMS,
    query: WRITE_QUERY,
    headers: PRECONDITIONS,
    body: {
      kind: 'json',
      required: true,
      schema: {
        type: 'object',
        additionalProperties: false,
        required: ['url', 'secret'],
        properties: {
          url: {
            type: 'string',
            minLength: 1,
            maxLength: 2048,
            description: 'https, of a host that is allowed.',
          },
          secret: {
            type: 'string',
            pattern: WEBHOOK_NAME,
            description: 'Name of a secret in the configuration.',
          },
          description: { type: 'string', maxLength: 1000 },
          enabled: { type: 'boolean', description: 'Default: true.' },
          filter: {
            type: 'object',
            additionalProperties: false,
            description: 'All that is named holds, and of each list one is enough. Default: every alert.',
            properties: {
              rules: some({ type: 'string', pattern: RULE_ID }, 'Ids.'),
              namespaces: some(
                { type: 'string', minLength: 1, maxLength: 128 },
                'Of the rules as they are now.',
              ),
              severities: some({ enum: SEVERITY_VALUES }, 'Of the alerts.'),
            },
          },
        },
      },
    },
    responses: WRITTEN,
    problems: [412, 422, 428],
    handle: async (call, { webhooks }) => {
      const expected = expectationOf(call, call.query.force)
      if (expected === undefined) return badPrecondition()
      const { enabled = true, ...text } = call.body
      return answerOf(await webhooks.put(call.params.name, { ...text, enabled }, expected, byOf(call)), call)
    },
  }),
  route<Name, WriteQuery, unknown>({
    method: 'DELETE',
    path: '/v1/webhooks/{name}',
    operation: 'deleteWebhook',
    tag: 'webhooks',
    access: 'operate',
    summary: 'Remove a webhook; what waits for it is not sent',
    params: WEBHOOK_PARAMS,
    query: WRITE_QUERY,
    headers: PRECONDITIONS,
    responses: { 200: { description: 'Removed.', schema: ref('WebhookWritten') } },
    problems: [404, 412, 428],
    handle: async (call, { webhooks }) => {
      const expected = expectationOf(call, call.query.force)
      if (expected === undefined) return badPrecondition()
      return answerOf(await webhooks.remove(call.params.name, expected, byOf(call)), call)
    },
  }),
]

/** Many an address is a secret in itself: who may not change it sees only its host. */
const webhookOf = ({ record, revision }: StoredWebhook, { grants }: Caller) => {
  const { from: _, removed: __, url, ...shown } = record
  const isShown = url === '' || mayEverywhere(grants, 'operate')
  return { ...shown, url: isShown ? url : `${new URL(url).origin}/…`, revision }
}

const etagOf = ({ revision }: StoredWebhook): { readonly etag: string } => ({ etag: `"${revision}"` })

const byOf = (call: Call<unknown, WriteQuery, unknown>): WriteBy => ({
  dryRun: call.query.dryRun,
  ...(call.caller.id === undefined ? {} : { author: call.caller.id }),
  ...(call.query.reason === undefined ? {} : { reason: call.query.reason }),
})

export const noWebhook = (name: string): Answer =>
  problem(404, 'webhook-not-found', `there is no webhook ${name}`)

function answerOf(outcome: WebhookOutcome, call: Call<Name, WriteQuery, unknown>): Answer {
  switch (outcome.kind) {
    case 'stored': {
      const { change, webhook } = outcome
      return data(
        { ...webhookOf(webhook, call.caller), change, dryRun: call.query.dryRun },
        200,
        etagOf(webhook),
      )
    }
    case 'invalid': {
      const [first] = outcome.problems
      return problem(422, first?.code ?? 'request-not-accepted', first?.message ?? '', {
        ...(first?.hint === undefined ? {} : { hint: first.hint }),
        more: { errors: outcome.problems.map(problemEntry) },
      })
    }
    case 'conflict':
      return problem(412, 'changed-meanwhile', `somebody else changed the webhook ${call.params.name}`, {
        hint: 'read it again, and name its revision in If-Match',
      })
    case 'expectation-needed':
      return problem(428, 'precondition-needed', `the webhook ${call.params.name} exists`, {
        hint: 'send If-Match with its revision, or ?force=true',
      })
    case 'not-found':
      return noWebhook(call.params.name)
    default:
      return outcome satisfies never
  }
}
