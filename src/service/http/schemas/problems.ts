import type { JsonSchema } from '../route.ts'
import { count, list, object, text } from './forms.ts'

export const entry = object(
  {
    code: text('Stable; docs/reference/errors.md.'),
    severity: { enum: ['error', 'warning'] },
    message: text('What is wrong.'),
    hint: text('What to do.'),
    excerpt: text('The line, with carets under the place.'),
    file: text('The text, when there are several.'),
    pointer: text('JSON Pointer.'),
    line: count('From 1.'),
    column: count('From 1.'),
    length: count('Characters.'),
  },
  ['hint', 'excerpt', 'file', 'pointer', 'line', 'column', 'length'],
  'One thing that is wrong with what was sent.',
)

export const problemSchemas = {
  Problem: {
    type: 'object',
    description: 'RFC 9457.',
    required: ['type', 'title', 'status', 'code', 'detail', 'instance'],
    properties: {
      type: text('URN of the code.'),
      title: text('Of the status.'),
      status: { type: 'integer', minimum: 400, maximum: 599 },
      code: text('Stable; docs/reference/errors.md.'),
      detail: text('What happened.'),
      hint: text('What to do.'),
      instance: text('The request, as the log names it.'),
      errors: list(entry, 'Everything that is wrong with what was sent.'),
    },
  },
  ProblemEntry: entry,
} as const satisfies Readonly<Record<string, JsonSchema>>
