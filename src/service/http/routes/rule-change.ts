import { setTimeout as sleep } from 'node:timers/promises'
import type { PartialMatchesMode } from '../../../engine/index.ts'
import {
  type Expectation,
  type LifecycleOutcome,
  type ManagedElsewhere,
  PENDING_PROPOSALS_MAX,
  type StoredRule,
  type WriteBy,
  type WriteOutcome,
} from '../../catalogue/index.ts'
import { effectOfChange } from '../change-effect.ts'
import { mayIn } from '../grants.ts'
import { awaitActivation } from '../inspector.ts'
import { notInNamespace } from '../namespaces.ts'
import { problemEntry } from '../problem.ts'
import { type Answer, type Call, data, problem } from '../route.ts'
import type { Services } from '../services.ts'
import { badPrecondition, expectationOf } from './preconditions.ts'
import { locationOf, proposalHeadOf } from './proposal-view.ts'
import { etagOf, noRule, ruleOf } from './rule-view.ts'
import { busy, notReadable } from './rules.ts'

export interface WriteQuery {
  readonly dryRun: boolean
  readonly force: boolean
  readonly breakGlass: boolean
  readonly reason?: string
  readonly managedBy?: string
  readonly partialMatches?: PartialMatchesMode
}

interface ChangeOptions {
  /** Whatever is there, where a write says no revision; of those that need one. */
  readonly force?: boolean
  /** Where it stands in the body. */
  readonly reason?: string | undefined
  /** Partial matches of the version in force go on as they are. */
  readonly keepsInForce?: boolean
}

/** What is the same around all writes of one rule: what the caller expects and who it is, what a dry run shows, and the answer. */
export async function changeRule(
  call: Call<{ readonly id: string }, Partial<WriteQuery>, unknown>,
  services: Services,
  { force = false, reason = call.query.reason, keepsInForce = false }: ChangeOptions,
  write: (id: string, expected: Expectation, by: WriteBy) => Promise<LifecycleOutcome>,
): Promise<Answer> {
  const expected = expectationOf(call, force)
  if (expected === undefined) return badPrecondition()
  const { id } = call.params
  const by = byOf(call, { ...call.query, reason })
  const before = call.query.dryRun && !keepsInForce ? await services.catalogue.get(id) : undefined
  return answerOf(await write(id, expected, by), services, by, id, before)
}

/** Who writes, and how. */
export const byOf = (
  call: Call<unknown, unknown, unknown>,
  query: Partial<Omit<WriteQuery, 'reason'>> & { readonly reason?: string | undefined },
): WriteBy => ({
  dryRun: query.dryRun === true,
  force: query.force === true,
  mayWrite: (namespace) => mayIn(call.caller.grants, 'write', namespace),
  ...(query.breakGlass
    ? { mayBreakGlass: (namespace) => mayIn(call.caller.grants, 'operate', namespace) }
    : {}),
  ...(call.caller.id === undefined ? {} : { author: call.caller.id }),
  ...(query.reason === undefined ? {} : { reason: query.reason }),
  ...(query.managedBy === undefined ? {} : { managedBy: query.managedBy }),
  ...(query.partialMatches === undefined ? {} : { partialMatches: query.partialMatches }),
})

