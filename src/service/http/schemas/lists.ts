import type { JsonSchema } from '../route.ts'
import { activation } from './changes.ts'
import { count, list, object, text, time } from './forms.ts'
import { entry } from './problems.ts'

const listHead = {
  list: text('Its name.'),
  version: count('Every write is the next one.'),
  revision: count('The ETag; a change names it in If-Match.'),
  description: text('For people.'),
  owner: text('Who answers for it.'),
  author: text('Who wrote this version.'),
  reason: text('Why.'),
  at: time('When.'),
  count: count('Of values, expired ones too.'),
} as const

const LIST_OPTIONAL = ['description', 'owner', 'author', 'reason']

const listValue = object(
  {
    value: { type: ['string', 'number'] },
    until: text('Off the list from then on, in event time.'),
    why: text('Why it is there.'),
    author: text('Who put it there.'),
    expired: { type: 'boolean', description: 'By the clock of the service.' },
  },
  ['until', 'why', 'author', 'expired'],
)

export const listSchemas = {
  Lists: object({ lists: list(object(listHead, LIST_OPTIONAL)) }),
  List: object({ ...listHead, values: list(listValue) }, LIST_OPTIONAL),
  ListValues: object({ values: list(listValue) }),
  ListWritten: object(
    {
      ...listHead,
      change: { enum: ['created', 'updated', 'unchanged', 'removed'] },
      dryRun: { type: 'boolean' },
      activation,
      warnings: list(entry, 'Of a removal: the rules that look values up in it.'),
    },
    [...LIST_OPTIONAL, 'activation', 'warnings'],
  ),
} as const satisfies Readonly<Record<string, JsonSchema>>
