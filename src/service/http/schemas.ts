import { PROPOSAL_STATES } from '../catalogue/index.ts'
import type { JsonSchema } from './route.ts'

export const ref = (name: keyof typeof COMPONENTS): JsonSchema => ({ $ref: `${name}#` })

const text = (description: string, rest: JsonSchema = {}): JsonSchema => ({
  type: 'string',
  description,
  ...rest,
})
const count = (description: string): JsonSchema => ({ type: 'integer', minimum: 0, description })
const list = (items: JsonSchema, description?: string): JsonSchema => ({
  type: 'array',
  items,
  ...(description === undefined ? {} : { description }),
})
const object = (
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
  description?: string,
): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
  ...(description === undefined ? {} : { description }),
})

export const RULE_ID = '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$'
export const STATUS_VALUES = ['draft', 'shadow', 'live', 'disabled'] as const
export const SEVERITY_VALUES = ['info', 'low', 'medium', 'high', 'critical'] as const

const time = (description: string): JsonSchema => text(description, { format: 'date-time' })

const entry = object(
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

const SHARE: JsonSchema = { type: 'number', description: 'Percent of the keys that a candidate decides.' }
const DID: JsonSchema = {
  enum: ['candidate', 'share', 'withdrawal', 'promotion', 'rollback'],
  description: 'What the version did, where it is not simply a new text.',
}
const approved = {
  proposal: text('The proposal that it was.'),
  approvers: list({ type: 'string' }, 'Who approved it.'),
  breakGlass: { type: 'boolean', description: 'An operator did without approval.' },
} as const
const APPROVED_OPTIONAL = ['proposal', 'approvers', 'breakGlass']

const candidate = object(
  { version: count('That wrote it.'), share: SHARE, at: time('When it came.') },
  [],
  'A version beside the one in force.',
)

const ruleHead = {
  id: text('Also its address.'),
  version: count('Every write is the next one.'),
  textVersion: count('The version whose text is in force, where the last one changed something else.'),
  revision: count('The ETag; a change names it in If-Match.'),
  status: { enum: STATUS_VALUES },
  format: { enum: ['yaml', 'json'] },
  title: text('For people.'),
  namespace: text('Second token of the alert subject.'),
  severity: { enum: SEVERITY_VALUES },
  owner: text('Who answers for it.'),
  tags: list({ type: 'string' }),
  subjects: list({ type: 'string' }, 'Where its events come from.'),
  author: text('Who wrote this version.'),
  reason: text('Why.'),
  at: time('When.'),
  managedBy: text('Where the text is kept, when it is not here.'),
  candidate,
  ...approved,
} as const
const RULE_OPTIONAL = [
  ...APPROVED_OPTIONAL,
  'textVersion',
  'candidate',
  'title',
  'namespace',
  'severity',
  'owner',
  'tags',
  'subjects',
  'author',
  'reason',
  'managedBy',
]

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

const difference = object({
  field: text('Key of the rule.'),
  before: text('As it is.'),
  after: text('As it would be.'),
  keepsPartialMatches: { type: 'boolean', description: 'By itself.' },
})

/** What kind of change it is from one text to another. */
const comparison = {
  changes: list(difference, 'By key of the rule.'),
  keepsPartialMatches: { type: 'boolean', description: 'Whether partial matches go on under the new text.' },
  why: text('As a sentence.'),
} as const

/** Said by dry runs. */
const changeEffect = {
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
const approvalsNeeded = count('Of a dry run: how many others would have to approve it.')

const proposalHead = {
  id: text('Also its address.'),
  rule: text('Id of the rule.'),
  change: { enum: ['created', 'updated', 'removed'] },
  state: {
    enum: PROPOSAL_STATES,
    description:
      'approved: nobody else is needed, and it is being carried out. stale: the rule changed meanwhile.',
  },
  status: { enum: STATUS_VALUES, description: 'That the rule would have.' },
  did: DID,
  candidate,
  partialMatchesMode: {
    enum: ['keep', 'drain', 'drop'],
    description: 'What is asked for partial matches of the version before.',
  },
  base: object(
    {
      version: count('Of the rule that is changed.'),
      status: { enum: STATUS_VALUES },
      revision: count('0: there was none.'),
    },
    ['version', 'status'],
    'The rule as it was when this was written; it must still be so.',
  ),
  namespaces: list({ type: 'string' }, 'Of the rule before and after; * when it is not known.'),
  author: text('Who wrote it.'),
  reason: text('Why.'),
  managedBy: text('Where the text is kept, when it is not here.'),
  at: time('When.'),
  expiresAt: time('Void from then on.'),
  needed: count('How many others must approve.'),
  approvals: list(
    object({ by: text('Who.'), at: time('When.'), comment: text('As they gave it.') }, ['comment']),
  ),
  settlement: object(
    { by: text('Who.'), at: time('When.'), comment: text('As they gave it.') },
    ['by', 'comment'],
    'When it stopped waiting; absent while it waits, and when it expired or went stale waiting.',
  ),
  version: count('Of the rule, once it is applied.'),
  hash: text('SHA-256 of the change: what an approval is of.'),
} as const
const PROPOSAL_OPTIONAL = [
  'status',
  'did',
  'candidate',
  'partialMatchesMode',
  'author',
  'reason',
  'managedBy',
  'settlement',
  'version',
]

const ALERT_STATE_VALUES = ['open', 'acknowledged', 'closed'] as const
const saidOfAlert = {
  id: text('Of the alert.'),
  sequence: count('In the alert log.'),
  state: { enum: ALERT_STATE_VALUES },
  verdict: { enum: ['true', 'false', 'unsure'], description: 'Of a closed one.' },
  note: text('For those who read it later.'),
  who: text('The API key.'),
  at: time('When.'),
} as const

const verdicts = {
  true: count('Closed with this verdict.'),
  false: count('Closed with this verdict.'),
  unsure: count('Closed with this verdict; not in the precision.'),
  precision: { type: 'number', description: 'true / (true + false).' },
  interval: list({ type: 'number' }, '95 %, by Wilson.'),
} as const

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

const webhookHead = {
  webhook: text('Its name.'),
  version: count('Every write is the next one.'),
  revision: count('The ETag; a change names it in If-Match.'),
  description: text('For people.'),
  url: text('Where alerts are sent; only its host for those who may not change it.'),
  filter: object(
    {
      rules: list({ type: 'string' }, 'Ids.'),
      namespaces: list({ type: 'string' }, 'Of the rules.'),
      severities: list({ enum: SEVERITY_VALUES }),
    },
    ['rules', 'namespaces', 'severities'],
    'All that is named holds, and of each list one is enough.',
  ),
  secret: text('Name of the secret in the configuration.'),
  enabled: { type: 'boolean' },
  disabledBecause: text('Why it was disabled without anybody asking for it.'),
  author: text('Who wrote this version.'),
  reason: text('Why.'),
  at: time('When.'),
} as const
const WEBHOOK_OPTIONAL = ['description', 'filter', 'disabledBecause', 'author', 'reason']

const failedDelivery = object(
  {
    code: text('Stable; docs/reference/errors.md.'),
    detail: text('As a sentence.'),
    status: count('HTTP status, when there was an answer.'),
  },
  ['status'],
)

const activation = object(
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

const versionReading = object(
  {
    version: count('Of the text.'),
    role: { enum: ['in-force', 'candidate', 'draining'] },
    share: SHARE,
    until: time('Event time at which a version that drains ends in any case.'),
    suspendedUntil: count('Sequence of the entry with which it runs again; absent unless it is suspended.'),
    matches: count('Complete matches.'),
    alerts: count('Raised.'),
    shadowAlerts: count('Raised in shadow.'),
    withheld: {
      type: 'object',
      additionalProperties: { type: 'integer' },
      description: 'Kept back, by reason.',
    },
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
    withheld: {
      type: 'object',
      additionalProperties: { type: 'integer' },
      description: 'Kept back, by reason.',
    },
    errors: list(
      object({ step: text('Event name.'), code: text('Of the expression.'), count: count('How often.') }),
    ),
    withoutKey: count('Events without a usable key.'),
    shed: count('Partial matches dropped at a limit.'),
    dropped: count('Partial matches given up because the rule changed.'),
    fuel: count('Used by costly conditions and large patterns.'),
    suspensions: count('Times that it was suspended because it used too much fuel.'),
    suspendedUntil: count('Sequence of the entry with which it runs again; absent unless it is suspended.'),
    keys: count('With live state.'),
    partialMatches: count('Not complete yet.'),
    versions: list(versionReading, 'That run, the one in force first.'),
  },
  [],
  'What a rule did since it was first activated, all of its versions together.',
)

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
    rules: count('That it has.'),
    stopped: object({ code: text('Why it does not run.'), message: text('As a sentence.') }),
  },
  additionalProperties: false,
} satisfies JsonSchema

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

/** Shared schemas of the API; each stands once in the OpenAPI document. */
export const COMPONENTS = {
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
  RuleHead: object(ruleHead, RULE_OPTIONAL, 'A rule without its text.'),
  Rule: object(
    { ...ruleHead, source: text('As it was written.') },
    RULE_OPTIONAL,
    'A rule as it is in force. As application/yaml: the text alone.',
  ),
  RuleWritten: object(
    {
      ...ruleHead,
      source: text('As it was written.'),
      change: { enum: ['created', 'updated', 'unchanged'] },
      dryRun: { type: 'boolean', description: 'Nothing was stored.' },
      activation,
      ...changeEffect,
      approvalsNeeded,
      warnings: list(entry),
    },
    [...RULE_OPTIONAL, 'activation', 'partialMatches', 'differences', 'approvalsNeeded'],
  ),
  RuleRemoved: object(
    {
      id: text('Of the rule.'),
      version: count('The version that says it is gone.'),
      dryRun: { type: 'boolean', description: 'Nothing was removed.' },
      activation,
      ...changeEffect,
      approvalsNeeded,
      breakGlass: { type: 'boolean', description: 'An operator did without approval.' },
    },
    ['activation', 'partialMatches', 'differences', 'approvalsNeeded', 'breakGlass'],
  ),
  Proposed: object(
    { ...proposalHead, warnings: list(entry) },
    PROPOSAL_OPTIONAL,
    'Nothing changed yet: others must approve it.',
  ),
  Proposal: object(
    {
      ...proposalHead,
      format: { enum: ['yaml', 'json'] },
      source: text('The text that is proposed; absent when the rule is to be removed.'),
      diff: text(
        'From the text in force to the one that would be, and from that to a candidate that would decide keys, as unified diff.',
      ),
      ...changeEffect,
    },
    [...PROPOSAL_OPTIONAL, 'format', 'source', 'partialMatches', 'differences'],
  ),
  ProposalDecided: object({ ...proposalHead, activation }, [...PROPOSAL_OPTIONAL, 'activation']),
  ProposalList: object({
    proposals: list(object(proposalHead, PROPOSAL_OPTIONAL)),
    more: count('That fit as well and are not in it.'),
  }),
  RuleList: object({ rules: list({ $ref: 'RuleHead#' }) }),
  RuleVersions: object({
    id: text('Of the rule.'),
    versions: list(
      object(
        {
          version: count('Newest first.'),
          kind: { enum: ['put', 'remove'] },
          current: { type: 'boolean' },
          status: { enum: STATUS_VALUES },
          did: DID,
          author: text('Who.'),
          reason: text('Why.'),
          at: time('When.'),
          ...approved,
        },
        ['status', 'did', 'author', 'reason', ...APPROVED_OPTIONAL],
      ),
    ),
  }),
  RuleVersion: object(
    {
      id: text('Of the rule.'),
      version: count('Of this text.'),
      kind: { enum: ['put', 'remove'] },
      status: { enum: STATUS_VALUES },
      did: DID,
      format: { enum: ['yaml', 'json'] },
      source: text('As it was written; absent when this version removed the rule.'),
      author: text('Who.'),
      reason: text('Why.'),
      at: time('When.'),
      ...approved,
    },
    ['status', 'did', 'format', 'source', 'author', 'reason', ...APPROVED_OPTIONAL],
  ),
  VersionDiff: object(
    {
      id: text('Of the rule.'),
      version: count('This one.'),
      against: count('The other one; 0: nothing was there.'),
      diff: text('Unified diff of the texts; empty when they are the same.'),
      ...comparison,
    },
    ['changes', 'keepsPartialMatches', 'why'],
  ),
  Candidate: object(
    {
      id: text('Of the rule.'),
      version: count('That wrote it.'),
      share: SHARE,
      author: text('Who.'),
      reason: text('Why.'),
      at: time('When.'),
      format: { enum: ['yaml', 'json'] },
      source: text('As it was written.'),
      ...comparison,
      versions: list(versionReading, 'What both did since the candidate came.'),
      unreachable: list({ type: 'integer' }, 'Partitions that did not answer.'),
    },
    ['author', 'reason'],
  ),
  Validation: object({
    valid: { type: 'boolean' },
    rules: list(
      object(
        {
          id: text('Of the rule.'),
          status: { enum: STATUS_VALUES },
          title: text('For people.'),
          namespace: text('Of its alerts.'),
          severity: { enum: SEVERITY_VALUES },
          owner: text('Who answers for it.'),
          tags: list({ type: 'string' }),
          subjects: list({ type: 'string' }),
        },
        ['title', 'owner'],
      ),
    ),
    errors: list(entry, 'Problems and warnings of all texts.'),
  }),
  Applied: object({
    dryRun: { type: 'boolean' },
    rules: list(
      object(
        {
          id: text('Of the rule.'),
          change: {
            enum: ['created', 'updated', 'unchanged', 'removed', 'proposed'],
            description: 'proposed: nothing changed yet, others must approve it.',
          },
          version: count('After it; of a proposal: the one that it would be.'),
          proposal: text('Its id.'),
          breakGlass: { type: 'boolean', description: 'An operator did without approval.' },
        },
        ['proposal', 'breakGlass'],
      ),
    ),
    warnings: list(entry),
  }),
  Explanation: object({
    id: text('Of the rule.'),
    text: text('Plain sentences.'),
    automaton: text('One state per line.'),
    cost: text('What is kept per key, and what bounds it.'),
    definition: { type: 'object', description: 'The rule in its structural form.' },
  }),
  TestReport: object({
    passed: count('Tests.'),
    failed: count('Tests.'),
    tests: list(
      object(
        {
          rule: text('Id.'),
          name: text('Of the test.'),
          passed: { type: 'boolean' },
          details: list({ type: 'string' }, 'Differences, and why.'),
          line: count('Of the test in the text.'),
        },
        ['line'],
      ),
    ),
    warnings: list(entry),
  }),
  RuleMatches: object(
    {
      rule: text('Id.'),
      total: count('In all partitions.'),
      next: text('Cursor of the next page.'),
      matches: list(
        object(
          {
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
  RuleFunnel: object({
    rule: text('Id.'),
    partialMatches: count('In all partitions.'),
    keys: count('In all partitions.'),
    stages: list(
      object(
        {
          taken: list({ type: 'string' }, 'Steps that have taken something.'),
          waitingFor: list({ type: 'string' }, 'Steps that could take the next event.'),
          partialMatches: count('That stand here.'),
          keys: count('With one that stands here.'),
          oldest: time('Start of the oldest; event time.'),
          nextDeadline: time('Event time.'),
        },
        ['nextDeadline'],
      ),
      'From the first step on.',
    ),
    notCounted: count('Partial matches beyond what a worker looks at for one answer.'),
    unreachable: list({ type: 'integer' }, 'Partitions that did not answer.'),
  }),
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
  Lists: object({ lists: list(object(listHead, LIST_OPTIONAL)) }),
  List: object({ ...listHead, values: list(listValue) }, LIST_OPTIONAL),
  ListValues: object({ values: list(listValue) }),
  ListWritten: object(
    {
      ...listHead,
      change: { enum: ['created', 'updated', 'unchanged', 'removed'] },
      dryRun: { type: 'boolean' },
      activation,
    },
    [...LIST_OPTIONAL, 'activation'],
  ),
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
  Webhooks: object({ webhooks: list(object(webhookHead, WEBHOOK_OPTIONAL)) }),
  Webhook: object({ ...webhookHead, waiting: count('Alerts not handled yet.') }, WEBHOOK_OPTIONAL),
  WebhookWritten: object(
    {
      ...webhookHead,
      change: { enum: ['created', 'updated', 'unchanged', 'removed'] },
      dryRun: { type: 'boolean' },
    },
    WEBHOOK_OPTIONAL,
  ),
  WebhookTrial: object(
    {
      delivered: { type: 'boolean' },
      status: count('HTTP status, when there was an answer.'),
      failure: failedDelivery,
      durationMs: count('Of the attempt.'),
    },
    ['status', 'failure'],
  ),
  WebhookDeadLetters: object(
    {
      deadLetters: list(
        object(
          {
            sequence: count('Its address.'),
            at: time('When it was given up.'),
            alertId: text('Of the alert.'),
            alertSequence: count('In the alert log.'),
            attempts: count('Made before it was given up.'),
            failure: failedDelivery,
            alert: { type: 'object', additionalProperties: true, description: 'CloudEvents 1.0.' },
          },
          ['alert'],
        ),
      ),
      next: text('Cursor of the next page.'),
    },
    ['next'],
  ),
  AlertEntry: object(
    {
      sequence: count('In the alert log.'),
      subject: text('Where subscribers see it.'),
      storedAt: time('When it was raised.'),
      alert: { type: 'object', description: 'CloudEvents 1.0.' },
    },
    [],
  ),
  AlertDetail: object(
    {
      sequence: count('In the alert log.'),
      subject: text('Where subscribers see it.'),
      storedAt: time('When it was raised.'),
      alert: { type: 'object', description: 'CloudEvents 1.0.' },
      state: { enum: ALERT_STATE_VALUES },
      revision: count('Of the state; the ETag.'),
      history: list(object(saidOfAlert, ['verdict', 'note', 'who']), 'What people said, oldest first.'),
    },
    [],
  ),
  AlertState: object({ ...saidOfAlert, revision: count('The ETag.') }, ['verdict', 'note', 'who']),
  RulePrecision: object({
    rule: text('Id.'),
    total: object(verdicts, ['precision', 'interval']),
    versions: list(
      object({ version: count('Of the rule.'), ...verdicts }, ['precision', 'interval']),
      'Newest first.',
    ),
  }),
  AuditPage: object(
    {
      records: list(
        object(
          {
            number: count('Dense, from 1.'),
            at: text('ISO 8601.'),
            actor: text('Id of the key, jwt: and a name, address: and an IP address, or local.'),
            action: text('The operation.'),
            object: text('The address that it was done to.'),
            outcome: { enum: ['done', 'refused', 'failed'] },
            status: count('HTTP status.'),
            code: text('Of the problem.'),
            reason: text('As the caller gave it.'),
            before: count('Version before.'),
            after: count('Version after.'),
            changes: list({ type: 'object' }, 'What became of each of many rules.'),
            keyHash: text('Of an erasure: HMAC of the key, which is not kept.'),
            proposal: text('That was made or decided on.'),
            rule: text('Of the proposal.'),
            author: text('Who wrote what was carried out.'),
            approvers: list({ type: 'string' }, 'Who approved it.'),
            breakGlass: { type: 'boolean', description: 'An operator did without approval.' },
            repeated: count('How often the same was refused since its last record.'),
            previous: text('Hash of the record before.'),
            hash: text('SHA-256 of the canonical JSON of the rest.'),
          },
          [
            'code',
            'reason',
            'before',
            'after',
            'changes',
            'keyHash',
            'proposal',
            'rule',
            'author',
            'approvers',
            'breakGlass',
            'repeated',
          ],
        ),
      ),
      next: text('Cursor of the next page.'),
    },
    ['next'],
  ),
  AuditVerdict: object(
    {
      valid: { type: 'boolean' },
      records: count('Records that are as they were written, from the first.'),
      head: text('Hash of the last.'),
      broken: count('Number of the first that is not.'),
      why: text('What is wrong with it.'),
    },
    ['head', 'broken', 'why'],
  ),
  AlertPage: object(
    {
      alerts: list({ $ref: 'AlertEntry#' }),
      next: text('Cursor of the next page. A page may be shorter than asked for and still have one.'),
    },
    ['next'],
  ),
  Replay: replay,
  ReplayList: object({ replays: list({ $ref: 'Replay#' }) }),
  ReplayAlertPage: object(
    {
      alerts: list({ type: 'object' }, 'CloudEvents 1.0, as they would have been published.'),
      next: text('Cursor of the next page.'),
    },
    ['next'],
  ),
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
