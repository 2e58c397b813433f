import type { JsonSchema } from '../route.ts'
import { count, list, object, text, time } from './forms.ts'

const counts = (description: string): JsonSchema => ({
  type: 'object',
  additionalProperties: { type: 'integer' },
  description,
})

const replayAlerts = (description: string): JsonSchema =>
  object(
    {
      count: count('All of them.'),
      samples: list(
        object(
          {
            rule: text('Id.'),
            version: count('Of the rule.'),
            key: text('As text.'),
            time: time('Event time.'),
            message: text('For people.'),
            sequences: list({ type: 'integer' }, 'Of the matched events, in the input log.'),
          },
          ['message'],
        ),
        'The first 20.',
      ),
    },
    [],
    description,
  )

const replayResult = object(
  {
    firstSequence: count('Of the span, as it was found.'),
    lastSequence: count('Below the first: there was nothing in it.'),
    entries: count('Read.'),
    events: count('Of them, that are events.'),
    late: count('Events behind the watermark.'),
    deadLettered: count('Entries that are no events.'),
    deadLetters: counts('Of them, by reason.'),
    alerts: count('All of them.'),
    alertsKept: count('That can be read.'),
    withheld: counts('Kept back, by reason.'),
    rules: list(
      object({
        rule: text('Id.'),
        version: count('That ran.'),
        alerts: count('Of this rule.'),
        withheld: counts('Kept back, by reason.'),
      }),
    ),
    alertsPerHour: list(
      object({ hour: time('Its beginning, in event time.'), alerts: count('In it.') }),
      'Hours with alerts.',
    ),
    topKeys: list(object({ key: text('As text.'), alerts: count('Of this key.') }), 'Ten at most.'),
    durationMs: count('From start to end.'),
    eventsPerSecond: count('Entries read in a second.'),
    difference: object(
      {
        against: { anyOf: [{ type: 'string', enum: ['live'] }, { type: 'integer' }] },
        onlyOld: replayAlerts('Raised by the other side only.'),
        both: replayAlerts('Same rule, key and events.'),
        onlyNew: replayAlerts('Raised by this replay only.'),
        beforeSpan: count('Live alerts that began before the span; in none of the groups.'),
        complete: { type: 'boolean', description: 'false: there were more alerts than are compared.' },
      },
      [],
      'Present when the replay was started with `against`.',
    ),
  },
  ['difference'],
  'Present when it is done.',
)

const replay = object(
  {
    id: text('Also its address.'),
    state: { enum: ['queued', 'running', 'done', 'failed', 'cancelled'] },
    rules: list(object({ id: text('Of the rule.'), version: count('A draft has its next one.') })),
    author: text('Who started it.'),
    since: time('As asked for.'),
    until: time('As asked for.'),
    firstSequence: count('As asked for.'),
    lastSequence: count('As asked for.'),
    against: { anyOf: [{ type: 'string', enum: ['live'] }, { type: 'integer' }] },
    share: { type: 'number' },
    wholeLog: { type: 'boolean' },
    createdAt: time('When it was asked for.'),
    startedAt: time('When it began to run.'),
    endedAt: time('When it ended.'),
    progress: object(
      {
        entries: count('Read.'),
        total: count('To read; 0 until it is known.'),
        eventTime: time('That has been reached.'),
      },
      ['eventTime'],
    ),
    result: replayResult,
    error: object({ code: text('Why it failed.'), message: text('As a sentence.') }),
  },
  [
    'author',
    'since',
    'until',
    'firstSequence',
    'lastSequence',
    'against',
    'startedAt',
    'endedAt',
    'result',
    'error',
  ],
)

export const replaySchemas = {
  Replay: replay,
  ReplayList: object({ replays: list({ $ref: 'Replay#' }) }),
  ReplayAlertPage: object(
    {
      alerts: list({ type: 'object' }, 'CloudEvents 1.0, as they would have been published.'),
      next: text('Cursor of the next page.'),
    },
    ['next'],
  ),
} as const satisfies Readonly<Record<string, JsonSchema>>
