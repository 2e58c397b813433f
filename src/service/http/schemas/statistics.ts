import type { JsonSchema } from '../route.ts'
import { SHARE } from './changes.ts'
import { count, list, object, text, time } from './forms.ts'

const WITHHELD: JsonSchema = {
  type: 'object',
  additionalProperties: { type: 'integer' },
  description: 'Kept back, by reason.',
}
const SUSPENDED_UNTIL = count(
  'Sequence of the entry with which it runs again; absent unless it is suspended.',
)

/** Of what there is in each version of a rule that runs. */
export const VERSION_ROLE = {
  version: count('Of the text.'),
  role: { enum: ['in-force', 'candidate', 'draining'] },
} as const

export const versionReading = object(
  {
    ...VERSION_ROLE,
    share: SHARE,
    until: time('Event time at which a version that drains ends in any case.'),
    suspendedUntil: SUSPENDED_UNTIL,
    matches: count('Complete matches.'),
    alerts: count('Raised.'),
    shadowAlerts: count('Raised in shadow.'),
    withheld: WITHHELD,
    errors: count('Conditions that could not be evaluated.'),
    keys: count('With live state.'),
    partialMatches: count('Not complete yet.'),
  },
  ['share', 'until', 'suspendedUntil'],
  'What one version did: while there is a candidate, since it came; one that drains, since it was replaced.',
)

const reading = object(
  {
    rule: text('Id.'),
    version: count('That is running.'),
    status: text('That is running.'),
    severity: text('Of its alerts.'),
    matches: count('Complete matches.'),
    alerts: count('Raised.'),
    shadowAlerts: count('Raised in shadow.'),
    withheld: WITHHELD,
    errors: list(
      object({ step: text('Event name.'), code: text('Of the expression.'), count: count('How often.') }),
    ),
    withoutKey: count('Events without a usable key.'),
    shed: count('Partial matches dropped at a limit.'),
    dropped: count('Partial matches given up because the rule changed.'),
    fuel: count('Used by costly conditions and large patterns.'),
    suspensions: count('Times that it was suspended because it used too much fuel.'),
    suspendedUntil: SUSPENDED_UNTIL,
    keys: count('With live state.'),
    partialMatches: count('Not complete yet.'),
    versions: list(versionReading, 'That run, the one in force first.'),
  },
  [],
  'What a rule did since it was first activated, all of its versions together.',
)

export const statisticsSchemas = {
  RuleStats: object(
    {
      rule: text('Id.'),
      total: reading,
      partitions: list(
        object(
          {
            partition: count('Index.'),
            version: count('That it has.'),
            status: text('That it has.'),
            reading,
          },
          ['reading'],
        ),
      ),
      unreachable: list({ type: 'integer' }, 'Partitions that did not answer.'),
    },
    ['total'],
  ),
} as const satisfies Readonly<Record<string, JsonSchema>>
