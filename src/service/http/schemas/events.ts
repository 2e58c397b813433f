import type { JsonSchema } from '../route.ts'
import { count, list, object } from './forms.ts'
import { entry } from './problems.ts'

export const eventSchemas = {
  EventsStored: object(
    {
      stored: count('Now in the input log.'),
      duplicates: count('Were there already, by their id.'),
      refused: count('Not stored; see errors.'),
      results: list(
        object(
          {
            index: count('Of the event, from 0.'),
            sequence: count('In the input log.'),
            duplicate: { type: 'boolean' },
          },
          [],
        ),
        'Of the stored ones.',
      ),
      errors: list(
        entry,
        'Of the refused ones; `line` is the line of NDJSON, `pointer` the index in an array.',
      ),
    },
    [],
  ),
} as const satisfies Readonly<Record<string, JsonSchema>>
