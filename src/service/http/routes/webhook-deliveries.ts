import type { DeadLetter, Trial } from '../../webhooks/index.ts'
import { data, problem, route } from '../route.ts'
import { ref } from '../schemas/index.ts'
import { type Name, noWebhook, WEBHOOK_PARAMS } from './webhooks.ts'

interface Page {
  readonly limit: number
  readonly cursor?: string
}

export const WEBHOOK_DELIVERY_ROUTES = [
  route<Name, unknown, unknown>({
    method: 'POST',
    path: '/v1/webhooks/{name}/test',
    operation: 'testWebhook',
    tag: 'webhooks',
    access: 'operate',
    summary: 'Send something that is no alert, and say what came of it',
    description:
      'A CloudEvent of the type `webhook.test.v1`, signed like an alert. Works for a webhook that is disabled, too.',
    params: WEBHOOK_PARAMS,
    responses: { 200: { description: 'What came of it.', schema: ref('WebhookTrial') } },
    problems: [404],
    slow: true,
    handle: async ({ params, signal }, { webhooks, courier }) => {
      const webhook = await webhooks.get(params.name)
      return webhook === undefined
        ? noWebhook(params.name)
        : data(trialOf(await courier.test(webhook, signal)))
    },
  }),
  route<Name, Page, unknown>({
    method: 'GET',
    path: '/v1/webhooks/{name}/dead-letters',
    operation: 'listDeadLetters',
    tag: 'webhooks',
    access: 'read',
    summary: 'Alerts that could not be delivered, oldest first',
    params: WEBHOOK_PARAMS,
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        limit: { type: 'integer', minimum: 1, maximum: 500, default: 50 },
        cursor: { type: 'string', pattern: '^\\d{1,15}$', description: '`next` of the page before.' },
      },
    },
    responses: { 200: { description: 'One page.', schema: ref('WebhookDeadLetters') } },
    problems: [404],
    handle: async ({ params, query }, { webhooks, courier }) => {
      if ((await webhooks.get(params.name)) === undefined) return noWebhook(params.name)
      const page = await courier.deadLetters.page(params.name, {
        after: Number(query.cursor ?? 0),
        limit: query.limit,
      })
      return data({
        deadLetters: page.letters.map(letterOf),
        ...(page.next === undefined ? {} : { next: String(page.next) }),
      })
    },
  }),
  route<Name & { readonly sequence: string }, unknown, unknown>({
    method: 'POST',
    path: '/v1/webhooks/{name}/dead-letters/{sequence}/redeliver',
    operation: 'redeliverDeadLetter',
    tag: 'webhooks',
    access: 'operate',
    summary: 'Send a dead letter once more; one that arrives is none any longer',
    description: 'With the same `webhook-id`, to where the webhook sends now.',
    params: {
      type: 'object',
      required: ['name', 'sequence'],
      properties: {
        ...WEBHOOK_PARAMS.properties,
        sequence: { type: 'string', pattern: '^[1-9]\\d{0,14}$', description: 'Of the dead letter.' },
      },
    },
    responses: { 200: { description: 'What came of it.', schema: ref('WebhookTrial') } },
    problems: [404],
    slow: true,
    handle: async ({ params, signal }, { webhooks, courier }) => {
      const webhook = await webhooks.get(params.name)
      if (webhook === undefined) return noWebhook(params.name)
      const letter = await courier.deadLetters.get(Number(params.sequence))
      return letter?.webhook !== params.name
        ? problem(
            404,
            'webhook-dead-letter-not-found',
            `${params.name} has no dead letter ${params.sequence}`,
          )
        : data(trialOf(await courier.redeliver(webhook, letter, signal)))
    },
  }),
]

const trialOf = ({ reason, ...trial }: Trial) => ({
  ...trial,
  ...(reason === undefined ? {} : { failure: reason }),
})

function letterOf({ sequence, at, alertId, alertSequence, attempts, reason, body }: DeadLetter) {
  const alert = alertIn(body)
  return {
    sequence,
    at: new Date(at).toISOString(),
    alertId,
    alertSequence,
    attempts,
    failure: reason,
    ...(alert === undefined ? {} : { alert }),
  }
}

function alertIn(body: Uint8Array): object | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
