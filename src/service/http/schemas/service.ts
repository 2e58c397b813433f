import type { JsonSchema } from '../route.ts'
import { count, list, object, text, time } from './forms.ts'

const partition = {
  type: 'object',
  required: ['partition', 'running'],
  properties: {
    partition: count('Index.'),
    running: { type: 'boolean' },
    worker: text('Who runs it.'),
    position: count('Sequence of the last entry processed.'),
    pendingEntries: count('Not processed yet.'),
    lagMs: { type: 'number' },
    watermark: { type: ['number', 'null'], description: 'Event time, Unix milliseconds.' },
    outboxEffects: count('Not confirmed by the alert log yet.'),
    counters: { type: 'object', additionalProperties: { type: 'integer' } },
    guests: list(
      object({
        namespace: text('Of rules.'),
        used: { type: 'number', description: 'Fuel, ever.' },
        left: {
          type: 'number',
          description: 'Part of its budget: 1 is all that it can save up; at 0 rules are suspended.',
        },
        suspensions: count('Of its rules, for what all of them used.'),
      }),
      'Namespaces whose rules have a budget together; those that the caller may read.',
    ),
    rules: count('That it has.'),
    stopped: object({ code: text('Why it does not run.'), message: text('As a sentence.') }),
  },
  additionalProperties: false,
} satisfies JsonSchema

export const serviceSchemas = {
  Health: object({
    status: { enum: ['ok', 'unavailable'] },
    checks: list(
      object({ name: text('Of what.'), ok: { type: 'boolean' }, reason: text('Why not.') }, ['reason']),
    ),
  }),
  Status: object({
    version: text('Of Sequitur.'),
    roles: list({ enum: ['api', 'worker', 'broker'] }),
    startedAt: time('Of this process.'),
    broker: object({
      connected: { type: 'boolean' },
      version: text('Of nats-server.'),
      url: text('Without credentials.'),
    }),
    partitions: list(partition),
    unreachable: list({ type: 'integer' }, 'Partitions that did not answer.'),
  }),
  Configuration: { type: 'object', description: 'As in docs/reference/configuration.md, secrets hidden.' },
} as const satisfies Readonly<Record<string, JsonSchema>>
