import type { RuleStatus } from '../../../engine/index.ts'
import type { RuleText } from '../../catalogue/index.ts'
import { notInNamespace } from '../namespaces.ts'
import { problemEntry } from '../problem.ts'
import { data, problem, route, type TextBody } from '../route.ts'
import { ref, STATUS_VALUES } from '../schemas/index.ts'
import {
  BREAK_GLASS,
  DRY_RUN,
  FORCE,
  MANAGED_BY,
  PARTIAL_MATCHES,
  PRECONDITIONS,
  REASON,
} from './preconditions.ts'
import { LOCATION } from './proposal-view.ts'
import { byOf, changeRule, managedElsewhere, notProposed, type WriteQuery } from './rule-change.ts'
import { splitRules } from './rule-texts.ts'
import { busy, ETAG, ID_PARAMS, notReadable } from './rules.ts'

export const RULE_BODY = {
  kind: 'text',
  types: {
    'application/yaml': { type: 'string', description: 'The rule as YAML; the text is kept as it is.' },
    'application/json': { type: 'object', description: 'The rule as JSON (schemas/rule.v1.schema.json).' },
  },
} as const

const RULES_BODY = {
  kind: 'text',
  types: {
    'application/yaml': { type: 'string', description: 'One or more YAML documents, one rule each.' },
    'application/json': {
      description: 'One rule, or an array of rules.',
      oneOf: [{ type: 'object' }, { type: 'array', items: { type: 'object' } }],
    },
  },
} as const

interface Id {
  readonly id: string
}

/** Of writes that say more in their body. */
export const CHANGE_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    dryRun: DRY_RUN,
    force: FORCE,
    breakGlass: BREAK_GLASS,
    managedBy: MANAGED_BY,
    partialMatches: PARTIAL_MATCHES,
  },
} as const

export type ChangeQuery = Omit<WriteQuery, 'reason'>

const WRITE_QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { ...CHANGE_QUERY.properties, reason: REASON },
} as const

/** Of every write that may have to wait for others. */
export const PROPOSED = {
  202: {
    description: 'Nothing changed yet: others must approve it.',
    headers: LOCATION,
    schema: ref('Proposed'),
  },
} as const

