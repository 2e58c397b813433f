import { RuleLifecycle, unifiedDiff, writtenText } from '../../catalogue/index.ts'
import { totalsByRule } from '../../telemetry/index.ts'
import { askAll } from '../inspector.ts'
import { type Answer, data, problem, route, type TextBody } from '../route.ts'
import { ref } from '../schemas/index.ts'
import type { Services } from '../services.ts'
import { PRECONDITIONS, REASON } from './preconditions.ts'
import { changeRule, noCandidate } from './rule-change.ts'
import { noRule } from './rule-view.ts'
import { CHANGE_QUERY, type ChangeQuery, PROPOSED, RULE_BODY, textOf } from './rule-writes.ts'
import { busy, ETAG, ID_PARAMS, notReadable, VERSION_PARAMS } from './rules.ts'

interface Id {
  readonly id: string
}

const SHARE = {
  type: 'number',
  minimum: 0,
  maximum: 100,
  description:
    'Percent of the keys that the candidate decides: its alerts are live there, and those of the version in force in shadow.',
} as const

const { partialMatches: _, ...STEP_PROPERTIES } = CHANGE_QUERY.properties
/** Of steps that leave the version in force as it is. */
const STEP_QUERY = { ...CHANGE_QUERY, properties: STEP_PROPERTIES } as const
type StepQuery = Omit<ChangeQuery, 'partialMatches'>

const REASON_BODY = {
  kind: 'json',
  schema: { type: 'object', additionalProperties: false, properties: { reason: REASON } },
} as const

const WRITTEN = {
  200: { description: 'Done, or so already.', headers: ETAG, schema: ref('RuleWritten') },
  ...PROPOSED,
} as const

