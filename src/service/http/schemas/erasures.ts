import type { JsonSchema } from '../route.ts'
import { list, object, text, time } from './forms.ts'

export const erasureSchemas = {
  Erasures: object({ erasures: list({ $ref: 'Erasure#' }) }),
  Erasure: object(
    {
      id: text('Its address.'),
      keyHash: text(
        'HMAC-SHA-256 of the key, under a secret of this installation; the key itself is not kept.',
      ),
      rules: list({ type: 'string' }, 'Ids, when the key of some rules is meant.'),
      dryRun: { type: 'boolean', description: 'It counts and erases nothing.' },
      reason: text('Why.'),
      who: text('Who asked.'),
      at: time('When.'),
      state: {
        enum: ['requested', 'marked', 'listed', 'done'],
        description:
          '`marked`: it has its place among the events. `listed`: every partition has passed that place. `done`: nothing is left.',
      },
      places: list(
        object(
          {
            place: text('For people.'),
            done: { type: 'boolean', description: 'Nothing of the key is left there.' },
            found: {
              type: 'object',
              additionalProperties: { type: 'integer', minimum: 0 },
              description: 'How much there was, by kind.',
            },
          },
          ['found'],
        ),
      ),
      doneAt: time('When nothing was left.'),
      trouble: object({
        code: text('Stable; docs/reference/errors.md.'),
        message: text('What it waits for.'),
      }),
    },
    ['rules', 'who', 'doneAt', 'trouble'],
  ),
} as const satisfies Readonly<Record<string, JsonSchema>>
