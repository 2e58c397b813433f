import type { JsonSchema } from '../route.ts'
import { count, list, object, STATUS_VALUES, text, time } from './forms.ts'
import { VERSION_ROLE } from './statistics.ts'

const tracedEvent = object(
  {
    sequence: count('In the input log.'),
    id: text('Of the event.'),
    time: time('Event time.'),
    subject: text('Where it came from.'),
    outcome: { enum: ['taken', 'not-taken', 'late', 'dead-letter'] },
    steps: list({
      type: 'object',
      additionalProperties: true,
      required: ['kind', 'step', 'text'],
      properties: { kind: text('The reason.'), step: text('Name.'), text: text('For people.') },
    }),
    note: text('Why it was not processed.'),
  },
  ['note'],
)

export const matchSchemas = {
  RuleMatches: object(
    {
      rule: text('Id.'),
      total: count('In all partitions, of all versions.'),
      next: text('Cursor of the next page.'),
      matches: list(
        object(
          {
            ...VERSION_ROLE,
            key: { description: 'The value of `by`.' },
            startedAt: time('Event time.'),
            deadline: time('Event time.'),
            events: list(
              object({ step: text('Name.'), seq: count('In the input log.'), time: time('Event time.') }),
            ),
            waitingFor: list({ type: 'string' }, 'Steps that could take the next event.'),
          },
          ['deadline'],
        ),
        'Oldest first.',
      ),
      unreachable: list({ type: 'integer' }, 'Partitions that did not answer.'),
    },
    ['next'],
  ),
  RuleFunnel: object({
    rule: text('Id.'),
    partialMatches: count('In all partitions, of all versions.'),
    keys: count('In all partitions.'),
    stages: list(
      object(
        {
          ...VERSION_ROLE,
          taken: list({ type: 'string' }, 'Steps that have taken something.'),
          waitingFor: list({ type: 'string' }, 'Steps that could take the next event.'),
          partialMatches: count('That stand here.'),
          keys: count('With one that stands here.'),
          oldest: time('Start of the oldest; event time.'),
          nextDeadline: time('Event time.'),
        },
        ['nextDeadline'],
      ),
      'The version in force first, each from the first step on.',
    ),
    notCounted: count('Partial matches beyond what a worker looks at for one answer.'),
    unreachable: list({ type: 'integer' }, 'Partitions that did not answer.'),
  }),
  Why: {
    type: 'object',
    additionalProperties: true,
    required: [
      'rule',
      'version',
      'key',
      'steps',
      'events',
      'partialMatches',
      'alerts',
      'withoutKey',
      'lines',
      'since',
      'until',
      'read',
    ],
    properties: {
      rule: text('Id.'),
      version: count('That was traced.'),
      key: { type: 'object', additionalProperties: true, description: 'By the names of its parts.' },
      steps: list({ type: 'string' }, 'Names of the events of the rule.'),
      pattern: text('The sentence.'),
      events: list(tracedEvent, 'Events of the key, in order of time.'),
      partialMatches: list(
        object({
          start: count('Sequence of its first event.'),
          startedAt: time('Event time.'),
          events: list(
            object({ step: text('Name.'), seq: count('In the input log.'), time: time('Event time.') }),
          ),
          end: {
            type: 'object',
            additionalProperties: true,
            required: ['kind'],
            properties: { kind: { enum: ['complete', 'expired', 'broken', 'discarded', 'waiting'] } },
          },
        }),
        'What became of each.',
      ),
      alerts: list(
        object(
          {
            id: text('As the alert log has it.'),
            kind: { enum: ['alert', 'shadow-alert', 'withheld-alert'] },
            at: time('Event time.'),
            message: text('Of the alert.'),
            withheld: { type: 'object', additionalProperties: true, description: 'Why it was kept back.' },
            text: text('For people.'),
          },
          ['message', 'withheld'],
        ),
      ),
      withoutKey: object({
        count: count('Events that belong to nobody.'),
        events: list(tracedEvent, 'Some of them.'),
      }),
      nearestMiss: object({
        change: text('Of the rule.'),
        kind: { enum: ['limit', 'count', 'constant', 'condition', 'absence', 'having', 'exception'] },
        cost: { type: 'number', description: 'How large the change is.' },
        at: time('When it would have alerted.'),
        text: text('For people.'),
      }),
      lines: list(
        object({ at: time('Event time.'), text: text('What happened.') }, ['at']),
        'The same for people.',
      ),
      cut: object({ events: count('Events of the key that were left out of the answer.') }),
      since: time('Of storing.'),
      until: time('Of storing.'),
      read: count('Events that were looked at, of all keys.'),
      historyCut: object({
        limit: { enum: ['events', 'bytes', 'entries'] },
        max: count('Of the limit.'),
        at: time('Where reading ended.'),
      }),
    },
  },
  EventRules: object({
    sequence: count('In the input log.'),
    subject: text('Of the event.'),
    storedAt: time('By the broker.'),
    rules: list(
      object(
        {
          rule: text('Id.'),
          version: count('In force.'),
          status: { enum: STATUS_VALUES },
          key: {
            type: 'object',
            additionalProperties: true,
            description: 'Whose the event is for this rule.',
          },
          keyValue: { description: 'The key as /v1/why takes it.' },
          note: text('Why there is no event in it.'),
          steps: list(
            object({
              step: text('Name.'),
              holds: { type: 'boolean', description: 'What reads the event alone.' },
              undecided: list({ type: 'string' }, 'Conditions on earlier steps.'),
              failed: list(
                { type: 'object', additionalProperties: true },
                'Conditions that do not hold, with values.',
              ),
              text: text('For people.'),
            }),
          ),
        },
        ['key', 'keyValue', 'note'],
      ),
    ),
    notLookedAt: count('Rules beyond the limit.'),
  }),
} as const satisfies Readonly<Record<string, JsonSchema>>
