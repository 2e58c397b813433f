import { PROPOSAL_STATES } from '../../catalogue/index.ts'
import type { JsonSchema } from '../route.ts'
import { activation, candidate, changeEffect, DID } from './changes.ts'
import { count, list, object, STATUS_VALUES, text, time } from './forms.ts'
import { entry } from './problems.ts'

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

export const proposalSchemas = {
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
} as const satisfies Readonly<Record<string, JsonSchema>>