export const RULE_WRITE_ROUTES = [
  route<Id, WriteQuery, TextBody>({
    method: 'PUT',
    path: '/v1/rules/{id}',
    operation: 'putRule',
    tag: 'rules',
    access: 'write',
    scope: 'namespace',
    summary: 'Create a rule or write its next version',
    description:
      'A new rule needs no header. Changing one needs If-Match with its revision (the ETag), or force=true; otherwise 428. The text is stored when this answers; `activation` says whether the workers have it already.',
    params: ID_PARAMS,
    query: WRITE_QUERY,
    headers: PRECONDITIONS,
    body: RULE_BODY,
    responses: {
      200: { description: 'Changed, or the same already.', headers: ETAG, schema: ref('RuleWritten') },
      201: { description: 'Created.', headers: ETAG, schema: ref('RuleWritten') },
      ...PROPOSED,
    },
    problems: [409, 412, 422, 428],
    handle: (call, services) =>
      changeRule(call, services, { force: call.query.force }, (id, expected, by) =>
        services.catalogue.put(id, textOf(call.body), expected, by),
      ),
  }),
  route<Id, Omit<WriteQuery, 'partialMatches'>, unknown>({
    method: 'DELETE',
    path: '/v1/rules/{id}',
    operation: 'deleteRule',
    tag: 'rules',
    access: 'write',
    scope: 'namespace',
    summary: 'Remove a rule; its versions stay',
    params: ID_PARAMS,
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        dryRun: DRY_RUN,
        force: FORCE,
        breakGlass: BREAK_GLASS,
        reason: REASON,
        managedBy: MANAGED_BY,
      },
    },
    headers: PRECONDITIONS,
    responses: { 200: { description: 'Removed.', schema: ref('RuleRemoved') }, ...PROPOSED },
    problems: [404, 409, 412, 422, 428],
    handle: (call, services) =>
      changeRule(call, services, { force: call.query.force }, (id, expected, by) =>
        services.catalogue.remove(id, expected, by),
      ),
  }),
  route<Id, ChangeQuery, { status: RuleStatus; reason?: string }>({
    method: 'POST',
    path: '/v1/rules/{id}:status',
    operation: 'setRuleStatus',
    tag: 'rules',
    access: 'write',
    scope: 'namespace',
    summary: 'Start, shadow, promote or stop a rule',
    description: 'Writes the status into the text, as a new version. If-Match is honoured, and not needed.',
    params: ID_PARAMS,
    query: CHANGE_QUERY,
    headers: PRECONDITIONS,
    body: {
      kind: 'json',
      schema: {
        type: 'object',
        additionalProperties: false,
        required: ['status'],
        properties: { status: { enum: STATUS_VALUES }, reason: REASON },
      },
    },
    responses: {
      200: { description: 'Changed, or the same already.', headers: ETAG, schema: ref('RuleWritten') },
      ...PROPOSED,
    },
    problems: [404, 409, 412, 422],
    handle: (call, services) =>
      changeRule(call, services, { reason: call.body.reason }, (id, expected, by) =>
        services.catalogue.setStatus(id, call.body.status, expected, by),
      ),
  }),
  route<Id, ChangeQuery, { version: number; reason?: string }>({
    method: 'POST',
    path: '/v1/rules/{id}:restore',
    operation: 'restoreRule',
    tag: 'rules',
    access: 'write',
    scope: 'namespace',
    summary: 'Put back the text of an earlier version, as a new version',
    description: 'Also of a rule that was deleted. If-Match is honoured, and not needed.',
    params: ID_PARAMS,
    query: CHANGE_QUERY,
    headers: PRECONDITIONS,
    body: {
      kind: 'json',
      schema: {
        type: 'object',
        additionalProperties: false,
        required: ['version'],
        properties: {
          version: { type: 'integer', minimum: 1, description: 'Whose text comes back.' },
          reason: REASON,
        },
      },
    },
    responses: {
      200: { description: 'Changed, or the same already.', headers: ETAG, schema: ref('RuleWritten') },
      201: { description: 'A deleted rule is back.', headers: ETAG, schema: ref('RuleWritten') },
      ...PROPOSED,
    },
    problems: [404, 409, 412, 422],
    handle: (call, services) =>
      changeRule(call, services, { reason: call.body.reason }, (id, expected, by) =>
        services.catalogue.restore(id, call.body.version, expected, by),
      ),
  }),
  route<unknown, unknown, TextBody>({
    method: 'POST',
    path: '/v1/rules:validate',
    operation: 'validateRules',
    slow: true,
    tag: 'rules',
    access: 'read',
    scope: 'namespace',
    summary: 'Read and compile rules without storing them',
    description:
      'Answers 200 whatever it finds; `valid` says whether they could be stored, `errors` names every problem.',
    body: RULES_BODY,
    responses: { 200: { description: 'What was found.', schema: ref('Validation') } },
    handle: async ({ body }, { catalogue }) => {
      const split = splitRules(body)
      if (!split.ok) return data({ valid: false, rules: [], errors: split.problems.map(problemEntry) })
      const checked = await catalogue.check(split.value)
      if (checked.kind === 'busy') return busy()
      const rules =
        checked.kind === 'done'
          ? checked.value.map(({ id, status, summary }) => ({ id, status, ...summary }))
          : []
      return data({ valid: checked.kind === 'done', rules, errors: checked.problems.map(problemEntry) })
    },
  }),
  route<unknown, unknown, TextBody>({
    method: 'POST',
    path: '/v1/rules:test',
    operation: 'testRules',
    slow: true,
    tag: 'rules',
    access: 'read',
    scope: 'namespace',
    summary: 'Run the tests that stand in rule texts',
    body: RULES_BODY,
    responses: { 200: { description: 'How each test went.', schema: ref('TestReport') } },
    problems: [422],
    handle: async ({ body }, { compiler }) => {
      const split = splitRules(body)
      if (!split.ok) return notReadable(split.problems)
      const tests = []
      const warnings = []
      for (const text of split.value) {
        const tested = await compiler.test(text)
        if (tested.kind === 'busy') return busy()
        if (tested.kind === 'refused') return notReadable(tested.problems)
        tests.push(...tested.value)
        warnings.push(...tested.problems)
      }
      const passed = tests.filter((test) => test.passed).length
      return data({ passed, failed: tests.length - passed, tests, warnings: warnings.map(problemEntry) })
    },
  }),
  route<unknown, WriteQuery & { readonly prune: boolean }, TextBody>({
    method: 'POST',
    path: '/v1/rules:apply',
    operation: 'applyRules',
    slow: true,
    tag: 'rules',
    access: 'write',
    scope: 'namespace',
    summary: 'Store many rules at once',
    description:
      'All texts are checked before the first is stored; one that cannot be read stops all. Rules whose text did not change keep their version.',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        ...WRITE_QUERY.properties,
        prune: {
          type: 'boolean',
          default: false,
          description:
            'Remove the rules that are not among them (with managedBy: only those of the same place; without: only those of none).',
        },
      },
    },
    body: RULES_BODY,
    responses: {
      200: { description: 'What became of each.', schema: ref('Applied') },
      202: {
        description: 'What became of each; at least one did not change yet: others must approve it.',
        schema: ref('Applied'),
      },
    },
    problems: [409, 422],
    handle: async (call, { catalogue }) => {
      const split = splitRules(call.body)
      if (!split.ok) return notReadable(split.problems)
      const outcome = await catalogue.apply(split.value, {
        ...byOf(call, call.query),
        prune: call.query.prune,
      })
      switch (outcome.kind) {
        case 'busy':
          return busy()
        case 'invalid':
          return notReadable(outcome.problems)
        case 'forbidden':
          return notInNamespace(outcome.namespace)
        case 'managed-elsewhere':
          return managedElsewhere(outcome)
        case 'conflict':
          return problem(
            409,
            'rule-changed-meanwhile',
            `somebody else changed the rule ${outcome.id} meanwhile`,
            {
              hint: 'send the rules again: those that are stored already keep their version',
            },
          )
        case 'proposals-too-many':
        case 'break-glass-refused':
          return notProposed(outcome)
        case 'applied':
          return data(
            {
              dryRun: call.query.dryRun,
              rules: outcome.rules,
              warnings: outcome.problems.map(problemEntry),
            },
            outcome.rules.some(({ change }) => change === 'proposed') ? 202 : 200,
          )
        default:
          return outcome satisfies never
      }
    },
  }),
]

export const textOf = ({ text, type }: TextBody): RuleText => ({
  text,
  format: type === 'application/json' ? 'json' : 'yaml',
})
