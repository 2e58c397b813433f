import type { JsonSchema } from '../route.ts'
import { activation } from './changes.ts'
import { count, list, object, SEVERITY_VALUES, text, time } from './forms.ts'

export const silenceSchemas = {
  Silences: object({ silences: list({ $ref: 'Silence#' }) }),
  Silence: object(
    {
      id: text('Stands in the alerts that it holds back.'),
      revision: count('The ETag.'),
      state: { enum: ['active', 'scheduled', 'ended'] },
      match: object(
        {
          rule: text('Id.'),
          namespace: text('Of the rule.'),
          key: text('As text.'),
          severity: { enum: SEVERITY_VALUES },
        },
        ['rule', 'namespace', 'key', 'severity'],
        'All that is named holds.',
      ),
      from: time('Event time, inclusive.'),
      until: time('Event time, exclusive.'),
      who: text('Who made it.'),
      why: text('Why.'),
      at: time('When it was made.'),
      endedBy: text('Who ended it before its time.'),
      activation,
    },
    ['who', 'endedBy', 'activation'],
  ),
} as const satisfies Readonly<Record<string, JsonSchema>>
