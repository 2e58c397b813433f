import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ApproveOutcome,
  type Decided,
  PROPOSAL_STATES,
  type ProposalState,
  type StoredProposal,
  writtenText,
} from '../../catalogue/index.ts'
import { effectOfChange } from '../change-effect.ts'
import type { Access } from '../grants.ts'
import { mayIn } from '../grants.ts'
import { awaitActivation } from '../inspector.ts'
import { notInNamespace, refuseRule } from '../namespaces.ts'
import { type Answer, type Call, type Caller, data, problem, route } from '../route.ts'
import { RULE_ID, ref } from '../schemas/index.ts'
import type { Services } from '../services.ts'
import { proposalDiffOf, proposalHeadOf } from './proposal-view.ts'
import { busy, notReadable } from './rules.ts'

interface Id {
  readonly id: string
}

const ID_PARAMS = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'Of the proposal.' } },
} as const

const COMMENT = {
  type: 'string',
  maxLength: 1000,
  description: 'For the author; kept with the proposal.',
} as const

const bodyOf = (required: readonly string[]) =>
  ({
    kind: 'json',
    required: required.length > 0,
    schema: {
      type: 'object',
      additionalProperties: false,
      ...(required.length === 0 ? {} : { required }),
      properties: { comment: required.length === 0 ? COMMENT : { ...COMMENT, minLength: 1 } },
    },
  }) as const

interface Comment {
  readonly comment?: string
}

export const PROPOSAL_ROUTES = [
  route<unknown, { readonly rule?: string; readonly state?: ProposalState; readonly limit: number }, unknown>(
    {
      method: 'GET',
      path: '/v1/proposals',
      operation: 'listProposals',
      tag: 'proposals',
      access: 'read',
      scope: 'namespace',
      summary: 'Changes of rules that wait for others, or did, newest first',
      query: {
        type: 'object',
        additionalProperties: false,
        properties: {
          rule: { type: 'string', pattern: RULE_ID, description: 'Only of this rule.' },
          state: { enum: PROPOSAL_STATES },
          limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
        },
      },
      responses: { 200: { description: 'Without their texts.', schema: ref('ProposalList') } },
      handle: async ({ query, caller }, { proposals }) => {
        const fitting = (await proposals.list()).filter(
          ({ proposal, state }) =>
            mayInAll(caller, 'read', proposal.namespaces) &&
            (query.rule === undefined || proposal.record.id === query.rule) &&
            (query.state === undefined || state === query.state),
        )
        const shown = fitting.slice(0, query.limit)
        return data({ proposals: shown.map(proposalHeadOf), more: fitting.length - shown.length })
      },
    },
  ),
  route<Id, unknown, unknown>({
    method: 'GET',
    path: '/v1/proposals/{id}',
    operation: 'getProposal',
    tag: 'proposals',
    access: 'read',
    scope: 'namespace',
    summary: 'One proposal: its text, and what it would change',
    description:
      'With the diff to the text that it changes, that of a candidate that would decide keys, and, while it waits, what would become of the partial matches that the rule has now.',
    params: ID_PARAMS,
    responses: { 200: { description: 'The proposal.', schema: ref('Proposal') } },
    problems: [404],
    handle: async ({ params, caller }, services) => {
      const found = await services.proposals.get(params.id)
      if (found === undefined || (await refuse(caller, 'read', found, services)) !== undefined)
        return noProposal(params.id)
      return data(await detailsOf(found, services))
    },
  }),
  route<Id, unknown, Comment>({
    method: 'POST',
    path: '/v1/proposals/{id}:approve',
    operation: 'approveProposal',
    slow: true,
    tag: 'proposals',
    access: 'approve',
    scope: 'namespace',
    summary: 'Approve a change; the last approval needed carries it out',
    description:
      'Never by its author, under whatever key or token of the same id. The text is read again before; what is stored is exactly what was proposed.',
    params: ID_PARAMS,
    body: bodyOf([]),
    responses: { 200: { description: 'It is applied, or waits for more.', schema: ref('ProposalDecided') } },
    problems: [404, 409, 412, 422],
    handle: (call, services) =>
      decide(call, services, 'approve', (by) => services.catalogue.approve(call.params.id, by)),
  }),
  route<Id, unknown, Comment>({
    method: 'POST',
    path: '/v1/proposals/{id}:reject',
    operation: 'rejectProposal',
    tag: 'proposals',
    access: 'approve',
    scope: 'namespace',
    summary: 'Reject a change, with a comment for its author',
    params: ID_PARAMS,
    body: bodyOf(['comment']),
    responses: { 200: { description: 'It is rejected.', schema: ref('ProposalDecided') } },
    problems: [404, 409, 412],
    handle: (call, services) =>
      decide(call, services, 'approve', (by) => services.proposals.reject(call.params.id, by)),
  }),
  route<Id, unknown, Comment>({
    method: 'POST',
    path: '/v1/proposals/{id}:withdraw',
    operation: 'withdrawProposal',
    tag: 'proposals',
    access: 'write',
    scope: 'namespace',
    summary: 'Take a change back that one has proposed',
    params: ID_PARAMS,
    body: bodyOf([]),
    responses: { 200: { description: 'It is withdrawn.', schema: ref('ProposalDecided') } },
    problems: [404, 409, 412],
    handle: (call, services) =>
      decide(call, services, 'write', (by) => services.proposals.withdraw(call.params.id, by)),
  }),
]

