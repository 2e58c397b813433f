import type { JsonSchema } from '../route.ts'
import { count, list, object, text, time } from './forms.ts'

const ALERT_STATE_VALUES = ['open', 'acknowledged', 'closed'] as const

const saidOfAlert = {
  id: text('Of the alert.'),
  sequence: count('In the alert log.'),
  state: { enum: ALERT_STATE_VALUES },
  verdict: { enum: ['true', 'false', 'unsure'], description: 'Of a closed one.' },
  note: text('For those who read it later.'),
  who: text('The API key.'),
  at: time('When.'),
} as const

const verdicts = {
  true: count('Closed with this verdict.'),
  false: count('Closed with this verdict.'),
  unsure: count('Closed with this verdict; not in the precision.'),
  precision: { type: 'number', description: 'true / (true + false).' },
  interval: list({ type: 'number' }, '95 %, by Wilson.'),
} as const

export const alertSchemas = {
  AlertEntry: object(
    {
      sequence: count('In the alert log.'),
      subject: text('Where subscribers see it.'),
      storedAt: time('When it was raised.'),
      alert: { type: 'object', description: 'CloudEvents 1.0.' },
    },
    [],
  ),
  AlertPage: object(
    {
      alerts: list({ $ref: 'AlertEntry#' }),
      next: text('Cursor of the next page. A page may be shorter than asked for and still have one.'),
    },
    ['next'],
  ),
  AlertDetail: object(
    {
      sequence: count('In the alert log.'),
      subject: text('Where subscribers see it.'),
      storedAt: time('When it was raised.'),
      alert: { type: 'object', description: 'CloudEvents 1.0.' },
      state: { enum: ALERT_STATE_VALUES },
      revision: count('Of the state; the ETag.'),
      history: list(object(saidOfAlert, ['verdict', 'note', 'who']), 'What people said, oldest first.'),
    },
    [],
  ),
  AlertState: object({ ...saidOfAlert, revision: count('The ETag.') }, ['verdict', 'note', 'who']),
  RulePrecision: object({
    rule: text('Id.'),
    total: object(verdicts, ['precision', 'interval']),
    versions: list(
      object({ version: count('Of the rule.'), ...verdicts }, ['precision', 'interval']),
      'Newest first.',
    ),
  }),
} as const satisfies Readonly<Record<string, JsonSchema>>