async function answerOf(
  outcome: LifecycleOutcome,
  services: Services,
  by: WriteBy,
  id: string,
  before?: StoredRule,
): Promise<Answer> {
  const dryRun = by.dryRun === true
  /** What would become of the partial matches. */
  const effect = async (after: StoredRule | undefined) =>
    dryRun && before !== undefined
      ? effectOfChange(services, id, { before, after, mode: by.partialMatches })
      : {}
  const activation = async (version: number) =>
    dryRun
      ? {}
      : {
          activation: await awaitActivation(services.inspector, { kind: 'rule', rule: id }, version, {
            now: services.now,
            sleep,
          }),
        }
  switch (outcome.kind) {
    case 'stored': {
      const { rule, change } = outcome
      const body = {
        ...ruleOf(rule),
        change,
        dryRun,
        ...(await activation(rule.record.version)),
        ...(await effect(rule)),
        ...needed(outcome),
        warnings: outcome.problems.map(problemEntry),
      }
      const audit = rule.record.breakGlass === undefined ? {} : { breakGlass: true as const }
      return data(body, change === 'created' && !dryRun ? 201 : 200, etagOf(rule), audit)
    }
    case 'removed': {
      const broken = outcome.breakGlass === undefined ? {} : { breakGlass: true as const }
      const body = {
        id,
        version: outcome.version,
        dryRun,
        ...(await activation(outcome.version)),
        ...(await effect(undefined)),
        ...needed(outcome),
        ...broken,
      }
      return data(body, 200, undefined, broken)
    }
    case 'proposed':
      return data(
        {
          ...proposalHeadOf(outcome.proposal),
          warnings: (outcome.problems ?? []).map(problemEntry),
        },
        202,
        locationOf(outcome.proposal),
        { proposal: outcome.proposal.proposal.id },
      )
    case 'proposals-too-many':
    case 'break-glass-refused':
      return notProposed(outcome)
    case 'invalid':
      return notReadable(outcome.problems)
    case 'conflict':
      return problem(
        412,
        'rule-changed-meanwhile',
        outcome.current === undefined
          ? `there is no rule ${id} any more`
          : `the rule ${id} is at revision ${outcome.current.revision}`,
        {
          hint: 'look at what changed, then send it again with the new revision',
          ...(outcome.current === undefined
            ? {}
            : { more: { current: ruleOf(outcome.current) }, headers: etagOf(outcome.current) }),
        },
      )
    case 'forbidden':
      return notInNamespace(outcome.namespace)
    case 'managed-elsewhere':
      return managedElsewhere(outcome)
    case 'expectation-needed':
      return problem(428, 'precondition-needed', `there is a rule ${id} already`, {
        hint: `send If-Match: "${outcome.current.revision}" to change it, or force=true`,
        headers: etagOf(outcome.current),
      })
    case 'not-found':
      return noRule(id)
    case 'no-candidate':
      return noCandidate(id, 409)
    case 'not-running':
      return problem(409, 'rule-not-running', `the rule ${id} is ${outcome.status}`, {
        hint: 'a candidate runs beside a version that is live or in shadow',
      })
    case 'nothing-before':
      return problem(
        409,
        'nothing-to-roll-back',
        `the rule ${id} has no candidate, and no promotion to take back`,
        {
          hint: `GET /v1/rules/${id}/versions lists the versions (sequitur get versions ${id}), POST /v1/rules/${id}:restore puts back any`,
        },
      )
    case 'busy':
      return busy()
    default:
      return outcome satisfies never
  }
}

const needed = ({ approvalsNeeded }: { readonly approvalsNeeded?: number }) =>
  approvalsNeeded === undefined ? {} : { approvalsNeeded }

export function notProposed(
  outcome: Extract<WriteOutcome, { kind: 'proposals-too-many' | 'break-glass-refused' }>,
): Answer {
  if (outcome.kind === 'proposals-too-many')
    return problem(409, 'proposals-too-many', `${PENDING_PROPOSALS_MAX} proposals wait to be approved`, {
      hint: 'decide on some of them: GET /v1/proposals?state=pending',
    })
  switch (outcome.why) {
    case 'off':
      return problem(403, 'break-glass-not-allowed', 'nobody may do without approval here', {
        hint: 'send it without breakGlass, and have it approved; or set approvals.breakGlass',
      })
    case 'role':
      return problem(403, 'break-glass-not-allowed', 'only an operator may do without approval', {
        hint: 'send it without breakGlass, and have it approved',
      })
    case 'reason':
      return problem(422, 'break-glass-needs-reason', 'doing without approval needs a reason', {
        hint: 'say why, with reason',
      })
    default:
      return outcome.why satisfies never
  }
}

/** The rule is kept elsewhere: what is written here would be undone there. */
export const managedElsewhere = ({ id, managedBy }: ManagedElsewhere): Answer =>
  problem(409, 'rule-managed-elsewhere', `the rule ${id} is managed by ${managedBy}`, {
    hint: `change it there; or name that place with managedBy=${managedBy.replace(/@[^@]*$/, '')}@…, or force=true`,
    more: { managedBy },
  })

export const noCandidate = (id: string, status: 404 | 409): Answer =>
  problem(status, 'candidate-missing', `the rule ${id} has no candidate`, {
    hint: `PUT /v1/rules/${id}/candidate (sequitur candidate set FILE) runs a version beside the one in force`,
  })
