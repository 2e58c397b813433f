import type { JsonSchema } from '../route.ts'
import { count, list, object, text, time } from './forms.ts'

export const activation = object(
  {
    state: {
      enum: ['active', 'pending', 'unknown'],
      description:
        'active: every partition has this version. pending: it is stored and on its way. unknown: no worker answers.',
    },
    partitions: count('Partitions that have it.'),
    partialMatches: object(
      {
        kept: count('Go on under the version.'),
        drained: count('Are finished by the version before.'),
        dropped: count('Are given up.'),
      },
      [],
      'What became of the partial matches, when the version concerned them.',
    ),
  },
  ['partialMatches'],
  'Whether the worker has it.',
)

const difference = object({
  field: text('Key of the rule.'),
  before: text('As it is.'),
  after: text('As it would be.'),
  keepsPartialMatches: { type: 'boolean', description: 'By itself.' },
})

/** What kind of change it is from one text to another. */
export const comparison = {
  changes: list(difference, 'By key of the rule.'),
  keepsPartialMatches: { type: 'boolean', description: 'Whether partial matches go on under the new text.' },
  why: text('As a sentence.'),
} as const

/** Said by dry runs. */
export const changeEffect = {
  partialMatches: object(
    {
      kept: count('Go on under the new version.'),
      drained: count('Go on under the old version until they end.'),
      dropped: count('Are forgotten.'),
    },
    [],
    'What a dry run would make of the partial matches that the rule has now.',
  ),
  differences: list(difference, 'Between the rule and what was sent to a dry run.'),
} as const

export const approvalsNeeded = count('Of a dry run: how many others would have to approve it.')

export const SHARE: JsonSchema = {
  type: 'number',
  description: 'Percent of the keys that a candidate decides.',
}

export const DID: JsonSchema = {
  enum: ['candidate', 'share', 'withdrawal', 'promotion', 'rollback'],
  description: 'What the version did, where it is not simply a new text.',
}

export const candidate = object(
  { version: count('That wrote it.'), share: SHARE, at: time('When it came.') },
  [],
  'A version beside the one in force.',
)