export const RULE_LIFECYCLE_ROUTES = [
  route<Id, StepQuery & { share: number; reason?: string }, TextBody>({
    method: 'PUT',
    path: '/v1/rules/{id}/candidate',
    operation: 'putCandidate',
    tag: 'rules',
    access: 'write',
    scope: 'namespace',
    summary: 'Run a version beside the one in force',
    description:
      'It sees the same events, and its alerts go to shadow.alerts.…; with a share they are live for so many of the keys. Replaces the candidate that is there. If-Match is honoured, and not needed.',
    params: ID_PARAMS,
    query: {
      ...STEP_QUERY,
      properties: { ...STEP_PROPERTIES, share: { ...SHARE, default: 0 }, reason: REASON },
    },
    headers: PRECONDITIONS,
    body: RULE_BODY,
    responses: WRITTEN,
    problems: [404, 409, 412, 422],
    handle: (call, services) =>
      changeRule(call, services, { keepsInForce: true }, (id, expected, by) => {
        const candidate = { text: textOf(call.body), share: call.query.share }
        return lifecycleOf(services).putCandidate(id, candidate, expected, by)
      }),
  }),
  route<Id, unknown, unknown>({
    method: 'GET',
    path: '/v1/rules/{id}/candidate',
    operation: 'getCandidate',
    tag: 'rules',
    access: 'read',
    scope: 'namespace',
    summary: 'The candidate of a rule, what is different in it, and what both versions did',
    params: ID_PARAMS,
    responses: { 200: { description: 'As the workers have it now.', schema: ref('Candidate') } },
    problems: [404, 422],
    handle: async ({ params: { id } }, { catalogue, compiler, inspector }) => {
      const rule = await catalogue.get(id)
      if (rule === undefined) return noRule(id)
      const { candidate, source: text, format } = rule.record
      if (candidate === undefined) return noCandidate(id, 404)
      const beside = { text: candidate.source, format: candidate.format }
      const compared = await compiler.compare({ text, format }, beside)
      if (compared.kind === 'busy') return busy()
      if (compared.kind === 'refused') return notReadable(compared.problems)
      const { answers, unreachable } = await askAll(inspector, { kind: 'rule', rule: id })
      const readings = answers.flatMap(({ answer }) => (answer.reading === undefined ? [] : [answer.reading]))
      const { summary: __, ...head } = candidate
      const versions = totalsByRule(readings)[0]?.versions ?? []
      return data({ ...head, ...compared.value, versions, unreachable })
    },
  }),
  route<Id, StepQuery, { share: number; reason?: string }>({
    method: 'POST',
    path: '/v1/rules/{id}:share',
    operation: 'setCandidateShare',
    tag: 'rules',
    access: 'write',
    scope: 'namespace',
    summary: 'Let the candidate decide a share of the keys',
    description:
      'Which keys, their hash says: a larger share has all those of a smaller one. If-Match is honoured, and not needed.',
    params: ID_PARAMS,
    query: STEP_QUERY,
    headers: PRECONDITIONS,
    body: {
      kind: 'json',
      schema: {
        type: 'object',
        additionalProperties: false,
        required: ['share'],
        properties: { share: SHARE, reason: REASON },
      },
    },
    responses: WRITTEN,
    problems: [404, 409, 412, 422],
    handle: (call, services) =>
      changeRule(call, services, { keepsInForce: true, reason: call.body.reason }, (id, expected, by) =>
        lifecycleOf(services).setShare(id, call.body.share, expected, by),
      ),
  }),
  route<Id, ChangeQuery, { reason?: string }>({
    method: 'POST',
    path: '/v1/rules/{id}:promote',
    operation: 'promoteCandidate',
    tag: 'rules',
    access: 'write',
    scope: 'namespace',
    summary: 'Make the candidate the version in force',
    description:
      'It goes on with what it began and what it keeps back. partialMatches is about those of the version that it replaces. If-Match is honoured, and not needed.',
    params: ID_PARAMS,
    query: CHANGE_QUERY,
    headers: PRECONDITIONS,
    body: REASON_BODY,
    responses: WRITTEN,
    problems: [404, 409, 412, 422],
    handle: (call, services) =>
      changeRule(call, services, { reason: call.body.reason }, (id, expected, by) =>
        lifecycleOf(services).promote(id, expected, by),
      ),
  }),
  route<Id, ChangeQuery, { reason?: string }>({
    method: 'POST',
    path: '/v1/rules/{id}:rollback',
    operation: 'rollBackRule',
    tag: 'rules',
    access: 'write',
    scope: 'namespace',
    summary: 'Take the candidate away; or, after a promotion, put back the version before it',
    description: 'If-Match is honoured, and not needed.',
    params: ID_PARAMS,
    query: CHANGE_QUERY,
    headers: PRECONDITIONS,
    body: REASON_BODY,
    responses: WRITTEN,
    problems: [404, 409, 412, 422],
    handle: (call, services) =>
      changeRule(call, services, { reason: call.body.reason }, (id, expected, by) =>
        lifecycleOf(services).rollback(id, expected, by),
      ),
  }),
  route<Id & { version: number }, { against?: number }, unknown>({
    method: 'GET',
    path: '/v1/rules/{id}/versions/{version}/diff',
    operation: 'diffRuleVersions',
    tag: 'rules',
    access: 'read',
    scope: 'namespace',
    summary: 'What a version changed: a unified diff of the texts, and what kind of change it is',
    params: VERSION_PARAMS,
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        against: {
          type: 'integer',
          minimum: 1,
          maximum: 1_000_000_000,
          description: 'The other version; default: the one before.',
        },
      },
    },
    responses: { 200: { description: 'From the other version to this one.', schema: ref('VersionDiff') } },
    problems: [404],
    handle: async ({ params: { id, version }, query }, { catalogue, compiler }) => {
      const against = query.against ?? version - 1
      const [before, after] = await Promise.all([
        // Nothing is before the first version.
        against === 0 ? undefined : catalogue.version(id, against),
        catalogue.version(id, version),
      ])
      if (after === undefined) return noVersion(id, version)
      if (before === undefined && against > 0) return noVersion(id, against)
      // A version that removed the rule has no text.
      const old = before?.kind === 'put' ? writtenText(before) : undefined
      const now = after.kind === 'put' ? writtenText(after) : undefined
      const compared = old === undefined || now === undefined ? undefined : await compiler.compare(old, now)
      if (compared?.kind === 'busy') return busy()
      const diff = unifiedDiff(
        { name: `${id}@${against}`, text: old?.text ?? '' },
        { name: `${id}@${version}`, text: now?.text ?? '' },
      )
      return data({ id, version, against, diff, ...(compared?.kind === 'done' ? compared.value : {}) })
    },
  }),
]

const lifecycleOf = ({ catalogue, compiler }: Services): RuleLifecycle =>
  new RuleLifecycle({ catalogue, compiler })

const noVersion = (id: string, version: number): Answer =>
  problem(404, 'rule-not-found', `there is no version ${version} of the rule ${id}`)
