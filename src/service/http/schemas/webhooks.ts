import type { JsonSchema } from '../route.ts'
import { count, list, object, SEVERITY_VALUES, text, time } from './forms.ts'

const webhookHead = {
  webhook: text('Its name.'),
  version: count('Every write is the next one.'),
  revision: count('The ETag; a change names it in If-Match.'),
  description: text('For people.'),
  url: text('Where alerts are sent; only its host for those who may not change it.'),
  filter: object(
    {
      rules: list({ type: 'string' }, 'Ids.'),
      namespaces: list({ type: 'string' }, 'Of the rules.'),
      severities: list({ enum: SEVERITY_VALUES }),
    },
    ['rules', 'namespaces', 'severities'],
    'All that is named holds, and of each list one is enough.',
  ),
  secret: text('Name of the secret in the configuration.'),
  enabled: { type: 'boolean' },
  disabledBecause: text('Why it was disabled without anybody asking for it.'),
  author: text('Who wrote this version.'),
  reason: text('Why.'),
  at: time('When.'),
} as const

const WEBHOOK_OPTIONAL = ['description', 'filter', 'disabledBecause', 'author', 'reason']

const failedDelivery = object(
  {
    code: text('Stable; docs/reference/errors.md.'),
    detail: text('As a sentence.'),
    status: count('HTTP status, when there was an answer.'),
  },
  ['status'],
)

export const webhookSchemas = {
  Webhooks: object({ webhooks: list(object(webhookHead, WEBHOOK_OPTIONAL)) }),
  Webhook: object({ ...webhookHead, waiting: count('Alerts not handled yet.') }, WEBHOOK_OPTIONAL),
  WebhookWritten: object(
    {
      ...webhookHead,
      change: { enum: ['created', 'updated', 'unchanged', 'removed'] },
      dryRun: { type: 'boolean' },
    },
    WEBHOOK_OPTIONAL,
  ),
  WebhookTrial: object(
    {
      delivered: { type: 'boolean' },
      status: count('HTTP status, when there was an answer.'),
      failure: failedDelivery,
      durationMs: count('Of the attempt.'),
    },
    ['status', 'failure'],
  ),
  WebhookDeadLetters: object(
    {
      deadLetters: list(
        object(
          {
            sequence: count('Its address.'),
            at: time('When it was given up.'),
            alertId: text('Of the alert.'),
            alertSequence: count('In the alert log.'),
            attempts: count('Made before it was given up.'),
            failure: failedDelivery,
            alert: { type: 'object', additionalProperties: true, description: 'CloudEvents 1.0.' },
          },
          ['alert'],
        ),
      ),
      next: text('Cursor of the next page.'),
    },
    ['next'],
  ),
} as const satisfies Readonly<Record<string, JsonSchema>>
