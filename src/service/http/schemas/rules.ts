import type { JsonSchema } from '../route.ts'
import { activation, approvalsNeeded, candidate, changeEffect, comparison, DID, SHARE } from './changes.ts'
import { count, list, object, SEVERITY_VALUES, STATUS_VALUES, text, time } from './forms.ts'
import { entry } from './problems.ts'
import { versionReading } from './statistics.ts'

const approved = {
  proposal: text('The proposal that it was.'),
  approvers: list({ type: 'string' }, 'Who approved it.'),
  breakGlass: { type: 'boolean', description: 'An operator did without approval.' },
} as const

const APPROVED_OPTIONAL = ['proposal', 'approvers', 'breakGlass']

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

export const ruleSchemas = {
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
} as const satisfies Readonly<Record<string, JsonSchema>>