const mayInAll = (caller: Caller, access: Access, namespaces: readonly string[]): boolean =>
  namespaces.every((name) => mayIn(caller.grants, access, name === '*' ? undefined : name))

/** Why the caller may not do this to the proposal: it is for those who may do it to the rule before and after. */
async function refuse(
  caller: Caller,
  access: Access,
  { proposal }: StoredProposal,
  services: Services,
): Promise<Answer | undefined> {
  const foreign = proposal.namespaces.find((name) => !mayInAll(caller, access, [name]))
  if (foreign !== undefined) return notInNamespace(foreign === '*' ? undefined : foreign)
  return refuseRule(caller, access, proposal.record.id, services)
}

async function decide(
  { params, body, caller }: Call<Id, unknown, Comment>,
  services: Services,
  access: Access,
  act: (by: {
    readonly who: string | undefined
    readonly comment?: string
  }) => Promise<ApproveOutcome | Decided>,
): Promise<Answer> {
  const found = await services.proposals.get(params.id)
  if (found === undefined || (await refuse(caller, 'read', found, services)) !== undefined)
    return noProposal(params.id)
  const refusal = await refuse(caller, access, found, services)
  if (refusal !== undefined) return refusal
  const { comment } = body
  return answerOf(
    await act({ who: caller.id, ...(comment === undefined ? {} : { comment }) }),
    params.id,
    services,
  )
}

async function answerOf(
  outcome: ApproveOutcome | Decided,
  id: string,
  { inspector, now }: Services,
): Promise<Answer> {
  switch (outcome.kind) {
    case 'decided': {
      const { record } = outcome.proposal.proposal
      return data(proposalHeadOf(outcome.proposal), 200, undefined, { proposal: id, rule: record.id })
    }
    case 'applied': {
      const { record, proposal } = outcome
      const request = { kind: 'rule', rule: record.id } as const
      const { base } = proposal.proposal
      return data(
        {
          ...proposalHeadOf(proposal),
          activation: await awaitActivation(inspector, request, record.version, { now, sleep }),
        },
        200,
        undefined,
        {
          proposal: id,
          rule: record.id,
          ...(base.version === undefined ? {} : { before: base.version }),
          ...(record.author === undefined ? {} : { author: record.author }),
          ...(record.approvers === undefined ? {} : { approvers: record.approvers }),
        },
      )
    }
    case 'not-found':
      return noProposal(id)
    case 'not-theirs':
      return problem(
        403,
        'approval-not-theirs',
        'the author takes a proposal back, and others decide on it',
        {
          hint: 'somebody else approves or rejects it; the author withdraws it',
        },
      )
    case 'approved-already':
      return problem(409, 'approved-already', 'this caller has approved it already', {
        hint: 'somebody else must approve it as well',
      })
    case 'closed':
      return outcome.proposal.state === 'stale'
        ? problem(
            412,
            'proposal-stale',
            `the rule ${outcome.proposal.proposal.record.id} was changed meanwhile`,
            {
              hint: 'its author looks at what changed and sends it again',
            },
          )
        : problem(409, 'proposal-closed', `the proposal is ${outcome.proposal.state}`)
    case 'conflict':
      return problem(409, 'changed-meanwhile', 'others decide on the proposal at the same time')
    case 'invalid':
      return notReadable(outcome.problems)
    case 'busy':
      return busy()
    default:
      return outcome satisfies never
  }
}

async function detailsOf(stored: StoredProposal, services: Services): Promise<Record<string, unknown>> {
  const { record, base } = stored.proposal
  const before =
    base.version === undefined ? undefined : await services.catalogue.version(record.id, base.version)
  const current = stored.state === 'pending' ? await services.catalogue.get(record.id) : undefined
  const put = record.kind === 'put' ? record : undefined
  const effect =
    current === undefined
      ? {}
      : await effectOfChange(services, record.id, {
          before: current,
          after: put && { record: put, revision: 0 },
          mode: put?.partialMatches,
        })
  const written = put && writtenText(put)
  return {
    ...proposalHeadOf(stored),
    ...(written === undefined ? {} : { format: written.format, source: written.text }),
    diff: proposalDiffOf(before, record),
    ...effect,
  }
}

const noProposal = (id: string): Answer => problem(404, 'proposal-not-found', `there is no proposal ${id}`)
